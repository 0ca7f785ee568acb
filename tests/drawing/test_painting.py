"""What a poster is drawn with: fields, shapes, the canvas."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poster_analysis.drawing.painting import (
    HEIGHT,
    WIDTH,
    Canvas,
    box,
    clouds,
    coverage,
    curve,
    disc,
    downwards,
    glow,
    gradient,
    grain,
    halftone,
    jpeg,
    placed,
    printed,
    sheet,
    stroke,
    vignette,
)


def test_a_gradient_reaches_both_of_its_ends():
    for angle in (0, 90, -40):
        field = gradient([(0, "black"), (1, "#ff8040")], angle=angle)
        assert field.shape == (HEIGHT, WIDTH, 3)
        assert field.min() == pytest.approx(0, abs=1)
        assert field.reshape(-1, 3).max(axis=0) == pytest.approx((255, 128, 64), abs=1)


def test_fields_stay_between_0_and_1():
    rng = np.random.default_rng(0)
    for field in (
        clouds(rng),
        glow((10, 400), 50, power=80),
        downwards(100, 20),
        halftone(clouds(rng)),
    ):
        assert field.shape == (HEIGHT, WIDTH)
        assert field.min() >= 0
        assert field.max() <= 1


def test_coverage_is_the_area_of_a_shape():
    assert coverage(box(20, 30, 120, 80)).sum() == pytest.approx(100 * 50, rel=0.02)
    assert coverage(disc((150, 200), 60)).sum() == pytest.approx(np.pi * 60**2, rel=0.02)
    overlapping = coverage(box(20, 30, 120, 80), box(70, 30, 120, 80)).sum()
    assert overlapping == pytest.approx(100 * 50, rel=0.02)


def test_a_curve_passes_through_its_points_and_keeps_its_corners():
    points = [(0, 0), (100, 10), (120, 90), (10, 80)]
    outline = curve(points)
    for point in points:
        assert np.hypot(*(outline - point).T).min() < 1e-9
    cornered = curve("0 0!, 100 0!, 100 100!, 0 100!")
    assert cornered.min() >= -1e-9
    assert cornered.max() <= 100 + 1e-9


def test_a_stroke_is_as_wide_as_it_was_told():
    line = coverage(stroke([(50, 200), (250, 200)], 20))
    assert line[:, 150].sum() == pytest.approx(20, abs=1.5)
    assert line[200].sum() == pytest.approx(220, abs=3)


@given(st.floats(0, 360), st.floats(5, 100), st.booleans())
@settings(max_examples=20, deadline=None)
def test_placing_keeps_proportions(turn, size, mirror):
    part = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 2.0)])
    (there,) = placed([part], (40, 50), size, turn=turn, mirror=mirror)
    assert there[0] == pytest.approx((40, 50))
    assert np.hypot(*(there[2] - there[1])) == pytest.approx(2 * size)


def test_what_lies_outside_the_sheet_is_cut_off():
    canvas = Canvas("white")
    canvas.disc((-200, -200), 50, fill="red", opacity=0.5)
    canvas.disc((WIDTH + 300, HEIGHT + 300), 50, fill="red")
    assert (canvas.picture() == 255).all()
    canvas.disc((0, 0), 50, fill="black", opacity=0.5)
    assert canvas.picture()[:20, :20].mean() == pytest.approx(127.5, abs=1)


def test_opacity_is_the_share_of_the_colour():
    canvas = Canvas("black")
    canvas.shape(box(0, 0, WIDTH, HEIGHT), fill="white", opacity=0.25)
    assert canvas.picture().mean() == pytest.approx(255 / 4, abs=1)
    canvas.veil(np.full((HEIGHT, WIDTH), 0.5), gradient([(0, "white"), (1, "white")]))
    assert canvas.picture().mean() == pytest.approx(255 * 5 / 8, abs=1.5)


def test_the_wear_of_print_keeps_the_picture():
    flat = gradient([(0, "#808080"), (1, "#808080")])
    worn = grain(flat, np.random.default_rng(0), amount=8)
    assert worn.mean() == pytest.approx(128, abs=0.5)
    assert worn.std() == pytest.approx(8, rel=0.1)
    dark = vignette(flat, amount=0.5)
    assert dark[0, 0, 0] == pytest.approx(64, abs=1)
    assert dark[HEIGHT // 2, WIDTH // 2, 0] == pytest.approx(128, abs=1)


def test_halftone_keeps_the_tone():
    for tone in (0.2, 0.5, 0.8):
        field = halftone(np.full((HEIGHT, WIDTH), tone), cell=8)
        assert field.mean() == pytest.approx(tone, abs=0.12)


def test_a_sheet_has_room_for_all():
    images = [printed(gradient([(0, "red"), (1, "blue")]))] * 5
    page = sheet(images, columns=3, width=50)
    assert page.size == (3 * 54 - 4, 2 * 78 - 4)
    assert jpeg(page, quality=40)[:2] == b"\xff\xd8"

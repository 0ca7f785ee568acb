"""Every measure against a computation of its own, by the formula and with nothing of the package but its pixels."""

import cmath
import math
import warnings

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from poster_analysis.core.errors import InputError
from poster_analysis.extraction.colour import lab_from_rgb
from poster_analysis.measures.names import MEASURES, measures_table
from poster_analysis.measures.pixels import N_PIXELS, pixels
from poster_analysis.measures.poster import STEADY_WITHIN, measure_poster, measure_with_palette


def scene(seed, size=(120, 180)):
    """A picture with a ground, blocks, lines and some noise."""
    rng = np.random.default_rng(seed)
    image = np.empty((*size[::-1], 3))
    image[:] = rng.integers(0, 256, 3)
    for _ in range(12):
        x, y = rng.integers(0, size[0] - 20), rng.integers(0, size[1] - 20)
        image[y : y + rng.integers(5, 90), x : x + rng.integers(5, 60)] = rng.integers(0, 256, 3)
    image += rng.normal(0, 4, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module", params=range(4))
def poster(request):
    """A picture, its pixels, CIELAB by formulas that are written out elsewhere, and what is measured."""
    image = scene(request.param)
    seen = pixels(image)
    return seen, lab_from_rgb(seen.rgb), measure_poster(image)


def test_light(poster):
    _, lab, found = poster
    values = sorted(lab[..., 0].ravel().tolist())
    n = len(values)
    mean = math.fsum(values) / n
    assert found["lightness"] == pytest.approx(mean, abs=0.01)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / n)
    assert found["lightness_spread"] == pytest.approx(spread, abs=0.01)
    low, high = (values[round(share * (n - 1))] for share in (0.05, 0.95))
    assert found["contrast"] == pytest.approx(high - low, abs=0.05)
    for name, count in (
        ("near_black", sum(v <= 10 for v in values)),
        ("near_white", sum(v >= 90 for v in values)),
    ):
        assert found[name] == pytest.approx(count / n, abs=2e-3)
    counts = [0] * 32
    for value in values:
        counts[min(31, int(value / 100 * 32))] += 1
    entropy = -sum(count / n * math.log2(count / n) for count in counts if count)
    assert found["entropy"] == pytest.approx(entropy, abs=0.01)


def test_colours(poster):
    _, lab, found = poster
    a, b = lab[..., 1].ravel().tolist(), lab[..., 2].ravel().tolist()
    polar = [(math.hypot(x, y), math.atan2(y, x)) for x, y in zip(a, b, strict=True)]
    n = len(polar)
    assert found["chroma"] == pytest.approx(sum(c for c, _ in polar) / n, abs=0.01)
    warmth = [c * math.cos(h - math.radians(50)) for c, h in polar]
    assert found["warm"] == pytest.approx(sum(w >= 10 for w in warmth) / n, abs=2e-3)
    assert found["cool"] == pytest.approx(sum(w <= -10 for w in warmth) / n, abs=2e-3)
    arrows = [cmath.rect(c, h) for c, h in polar if c >= 5]
    total, length = sum(arrows), sum(map(abs, arrows))
    turn = (found["hue"] - math.degrees(cmath.phase(total)) + 180) % 360 - 180
    assert turn == pytest.approx(0, abs=0.2)
    assert found["hue_concentration"] == pytest.approx(abs(total) / length, abs=2e-3)


def test_colourfulness_is_that_of_hasler_and_suesstrunk(poster):
    seen, _, found = poster
    red, green, blue = (seen.rgb[..., place].astype(int).ravel().tolist() for place in range(3))
    rg = [r - g for r, g in zip(red, green, strict=True)]
    yb = [(r + g) / 2 - b for r, g, b in zip(red, green, blue, strict=True)]

    def moments(values):
        mean = math.fsum(values) / len(values)
        return mean, math.fsum((value - mean) ** 2 for value in values) / len(values)

    (m1, v1), (m2, v2) = moments(rg), moments(yb)
    wanted = math.sqrt(v1 + v2) + 0.3 * math.sqrt(m1**2 + m2**2)
    assert found["colourfulness"] == pytest.approx(wanted, rel=1e-6)


SMOOTH, DIFFERENCE = np.array([1, 2, 1]) / 4, np.array([-1, 0, 1])


def gradients(lightness):
    """Sobel's gradients down and across, from their kernels."""
    down, across = np.outer(DIFFERENCE, SMOOTH), np.outer(SMOOTH, DIFFERENCE)
    return ndimage.correlate(lightness, down), ndimage.correlate(lightness, across)


def test_edges_and_sharpness(poster):
    _, lab, found = poster
    lightness = lab[..., 0]
    down, across = gradients(lightness)
    edges = np.sqrt((down**2 + across**2) / 2) >= 10
    assert found["edge_density"] == pytest.approx(edges.mean(), abs=2e-3)
    blurs = []
    for axis in (0, 1):  # Crété-Roffet et al.: how little a picture changes when it is blurred
        blurred = ndimage.correlate1d(lightness, np.full(11, 1 / 11), axis=axis)
        sharp, soft = (np.abs(gradients(one)[axis])[2:-1, 2:-1] for one in (lightness, blurred))
        blurs.append(1 - np.maximum(0, sharp - soft).sum() / sharp.sum())
    assert found["sharpness"] == pytest.approx(1 - max(blurs), abs=2e-3)


def test_symmetry(poster):
    _, lab, found = poster
    lightness = lab[..., 0]
    for name, other in (
        ("symmetry_left_right", lightness[:, ::-1]),
        ("symmetry_top_bottom", lightness[::-1]),
    ):
        assert found[name] == pytest.approx(
            np.corrcoef(lightness.ravel(), other.ravel())[0, 1], abs=1e-3
        )


def plain_depth(lines):
    """How many lines have the colour of the first one, each pixel compared by itself."""
    colour = np.median(lines[0], axis=0)
    for n, line in enumerate(lines):
        if sum(math.dist(pixel, colour) <= 10 for pixel in line) < 0.98 * len(line):
            return n
    return len(lines)


def framed(depths, size=(96, 144)):
    """Noise with a frame of one colour for each side: top, bottom, left, right."""
    width, height = size
    image = np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)
    top, bottom, left, right = depths
    image[:, :left], image[:, width - right :] = (10, 90, 160), (10, 90, 160)
    image[:top], image[height - bottom :] = (200, 30, 40), (250, 250, 250)
    return image


@pytest.mark.parametrize("depths", [(0, 0, 0, 0), (12, 0, 0, 0), (10, 20, 0, 0), (5, 5, 8, 8)])
def test_border_and_margin(depths):
    image = framed(depths)
    lab, found = lab_from_rgb(image), measure_poster(image)
    turned = lab.swapaxes(0, 1)
    top, bottom, left, right = map(plain_depth, (lab, lab[::-1], turned, turned[::-1]))
    assert (top, bottom) == depths[:2]
    inside = max(0, 144 - top - bottom) * max(0, 96 - left - right)
    assert found["margin"] == pytest.approx(1 - inside / (144 * 96))
    strip = [
        tuple(lab[y, x])
        for y in range(144)
        for x in range(96)
        if not (3 <= y < 141 and 3 <= x < 93)
    ]
    middle = np.median(strip, axis=0)
    assert found["border"] == pytest.approx(
        np.mean([math.dist(one, middle) <= 10 for one in strip])
    )


def test_every_measure_is_listed_and_within_its_range(poster):
    found = poster[2]
    assert list(found) == list(MEASURES) == measures_table()["name"].tolist()
    assert set(STEADY_WITHIN) == set(MEASURES)
    for name, value in found.items():
        low, high = MEASURES[name].range
        assert low <= value <= high, name


def test_what_a_measure_grows_with():
    """More of what its words say is more of it."""
    image = scene(0).astype(float)
    base = measure_poster(scene(0))

    def changed(new):
        return measure_poster(np.clip(new, 0, 255).astype(np.uint8))

    grey = image.mean(axis=2, keepdims=True)
    assert changed(image + 40)["lightness"] > base["lightness"]
    assert changed(grey + 0.4 * (image - grey))["chroma"] < base["chroma"]
    assert changed(grey + 0.4 * (image - grey))["colourfulness"] < base["colourfulness"]
    assert changed(128 + 0.3 * (image - 128))["contrast"] < base["contrast"]
    assert changed(image + np.array([40, 0, -60]))["warm"] > base["warm"]
    blurred = ndimage.gaussian_filter(image, (4, 4, 0))
    assert changed(blurred)["sharpness"] < base["sharpness"]
    assert changed(blurred)["edge_density"] < base["edge_density"]
    both = np.concatenate([image, image[:, ::-1]], axis=1)
    assert changed(both)["symmetry_left_right"] > 0.99


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (2, 2), (7, 3000), (3000, 7)])
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 30), (90, 90, 90)])
def test_pictures_of_one_colour(size, colour):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, palette = measure_with_palette(np.full((*size, 3), colour, np.uint8))
    undefined = {"symmetry_left_right", "symmetry_top_bottom", "sharpness"}
    if len(set(colour)) == 1:
        undefined |= {"hue", "hue_concentration"}
    assert {name for name, value in found.items() if math.isnan(value)} == undefined
    assert (
        found["margin"] == found["border"] == 1 and found["entropy"] == found["edge_density"] == 0
    )
    assert found["aspect_ratio"] == size[1] / size[0]
    assert len(palette) == 1 and palette["share"][0] == 1


def test_greys_have_no_hue_and_nothing_else_is_missing():
    image = np.random.default_rng(3).integers(0, 256, (60, 40, 1), dtype=np.uint8).repeat(3, axis=2)
    found = measure_poster(image)
    assert {name for name, value in found.items() if math.isnan(value)} == {
        "hue",
        "hue_concentration",
    }
    assert found["chroma"] < 0.01 and found["warm"] == found["cool"] == 0


def test_a_huge_picture_is_measured_as_a_small_one():
    small = scene(1, size=(480, 720))
    large = Image.fromarray(small).resize((2400, 3600), Image.Resampling.NEAREST)
    seen = pixels(large)
    assert seen.rgb.shape[0] * seen.rgb.shape[1] == N_PIXELS and seen.size == (2400, 3600)
    found, wanted = measure_poster(large), measure_poster(small)
    for name, value in found.items():
        assert value == pytest.approx(wanted[name], abs=STEADY_WITHIN[name]), name


def test_what_is_no_picture_is_refused():
    for wrong in (
        np.zeros((3, 3), np.uint8),
        np.zeros((3, 3, 3)),
        np.zeros((0, 3, 3), np.uint8),
        Image.new("L", (3, 3)),
    ):
        with pytest.raises(InputError, match="needed"):
            measure_poster(wrong)

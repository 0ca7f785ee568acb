"""Palettes of planted colours, and against k-means from many other starts."""

import numpy as np
import pytest
from sklearn.cluster import KMeans

from poster_analysis.measures.palettes import N_COLOURS, hex_colours, palette
from poster_analysis.measures.pixels import pixels

PLANTED = [(20, 20, 30), (230, 220, 200), (200, 30, 30), (30, 90, 160), (240, 200, 40)]
SHARES = [0.5, 0.25, 0.125, 0.09375, 0.03125]  # of 144 rows


def planted(n_colours=5):
    """A picture of the size at which it is measured, in stripes of planted colours."""
    image = np.empty((144, 96, 3), np.uint8)
    row = 0
    for colour, share in zip(PLANTED, SHARES, strict=True):
        image[row : row + round(144 * share)] = PLANTED[min(PLANTED.index(colour), n_colours - 1)]
        row += round(144 * share)
    image[row:] = PLANTED[0]
    return image


@pytest.mark.parametrize("n_colours", [1, 2, 3, 5])
def test_planted_colours_come_back_with_their_shares(n_colours):
    image = planted(n_colours)
    found = palette(pixels(image))
    wanted = [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in PLANTED[:n_colours]]
    assert sorted(found["colour"]) == sorted(wanted)
    counts = {}
    for colour in PLANTED[:n_colours]:
        counts["#{:02x}{:02x}{:02x}".format(*colour)] = (image == colour).all(axis=2).mean()
    shares = dict(zip(found["colour"], found["share"], strict=True))
    assert shares == pytest.approx(counts)
    assert found["share"].is_monotonic_decreasing and found["rank"].tolist() == list(
        range(1, n_colours + 1)
    )


def test_a_small_accent_is_kept():
    image = np.random.default_rng(0).integers(0, 60, (144, 96, 1), dtype=np.uint8).repeat(3, axis=2)
    image[60:70, 40:60] = (220, 20, 30)  # a title of 1.4 % of the area
    found = palette(pixels(image))
    assert (found["a"] > 50).sum() == 1


@pytest.mark.parametrize("seed", range(3))
def test_no_other_start_finds_much_better_colours(seed):
    rng = np.random.default_rng(seed)
    image = np.clip(rng.normal(rng.integers(0, 256, (6, 1, 3)), 25, (6, 2304, 3)), 0, 255)
    seen = pixels(image.astype(np.uint8).reshape(144, 96, 3))
    found = palette(seen)[["L", "a", "b"]].to_numpy()
    code = (seen.rgb >> 4).reshape(-1, 3).astype(int) @ [256, 16, 1]
    lab = seen.lab.reshape(-1, 3).astype(float)
    cells = np.array([lab[code == one].mean(axis=0) for one in np.unique(code)])
    weight = np.sqrt([np.sum(code == one) for one in np.unique(code)])

    def error(centres):
        return (weight * ((cells[:, None] - centres) ** 2).sum(axis=2).min(axis=1)).sum()

    best = KMeans(N_COLOURS, n_init=20, random_state=0).fit(cells, sample_weight=weight)
    assert error(found) < 1.25 * error(best.cluster_centers_)


def test_the_same_picture_has_the_same_palette_and_turning_it_changes_nothing():
    image = planted()
    assert palette(pixels(image)).equals(palette(pixels(image)))
    np.testing.assert_allclose(
        palette(pixels(image[::-1]))["share"], palette(pixels(image))["share"]
    )


def test_colours_outside_of_srgb_become_the_nearest_inside():
    assert hex_colours(np.array([[120, 0, 0], [-5, 0, 0]])) == ["#ffffff", "#000000"]

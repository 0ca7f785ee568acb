"""The colour layout: against its definition, one pixel at a time, and its properties."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poster_analysis.core.errors import InputError
from poster_analysis.extraction.colour import CENTRES, GRID, colour_layout, lab_from_rgb


def noise(n=1, height=12, width=8, seed=0):
    shape = (n, height, width, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def one_cell_by_definition(pixels):
    """The shares of one cell, summed bin by bin as the formula says."""
    shares = []
    for centre in product(*CENTRES):
        total = 0.0
        for lab in lab_from_rgb(pixels.reshape(-1, 3)):
            weight = 1.0
            for value, c, axis in zip(lab, centre, CENTRES, strict=True):
                value = min(max(value, axis[0]), axis[-1])
                weight *= max(0.0, 1 - abs(value - c) / (axis[1] - axis[0]))
            total += weight
        shares.append(total / (pixels.size / 3))
    return np.array(shares)


def test_each_cell_is_what_the_definition_says():
    image = noise()
    layout = colour_layout(image)
    for row, column in ((0, 0), (3, 2), (5, 3)):
        pixels = image[0, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        np.testing.assert_allclose(
            layout[0, row, column] ** 2, one_cell_by_definition(pixels), atol=1e-6
        )


@pytest.mark.parametrize("gray", [0, 1, 90, 254, 255])
def test_grays_have_no_hue(gray):
    lightness, a, b = lab_from_rgb(np.uint8([gray] * 3))
    assert abs(a) < 1e-9 and abs(b) < 1e-9 and -1e-9 <= lightness <= 100 + 1e-9


def test_lightness_grows_with_gray():
    grays = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    assert (np.diff(lab_from_rgb(grays)[:, 0]) > 0).all()


@settings(max_examples=30, deadline=None)
@given(
    height=st.integers(6, 30),
    width=st.integers(4, 30),
    n=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_values_are_shares_whatever_the_size(height, width, n, seed):
    layout = colour_layout(noise(n, height, width, seed))
    assert layout.shape == (n, *GRID, 125) and layout.dtype == np.float32
    assert (layout >= 0).all() and (layout <= 1).all()
    np.testing.assert_allclose((layout.astype(float) ** 2).sum(axis=-1), 1, rtol=1e-5)


def test_an_image_does_not_depend_on_its_neighbours():
    images = noise(5)
    together = colour_layout(images)
    for n in range(5):
        assert colour_layout(images[n : n + 1]).tobytes() == together[n : n + 1].tobytes()


def test_turning_the_image_turns_the_grid():
    images = noise(2)
    by_column = colour_layout(np.ascontiguousarray(images[:, ::-1, ::-1]))
    np.testing.assert_allclose(by_column, colour_layout(images)[:, ::-1, ::-1], atol=1e-6)


def test_the_place_of_a_pixel_within_its_cell_does_not_matter():
    image = noise()
    swapped = image.copy()
    swapped[0, 0, 0], swapped[0, 1, 1] = image[0, 1, 1], image[0, 0, 0]
    np.testing.assert_allclose(colour_layout(swapped), colour_layout(image), atol=1e-6)
    swapped[0, 0, 0], swapped[0, 11, 7] = image[0, 11, 7], image[0, 0, 0]
    assert not np.allclose(colour_layout(swapped), colour_layout(image), atol=1e-3)


@settings(max_examples=50, deadline=None)
@given(rgb=st.tuples(*[st.integers(0, 254)] * 3))
def test_a_step_of_one_code_is_a_small_step(rgb):
    """A histogram with edges would jump here."""
    near = np.uint8(rgb) + np.uint8([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    pages = np.broadcast_to(near[:, None, None], (4, 1, 1, 3))
    shares = colour_layout(pages, grid=(1, 1)).reshape(4, -1).astype(float) ** 2
    assert np.abs(shares[1:] - shares[0]).max() < 0.08


@pytest.mark.parametrize("grid", [(0, 4), (13, 4), (6, 9)])
def test_a_grid_that_does_not_fit_is_refused(grid):
    with pytest.raises(InputError, match="does not fit"):
        colour_layout(noise(), grid=grid)

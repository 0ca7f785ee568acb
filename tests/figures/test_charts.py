"""Parts of charts: names that make room for each other, ticks, words for numbers of clusters."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from tables_to_draw import assert_tidy

from poster_analysis.core.errors import InputError
from poster_analysis.figures.charts import (
    LineEnd,
    chart,
    mark_k,
    name_ends,
    null_bands,
    numbers_text,
    one_space,
    plain_numbers,
    reach_zero,
    spread,
    tried,
    whole_ticks,
)
from poster_analysis.figures.page import styled

THINGS = st.lists(st.tuples(st.floats(-50, 150), st.floats(1, 9)), min_size=1, max_size=9)


def assert_apart(moved, sizes):
    order = np.argsort(moved, kind="stable")
    gaps = np.diff(moved[order]) - (sizes[order][1:] + sizes[order][:-1]) / 2
    assert (gaps > -1e-9).all()


@given(THINGS)
def test_things_are_spread_without_overlaps_within_limits(things):
    places, sizes = np.array(things).T
    moved = spread(places, sizes, low=0, high=100)
    assert_apart(moved, sizes)
    assert (moved - sizes / 2).min() > -1e-9 and (moved + sizes / 2).max() < 100 + 1e-9
    order = np.argsort(places, kind="stable")
    assert (np.diff(moved[order]) > 0).all()


@given(THINGS)
def test_what_does_not_touch_stays(things):
    sizes = np.array([size for _, size in things])
    places = 5 + 10 * np.arange(len(things), dtype=float)
    assert spread(places, sizes, low=0, high=100).tolist() == pytest.approx(places)


@given(st.lists(st.floats(0, 30), min_size=2, max_size=4))
def test_no_other_way_moves_things_less(places):
    places = np.sort(places)
    moved = spread(places, [6] * len(places), low=0, high=30)
    apart = {"type": "ineq", "fun": lambda q: np.diff(q) - 6}
    best = minimize(
        lambda q: ((q - places) ** 2).sum(), 3 + 6.0 * np.arange(len(places)), method="SLSQP",
        bounds=[(3, 27)] * len(places), constraints=[apart], options={"ftol": 1e-12},
    )  # fmt: skip
    np.testing.assert_allclose(moved, best.x, atol=1e-3)


def test_too_many_things_stick_out_evenly():
    assert spread([1, 2, 3], [10, 10, 10], low=0, high=20).tolist() == [0, 10, 20]


@styled
def named_lines(heights, names):
    page, (axes,) = chart("Names", x_label="x", y_labels=["y"], right=1.75)
    axes.plot([0, 1], [heights, heights])
    name_ends(axes, [LineEnd(1, y, name, "black") for y, name in zip(heights, names, strict=True)])
    return page


@settings(max_examples=40)
@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4))
def test_names_of_close_lines_do_not_touch(heights):
    assert_tidy(named_lines(heights, ["one", "two\nlines", "three", "four\nlines"]))


@given(st.integers(1, 400), st.integers(0, 500), st.integers(2, 30))
def test_ticks_are_whole_and_within_the_axis(low, extent, most):
    ticks = whole_ticks(low, low + extent, most=most)
    assert 1 <= len(ticks) <= most
    assert all(low <= tick <= low + extent for tick in ticks)


@given(st.sets(st.integers(2, 60), min_size=1))
def test_words_for_numbers_hold_them_all(numbers):
    text = numbers_text(numbers).removeprefix("k = ").replace(" and ", ", ")
    found = set()
    for run in text.split(", "):
        low, _, high = run.partition(" to ")
        found |= set(range(int(low), int(high or low) + 1))
    assert found == numbers


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, float("nan")])
def test_what_is_missing_was_not_tried(missing):
    assert tried(missing, pd.Series([5, 6]), name="elbow") is None


@pytest.mark.parametrize("value", [4, 7, 5.5, -1, np.inf, "many"])
def test_what_was_not_tried_is_named(value):
    with pytest.raises(InputError, match=f"elbow is {value}.* k = 5 and 6") as caught:
        tried(value, pd.Series([5, 6]), name="elbow")
    assert "\n" not in str(caught.value)


def test_numbers_from_a_file_count_as_tried():
    assert tried(6.0, pd.Series([5, 6]), name="elbow") == 6
    assert tried(np.float64(6), pd.Series([5.0, 6.0]), name="elbow") == 6


@styled
def line(values):
    page, (axes,) = chart("A line", x_label="x", y_labels=["y"])
    axes.plot(values)
    return page, axes


@pytest.mark.parametrize("values", [[-0.2, -0.1], [0.1, 0.2], [0, 0], [-1e-7, 1e-7], [5e8, 6e8]])
def test_zero_is_in_sight_and_the_lines_are_too(values):
    page, axes = line(values)
    reach_zero(axes)
    low, high = axes.get_ylim()
    assert low <= min(0, *values) and high >= max(0, *values) and low < high
    assert_tidy(page)


@pytest.mark.parametrize("values", [[3.3, 3.6], [2.9, 3.05], [-2000, 3000], [4.1e7, 9e7], [7, 7]])
def test_numbers_beside_an_axis_have_the_same_decimals(values):
    page, axes = line(values)
    plain_numbers(axes)
    assert_tidy(page)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len({len(label.partition(".")[2]) for label in labels}) == 1
    assert not any("e" in label for label in labels)


@pytest.mark.parametrize("marks", [{}, {"bend": 8}, {"bend": 8, "used": 9, "supported": 10}])
def test_marks_have_room_above_the_curves(marks):
    page, axes = line(range(30))
    mark_k(axes, pd.Series(range(30)), marks)
    assert_tidy(page)
    top = axes.transData.transform((0, 29))[1]
    page.draw_without_rendering()
    for text in axes.texts[1:]:
        assert text.get_window_extent().y0 > top


def test_marks_of_one_k_share_their_words():
    _, axes = line(range(30))
    mark_k(axes, pd.Series(range(30)), {"bend": 8, "used": 8, "supported": None, "chosen": 99})
    assert [text.get_text() for text in axes.texts[1:]] == ["k = 8 bend, used"]


def test_tables_of_several_spaces_are_refused():
    table = pd.DataFrame({"space": ["pca", "nmf"], "k": [5, 6]})
    with pytest.raises(InputError, match="one space at a time: the table holds nmf, pca"):
        one_space(table, "k")


def test_a_number_that_comes_twice_is_named():
    table = pd.DataFrame({"space": "pca", "k": [6, 5, 6]})
    with pytest.raises(InputError, match="the table holds k = 6 twice"):
        one_space(table, "k")


BAND = pd.DataFrame(
    {"silhouette_copula": [0.1], "silhouette_copula_low": [0.05], "silhouette_copula_high": [0.2]}
)


@pytest.mark.parametrize("column", BAND.columns)
@pytest.mark.parametrize("hole", ["no column", "NaN"])
def test_half_a_band_is_refused(column, hole):
    broken = BAND.drop(columns=column) if hole == "no column" else BAND.assign(**{column: np.nan})
    with pytest.raises(InputError, match=column):
        null_bands(broken, "silhouette")


def test_a_band_that_was_not_drawn_is_no_band():
    assert null_bands(BAND, "stability") == {}
    assert null_bands(BAND.assign(**dict.fromkeys(BAND, np.nan)), "silhouette") == {}

"""Figures against k: what their headlines say, what they mark, and that any range of k is tidy."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables_to_draw import assert_tidy, sweep, words_of

from poster_analysis.core.errors import InputError
from poster_analysis.figures.sweep import (
    inertia_curve,
    scores_curve,
    silhouette_comparison,
    silhouette_curve,
    stability_curve,
)


@pytest.mark.parametrize(
    "k", [[2], [2, 3], range(2, 31), range(2, 101), [5, 50, 500]], ids=["1", "2", "29", "99", "few"]
)
def test_every_range_of_k_is_tidy(k):
    table = sweep(k=k)
    assert_tidy(inertia_curve(table, n_clusters=k[0], elbow=k[-1]))
    assert_tidy(silhouette_curve(table, n_clusters=k[-1]))
    assert_tidy(stability_curve(table, n_clusters=k[-1]))
    assert_tidy(scores_curve(table, n_clusters=k[0]))
    assert_tidy(silhouette_comparison(pd.concat([sweep("raw", k), table, sweep("t", k)])))


@settings(max_examples=15)
@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4))
def test_names_of_close_curves_and_bands_do_not_touch(levels):
    own, original, gaussian, copula = levels
    columns = {"silhouette": own, "silhouette_original": original}
    for kind, level in ("gaussian", gaussian), ("copula", copula):
        for end, away in ("", 0), ("_low", -0.01), ("_high", 0.01):
            columns[f"silhouette_{kind}{end}"] = level + away
    assert_tidy(silhouette_curve(sweep(k=[5, 6], **columns), n_clusters=6))


@settings(max_examples=10)
@given(st.lists(st.floats(-0.2, 1), min_size=2, max_size=2))
def test_any_stability_is_tidy(levels):
    table = sweep(stability_halves=levels[0], stability_restarts=levels[1])
    assert_tidy(stability_curve(table, n_clusters=8))


@pytest.mark.parametrize(
    ("silhouette", "title"),
    [
        ([0.01, 0.03, 0.02], "Silhouette peaks at k = 6 (0.030)"),
        ([0.04, 0.03, 0.02], "Silhouette is highest at the smallest k tried: 0.040 at k = 5"),
        ([-0.3, -0.2, -0.1], "Silhouette is highest at the largest k tried: −0.100 at k = 7"),
    ],
)
def test_a_headline_tells_a_peak_from_an_end(silhouette, title):
    table = sweep(k=[5, 6, 7], silhouette=silhouette)
    assert silhouette_curve(table).get_label() == title


def test_a_headline_says_where_labels_repeat_best():
    figure = stability_curve(sweep(k=range(2, 61)))
    assert figure.get_label() == "Halves of posters agree most at k = 2 (0.594)"


def test_what_was_not_tried_cannot_bend():
    with pytest.raises(InputError, match=r"is 40, which was not tried; .* k = 5 to 25"):
        inertia_curve(sweep(), elbow=40)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_a_sweep_without_a_bend_marks_none(missing):
    assert inertia_curve(sweep(), elbow=missing).get_label().endswith(", with no bend")


def test_a_bend_is_named_where_there_can_be_one():
    label = inertia_curve(sweep(), elbow=9.0).get_label()
    assert label == "Inertia falls by 10\u00a0% from k = 5 to k = 25 and bends at k = 9"
    assert inertia_curve(sweep(k=[5, 6])).get_label().endswith("from k = 5 to k = 6")
    assert inertia_curve(sweep(k=[7])).get_label() == "Inertia is 3,860 at k = 7"
    assert inertia_curve(sweep(k=[7, 8, 9], inertia=0.0)).get_label() == "Inertia is 0 at k = 7"


def test_inertia_of_any_size_is_written_out():
    for factor, shown in ((1e-4, "0.386"), (1e4, "38,600,000")):
        figure = inertia_curve(sweep(k=[7]).assign(inertia=3860 * factor))
        assert figure.get_label() == f"Inertia is {shown} at k = 7"
        assert_tidy(figure)
    figure = inertia_curve(sweep(inertia=np.linspace(9e7, 1e7, 21)))
    assert_tidy(figure)
    assert "20,000,000" in [label.get_text() for label in figure.axes[0].get_yticklabels()]


def test_the_best_scores_are_ringed_and_named():
    table = sweep(k=[5, 6, 7], calinski_harabasz=[1, 3, 2], davies_bouldin=[3, 2, 1])
    figure = scores_curve(table)
    assert figure.get_label() == "Calinski-Harabasz is best at k = 6, Davies-Bouldin at k = 7"
    rings = [axes.lines[1].get_xdata().tolist() for axes in figure.axes]
    assert rings == [[6], [7]]
    both = table.assign(davies_bouldin=[2, 1, 3])
    assert scores_curve(both).get_label() == "Both scores are best at k = 6"


def test_the_best_space_is_judged_on_the_original_features():
    table = pd.concat(
        [sweep("nmf", silhouette_original=0.001), sweep("raw", silhouette_original=0.002)]
    )
    assert silhouette_comparison(table).get_label() == (
        "Best on the original features: the raw features (0.002)"
    )


def test_zero_is_in_sight_and_the_lines_are_too():
    for level in (-0.2, 0.2, 0.0):
        (axes,) = silhouette_curve(sweep(level=level)).axes
        low, high = axes.get_ylim()
        assert low <= min(0, level) and high >= max(0, level)


def test_the_marked_k_is_marked_only_if_it_was_tried():
    def words(n_clusters):
        return words_of(inertia_curve(sweep(), n_clusters=n_clusters).axes[0])

    assert "k = 10 used" in words(10)
    assert not [text for text in words(40) + words(None) if "used" in text]


def test_every_curve_shows_the_values_of_its_table():
    table = sweep()
    (axes,) = stability_curve(table).axes
    shown = [line.get_ydata().tolist() for line in axes.lines]
    for column in ("stability_halves", "stability_restarts"):
        assert table[column].tolist() in shown


def test_a_stability_that_was_not_measured_is_left_out():
    table = sweep(stability_restarts=np.nan)
    (axes,) = stability_curve(table).axes
    assert "between\nrestarts" not in words_of(axes)
    table = sweep(stability_halves=np.nan)
    assert stability_curve(table).get_label().startswith("Restarts agree most at k = 5")
    with pytest.raises(InputError, match="stability_restarts"):
        stability_curve(table.assign(stability_restarts=np.nan))


def test_names_of_spaces_are_data():
    table = sweep("$x_1$ <b>\n\u202e")
    assert "the space $x_1$ <b>" in silhouette_curve(table).texts[1].get_text()
    table = sweep("<b>$x_1$ \u202e" + "long" * 50)
    assert_tidy(silhouette_curve(table))
    assert_tidy(silhouette_comparison(pd.concat([table, sweep()])))

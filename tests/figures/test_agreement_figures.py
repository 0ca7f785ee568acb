"""Figures of agreement with other methods and with the metadata: headlines, any words, faults."""

import numpy as np
import pytest
from tables_to_draw import agreement, assert_tidy, opinions, words_of

from poster_analysis.clustering.other_methods import other_methods
from poster_analysis.core.errors import InputError
from poster_analysis.figures.agreement import agreement_chart, other_methods_chart
from poster_analysis.reduction.spaces import Space


@pytest.mark.parametrize("n_posters", [None, 5000])
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_any_other_methods_are_tidy(n_posters, rows):
    figure = other_methods_chart(opinions().iloc[:rows], space="pca", n_posters=n_posters)
    assert_tidy(figure)
    words = words_of(figure.axes[3])
    assert ("82\u00a0%" in words) == (n_posters is not None and rows == 3)


def test_a_method_that_found_no_clusters_cannot_agree():
    table = opinions(n_clusters=[10, 10, 0], adjusted_mutual_info=[1, -0.01, np.nan])
    figure = other_methods_chart(table)
    assert figure.get_label() == (
        "Agreement with k-means: agglomerative (Ward)\u00a0−0.010; HDBSCAN finds no clusters"
    )
    assert "–" in words_of(figure.axes[0])
    assert other_methods_chart(table.iloc[:1]).get_label() == "k-means alone was run"


def test_a_method_that_was_left_out_for_want_of_memory_is_named_with_its_reason():
    rng = np.random.default_rng(0)
    space = Space("pca", rng.normal(size=(60, 4)), {})
    found = other_methods(space, np.arange(60) % 3, memory_budget=1000)
    figure = other_methods_chart(found.table, space="pca", n_posters=60)
    assert_tidy(figure)
    assert "agglomerative (Ward) was left out" in figure.get_label()
    assert all("–" in words_of(axes) for axes in figure.axes[:4])
    assert any("left out: the distances of 60 posters" in word for word in words_of(figure.axes[0]))
    holes = found.table.assign(n_noise=np.nan)
    with pytest.raises(InputError, match="n_noise"):
        other_methods_chart(holes)


def test_words_of_other_methods_are_data():
    hostile = "<script>$x_1$\n\u202e" + "long" * 100
    figure = other_methods_chart(opinions(parameters=hostile, method=["k-means", hostile, ""]))
    assert_tidy(figure)


@pytest.mark.parametrize("columns", [("genre",), ("genre", "decade"), tuple("abcdefgh")])
@pytest.mark.parametrize("measures", [("v_measure",), ("adjusted_mutual_info", "v_measure")])
@pytest.mark.parametrize("value", [-0.5, 0.0, 0.05, 1.0])
def test_any_agreement_is_tidy(columns, measures, value):
    assert_tidy(agreement_chart(agreement(columns, value, measures), space="nmf"))


@pytest.mark.parametrize(
    ("columns", "value", "words"),
    [
        (["genre"], 0.0031, "with genre more"),
        (["genre"], 0.003, "with no column more than with its shuffles"),
        (["genre", "decade", "country"], 0.9, "with genre, decade and country more"),
        ([letter * 30 for letter in "abc"], 0.9, "with 3 of 3 columns more"),
    ],
)
def test_a_headline_names_the_columns_beyond_every_shuffle(columns, value, words):
    label = agreement_chart(agreement(columns, value)).get_label()
    assert label.startswith(f"Clusters agree {words}")
    assert ("199\u00a0shuffles" in label) == ("its shuffles" not in label)


def test_the_band_and_the_value_are_those_of_the_table():
    table = agreement(["genre"], 0.05, ["adjusted_mutual_info"])
    (axes,) = agreement_chart(table).axes
    (band,) = axes.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx((-0.002, 0.003))
    assert [0.05] in [list(line.get_xdata()) for line in axes.lines]
    assert "0.050\np = 0.005" in words_of(axes)


def test_a_measure_given_twice_is_refused():
    table = agreement(["genre", "genre"])
    with pytest.raises(InputError, match="gives adjusted_mutual_info of genre twice"):
        agreement_chart(table)


def test_names_of_columns_and_measures_are_data():
    hostile = "<script>$x_1$\n\u202e" + "long" * 100
    assert_tidy(agreement_chart(agreement([hostile, ""], measures=["$x_1$ <b>"])))

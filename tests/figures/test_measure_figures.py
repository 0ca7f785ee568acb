"""Figures of measures: tidy for any collection, with what the tables hold."""

import numpy as np
import pandas as pd
import pytest
from tables_to_draw import assert_tidy, words_of

from poster_analysis.collection.posters import Posters
from poster_analysis.core.errors import InputError
from poster_analysis.figures.map import column_codes, scale_column
from poster_analysis.figures.map_picture import map_legend
from poster_analysis.figures.measures import (
    measure_correlations,
    measure_distributions,
    measure_extremes,
    measure_order,
)
from poster_analysis.measures.names import MEASURES
from poster_analysis.measures.summaries import (
    among,
    correlations,
    evenly,
    extremes,
    summary,
    value_counts,
)


def made(n_posters, seed=0, names=tuple(MEASURES)):
    """A made-up table of measures, each within its range."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"imdb_id": [f"{number:07}" for number in range(n_posters)]})
    for name in names:
        low, high = MEASURES[name].range
        table[name] = (
            rng.uniform(low, min(high, 3), n_posters)
            if np.isinf(high)
            else rng.uniform(low, high, n_posters)
        )
    return table


@pytest.mark.parametrize("n_posters", [2, 40])
def test_any_collection_is_tidy(n_posters):
    table = made(n_posters)
    assert_tidy(measure_distributions(value_counts(table), summary(table)))
    assert_tidy(measure_correlations(correlations(table)))


def test_a_panel_for_each_measure_that_varies_and_the_median_in_it():
    table = made(30).assign(margin=0.0)
    known = summary(table).set_index("measure")
    figure = measure_distributions(value_counts(table), summary(table))
    titles = [axes.get_title(loc="left").split(", ")[0] for axes in figure.axes]
    assert titles == [one.label for name, one in MEASURES.items() if name != "margin"]
    assert figure.axes[0].lines[0].get_xdata()[0] == known.loc["lightness", "median"]
    assert sum(bar.get_height() for bar in figure.axes[0].patches) == 30


def test_every_pair_of_measures_is_written_twice():
    table = made(30, names=("lightness", "chroma", "margin"))
    figure = measure_correlations(correlations(table))
    numbers = [word for word in words_of(figure.axes[0]) if word.lstrip("−").isdigit()]
    assert len(numbers) == 6
    wanted = table[["lightness", "chroma"]].corr(method="spearman").iloc[0, 1]
    assert f"{100 * wanted:z.0f}".replace("-", "−") in numbers


def test_extremes_show_the_posters_of_the_table(drawn, tmp_path):
    table = made(12, names=("lightness", "near_white")).assign(
        near_white=[0.0] * 9 + [0.1, 0.2, 0.3]
    )
    posters = Posters(pd.DataFrame({"imdb_id": table["imdb_id"], "path": "none.jpg"}), tmp_path)
    ends = extremes(table, n_posters=3)
    assert ends.groupby(["measure", "end"])["rank"].max().tolist() == [3] * 4
    tied = ends[(ends["measure"] == "near_white") & (ends["end"] == "lowest")]
    assert tied["n_tied"].tolist() == [9] * 3
    words = words_of(measure_extremes(ends, posters).axes[0])
    assert "with less white (9 posters alike)" in words and "lighter" in words
    order = evenly(table, "lightness", n_posters=5)
    assert (
        order["value"].is_monotonic_increasing
        and order["value"].iloc[0] == table["lightness"].min()
    )
    assert f"{order['value'].iloc[-1]:.3g}" in words_of(
        measure_order(order, posters, name="lightness").axes[0]
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": "studio"},
        {"by": "genre", "group": "Opera"},
        {"years": [1990]},
        {"years": [1700, 1710]},
    ],
)
def test_posters_that_there_are_not_are_refused(wrong):
    films = pd.DataFrame(
        {"genre": ["Drama|Horror", "Drama"], "year": pd.array([1990, None], dtype="Int64")}
    )
    with pytest.raises(InputError):
        among(films, **wrong)
    assert among(films, by="genre", group="Horror", years=[1980, 1999])[0].tolist() == [True, False]


@pytest.mark.parametrize("seed", range(5))
def test_a_scale_has_every_number_in_the_step_that_says_so(seed):
    rng = np.random.default_rng(seed)
    numbers = rng.normal(10.0 ** rng.integers(-3, 5), 10.0 ** rng.integers(-3, 4), 200)
    numbers[:3] = np.nan
    column = scale_column("x", numbers)
    assert 2 <= len(column["values"]) <= 12 and column["edges"] == sorted(set(column["edges"]))
    for value, codes in zip(column["numbers"], column_codes(column), strict=True):
        assert (value is None) == (codes == [])
        if codes:
            low, high = [-np.inf, *column["edges"], np.inf][codes[0] : codes[0] + 2]
            assert low <= value < high
    colours = [colour for colour, _, _ in map_legend(column)]
    assert len(set(colours)) == len(colours) == len(column["values"])
    assert sum(count for _, _, count in map_legend(column)) == 197


def test_what_is_the_same_for_all_is_no_scale():
    assert scale_column("x", [2.0, 2.0, np.nan]) is None and scale_column("x", [np.nan]) is None

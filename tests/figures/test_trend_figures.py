"""Figures of trends, differences and groups: tidy whatever the table, and faults are named."""

import numpy as np
import pandas as pd
import pytest
from tables_to_draw import assert_tidy, words_of

from poster_analysis.core.errors import InputError
from poster_analysis.figures.differences import difference_chart, difference_matrix
from poster_analysis.figures.groups import palette_bands
from poster_analysis.figures.trends import trend_panels


def means(measures=("lightness", "share of black"), bins=range(1950, 2020, 10), few=(), **columns):
    """Means of decades that fall, of films that grow in number."""
    rows = [
        (measure, adjusted, f"{year}s", year, 5 if year in few else 20 + 3 * place, 40 - place, 38 - place, 42 - place, year in few)
        for measure in measures
        for adjusted in ("", "genre")
        for place, year in enumerate(bins)
    ]  # fmt: skip
    names = [
        "measure",
        "adjusted_for",
        "bin",
        "first_year",
        "n_films",
        "mean",
        "low",
        "high",
        "is_few",
    ]
    return pd.DataFrame(rows, columns=names).assign(**columns)


def slopes(measures=("lightness", "share of black"), holds=(True, False)):
    """A slope for each measure."""
    table = {"measure": measures, "adjusted_for": "", "slope": -1.0, "low": -1.5, "high": -0.5}
    return pd.DataFrame(table | {"holds": list(holds)})


def curves(measures=("lightness", "share of black")):
    """A straight curve for each measure."""
    years = np.arange(1950, 2020)
    parts = [
        pd.DataFrame({"measure": one, "year": years, "value": 40 - 0.1 * (years - 1950)})
        for one in measures
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(low=table["value"] - 1, high=table["value"] + 1)


def differences(n_labels=12, measures=("lightness", "chroma")):
    """A difference for each measure and label."""
    rows = [
        (measure, "genre", f"Genre {label}", 20 + label, label - 5, label - 7, label - 3, (label - 5) / 10, label % 2 == 0)
        for measure in measures
        for label in range(n_labels)
    ]  # fmt: skip
    names = ["measure", "column", "label", "n_with", "difference", "low", "high", "effect", "holds"]
    return pd.DataFrame(rows, columns=names)


@pytest.mark.parametrize("n_measures", [1, 2, 7, 19])
def test_any_number_of_measures_is_tidy(n_measures):
    names = [f"a measure with a long name, number {number}" for number in range(n_measures)]
    held = slopes(names, [number % 2 == 0 for number in range(n_measures)])
    figure = trend_panels(means(names), held, curves(names), note="MobileNet 0.75")
    assert_tidy(figure)
    assert len(figure.axes) == n_measures + 1


def test_bins_with_few_films_are_counted_and_not_drawn():
    figure = trend_panels(means(few=(1950, 1960)), slopes(), curves())
    assert_tidy(figure)
    *panels, counts = figure.axes
    assert all(axes.get_xlim()[0] > 1960 for axes in panels) and counts.get_xlim()[0] < 1950
    assert "5" in words_of(counts)
    assert "fewer than ten films" in figure.texts[1].get_text()
    every = trend_panels(means(few=range(1950, 2020, 10)), slopes())
    assert every.axes[0].get_xlim()[0] < 1950, "where all are few, all are drawn"


def test_a_table_from_a_file_gives_the_same_figure(tmp_path):
    for name, table in (("means", means()), ("slopes", slopes())):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    read = [pd.read_csv(tmp_path / f"{name}.csv") for name in ("means", "slopes")]
    one, other = trend_panels(means(), slopes()), trend_panels(*read)
    assert [words_of(axes) for axes in one.axes] == [words_of(axes) for axes in other.axes]
    assert one.get_label() == "1 of 2 measures have a trend that holds"


@pytest.mark.parametrize("n_labels", [1, 3, 30])
@pytest.mark.parametrize("draw", [difference_chart, difference_matrix])
def test_any_number_of_labels_is_tidy(draw, n_labels):
    names = {"lightness": "a measure with a very long name indeed", "chroma": "chroma, C*"}
    assert_tidy(draw(differences(n_labels), labels=names))


def test_faults_are_named():
    with pytest.raises(InputError, match="twice"):
        trend_panels(pd.concat([means(), means()]), slopes())
    with pytest.raises(InputError, match="no column first_year"):
        trend_panels(means().drop(columns="first_year"), slopes())
    with pytest.raises(InputError, match="at most four"):
        difference_chart(differences(3, [f"m{number}" for number in range(5)]))
    with pytest.raises(InputError, match="twice"):
        difference_matrix(pd.concat([differences(2), differences(2)]))
    with pytest.raises(InputError, match="no column share"):
        palette_bands(pd.DataFrame({"label": ["a"], "colour": ["#000000"], "n_films": 3, "L": 0}))


@pytest.mark.parametrize("n_labels", [1, 20])
def test_bands_are_as_wide_as_their_shares(n_labels):
    rows = [
        (f"A rather long label {label}", 1000 * label, "#336699", share, 10 * share)
        for label in range(n_labels)
        for share in (0.5, 0.3, 0.2)
    ]
    figure = palette_bands(pd.DataFrame(rows, columns=["label", "n_films", "colour", "share", "L"]))
    widths = [patch.get_width() for patch in figure.axes[0].patches[:3]]
    assert np.allclose(np.array(widths) / sum(widths), [0.2, 0.3, 0.5])

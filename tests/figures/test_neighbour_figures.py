"""Figures of neighbours: headlines, any words and numbers, faults."""

import numpy as np
import pandas as pd
import pytest
from tables_to_draw import assert_tidy, words_of

from poster_analysis.core.errors import InputError
from poster_analysis.figures.neighbours import (
    genre_agreement_chart,
    neighbour_comparison_chart,
    neighbour_counts_chart,
)

HOSTILE = "<script>$x_1$\n\u202e" + "long" * 100


def agreement(numbers=(1, 6, 20), value=0.6, measures=("common genre", "jaccard"), column="genre"):
    """Values with intervals of a hundredth, and chance at 0.40 to 0.42."""
    rows = [
        (column, measure, n, value, value - 0.01, value + 0.01, 0.41, 0.4, 0.42, 0.005, 199, 4990)
        for measure in measures
        for n in numbers
    ]
    names = "column measure n_neighbors value low high chance chance_low chance_high p_value n_shuffles n_posters"
    return pd.DataFrame(rows, columns=names.split())


def distribution(ways=("",), longest=40):
    """Numbers that fall by halves, a little slower for each way."""
    n_lists = np.arange(longest)
    parts = []
    for way in range(len(ways)):
        n_posters = np.rint(900 / (1.3 - 0.05 * way) ** n_lists)
        at_least, expected = n_posters[::-1].cumsum()[::-1], 500 / (1 + (n_lists - 6) ** 2)
        parts.append(
            {"n_lists": n_lists, "n_posters": n_posters, "at_least": at_least, "expected": expected}
        )
    table = pd.concat(
        [pd.DataFrame(part).assign(way=way) for way, part in zip(ways, parts, strict=True)]
    )
    return table if ways[0] else table.drop(columns="way")


def comparison(ways=("centred", "average", "flattened"), grouped=True, **columns):
    """Ways of which each is a hundredth behind the one before it."""
    value = 0.6 - 0.01 * np.arange(len(ways))
    table = {"way": list(ways), "column": "genre", "n_neighbors": 6, "n_posters": 5000}
    for name, level in (
        ("common_genre_6", value),
        ("chance_6", 0.41),
        ("average_precision", value / 2),
    ):
        if grouped or name != "average_precision":
            table |= {name: level, f"{name}_low": level - 0.01, f"{name}_high": level + 0.01}
    table |= {"behind_low": 0.6 - value - 0.005, "skewness": 1 + 5 * (0.6 - value) * 10}
    return pd.DataFrame(table | columns)


@pytest.mark.parametrize("numbers", [(6,), (1, 6, 20), range(1, 11)])
@pytest.mark.parametrize("value", [0.02, 0.41, 1.0])
@pytest.mark.parametrize("measures", [("jaccard",), ("common genre", "jaccard")])
def test_any_agreement_is_tidy(numbers, value, measures):
    assert_tidy(genre_agreement_chart(agreement(numbers, value, measures)))


@pytest.mark.parametrize(
    ("value", "numbers", "words"),
    [
        (
            0.6,
            (1, 6),
            "The nearest neighbour shares a genre in 60\u00a0% of cases, by chance in 41\u00a0%",
        ),
        (0.6, (6, 20), "The 6 nearest share a genre in 60\u00a0% of cases, by chance in 41\u00a0%"),
        (0.42, (1, 6), "Neighbours share no more of the genre than shuffled posters do"),
    ],
)
def test_a_headline_says_what_is_beyond_chance(value, numbers, words):
    assert genre_agreement_chart(agreement(numbers, value)).get_label() == words


def test_values_of_the_table_are_drawn():
    axes, _ = genre_agreement_chart(agreement((6,))).axes
    (band,) = axes.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx((0.4, 0.42))
    assert [0.6] in [list(line.get_xdata()) for line in axes.lines]
    assert "60\u00a0%\np = 0.005" in words_of(axes)


@pytest.mark.parametrize("ways", [("",), ("plain", "centred"), tuple("abcd")])
@pytest.mark.parametrize("longest", [1, 3, 2000])
def test_any_counts_are_tidy(ways, longest):
    assert_tidy(neighbour_counts_chart(distribution(ways, longest), n_neighbors=6))


def test_the_headline_of_counts_names_hubs_and_antihubs():
    one = pd.DataFrame(
        {"n_lists": [0, 1, 2], "n_posters": [2, 1, 1], "at_least": [4, 2, 1], "expected": [4, 3, 1]}
    )
    label = neighbour_counts_chart(one, n_neighbors=1).get_label()
    assert (
        label
        == "50\u00a0% of the posters are nobody's neighbour; the biggest hub stands in 2 lists"
    )
    two = pd.concat([one.assign(way="a"), one.iloc[:2].assign(way="b")])
    assert (
        neighbour_counts_chart(two, n_neighbors=1)
        .get_label()
        .endswith("2 lists with a, in 1 with b")
    )


@pytest.mark.parametrize("n_ways", [1, 2, 12, 40])
@pytest.mark.parametrize("grouped", [True, False])
def test_any_comparison_is_tidy(n_ways, grouped):
    ways = [f"mobilenet_0.75, generalised_mean, antialiased, raw, way {n}" for n in range(n_ways)]
    assert_tidy(neighbour_comparison_chart(comparison(ways, grouped)))


def test_the_headline_of_a_comparison_counts_those_that_are_level():
    said = "Neighbours share a genre most often with centred: 60\u00a0%, by chance 41\u00a0%"
    assert neighbour_comparison_chart(comparison()).get_label() == f"{said}; all others are behind"
    level = comparison(behind_low=[0, -0.1, 0.2])
    assert neighbour_comparison_chart(level).get_label() == f"{said}; 1 of 2 others is level"
    assert neighbour_comparison_chart(comparison(["centred"])).get_label() == said


def test_words_of_tables_are_data():
    assert_tidy(genre_agreement_chart(agreement(column=HOSTILE), note="$x_1$ <b>"))
    assert_tidy(neighbour_counts_chart(distribution((HOSTILE, "b")), n_neighbors=6))
    assert_tidy(neighbour_comparison_chart(comparison([HOSTILE, ""], column=HOSTILE)))


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(InputError, match="of one column, with each measure once"):
        genre_agreement_chart(pd.concat([agreement(), agreement()]))
    with pytest.raises(InputError, match="5 ways; a figure has room for 1 to 4"):
        neighbour_counts_chart(distribution(tuple("abcde")), n_neighbors=6)
    with pytest.raises(InputError, match="each number of lists once"):
        neighbour_counts_chart(pd.concat([distribution(), distribution()]), n_neighbors=6)
    with pytest.raises(InputError, match="no column common_genre_6"):
        neighbour_comparison_chart(comparison().drop(columns="common_genre_6"))

"""Ways of finding neighbours compared: each row as when judged alone, differences in pairs, and the words."""

import numpy as np
import pandas as pd
import pytest
from made_neighbours import neighbour_table, random_rows, some_ids

from poster_analysis.core.errors import InputError
from poster_analysis.similarity.comparison import compare_neighbours
from poster_analysis.similarity.genres import bootstrap_interval, genre_agreement, poster_scores
from poster_analysis.words.neighbours import comparison_findings

N = 80


@pytest.fixture(scope="module")
def index():
    rng = np.random.default_rng(4)
    genres = rng.choice(["A", "B", "A|C", ""], N)
    groups = [f"{row // 4}" if row < 20 else "" for row in range(N)]
    return pd.DataFrame({"imdb_id": some_ids(N), "title": "", "genre": genres, "franchise": groups})


@pytest.fixture(scope="module")
def ways(index):
    rows = random_rows(N, 6)
    better = rows.copy()
    for row in range(N):  # sorted by what is shared
        same = (index["genre"] == index["genre"][row]) & (index["genre"] != "")
        same[row] = False
        mates = np.flatnonzero(same)[:6]
        better[row] = [*mates, *(other for other in rows[row] if other not in mates)][:6]
    return {
        "by lot": neighbour_table(rows, index["imdb_id"]),
        "better": neighbour_table(better, index["imdb_id"]),
        "by lot again": neighbour_table(random_rows(N, 6, 1), index["imdb_id"]),
    }


@pytest.fixture(scope="module")
def table(ways, index):
    settings = {name: {"space": f"<{name}>"} for name in ways}
    return compare_neighbours(ways, index, settings=settings, groups=index, numbers=(1, 6))


def test_each_row_is_what_the_way_gets_alone(table, ways, index):
    for row in table.itertuples():
        alone = genre_agreement(ways[row.way], index, numbers=(1, 6)).set_index(
            ["measure", "n_neighbors"]
        )
        assert row.common_genre_6 == alone["value"]["common genre", 6]
        assert row.common_genre_1_low == alone["low"]["common genre", 1]
        assert row.chance_6_high == alone["chance_high"]["common genre", 6]
        assert row.jaccard_6 == alone["value"]["jaccard", 6]
        assert row.space == f"<{row.way}>"
    assert 0 <= table["average_precision"].min() <= table["average_precision"].max() <= 1


def test_the_best_is_first_and_the_others_are_behind_in_pairs(table, ways, index):
    assert table["way"][0] == "better" and table["behind"][0] == table["behind_high"][0] == 0
    assert (table["behind_low"][1:] > 0).all()
    best, other = (poster_scores(ways[way], index, numbers=[6])[0, 0] for way in table["way"][:2])
    difference = (best - other)[~np.isnan(best - other)]
    found = table.loc[1, ["behind", "behind_low", "behind_high"]].tolist()
    np.testing.assert_allclose(found, [difference.mean(), *bootstrap_interval(difference)])


def test_the_words_follow_the_table(table):
    sentences = " ".join(comparison_findings(table))
    assert "Of 3 ways to find 6 neighbours, better gives" in sentences
    assert "2 ways are behind by more than that" in sentences
    level = " ".join(comparison_findings(table.assign(behind_low=-0.1)))
    assert "behind by more" not in level and " and " in level and "differ from it" in level
    assert "Groups" not in " ".join(comparison_findings(table.drop(columns="average_precision")))


def test_a_table_from_a_file_says_the_same(table, tmp_path):
    table.to_csv(tmp_path / "table.csv", index=False)
    assert comparison_findings(pd.read_csv(tmp_path / "table.csv")) == comparison_findings(table)


def test_what_does_not_fit_is_refused(ways, index):
    with pytest.raises(InputError, match="nothing to compare"):
        compare_neighbours({}, index)
    with pytest.raises(InputError, match="n_neighbors is 5; valid are the numbers looked at: 1, 6"):
        compare_neighbours(ways, index, numbers=(1, 6), n_neighbors=5)
    with pytest.raises(InputError, match="have a value of genre"):
        compare_neighbours(ways, index.assign(genre=""), numbers=(1, 6))
    with pytest.raises(InputError, match="from 1 to 6"):
        compare_neighbours(ways, index)
    with pytest.raises(InputError, match="no two posters share a group"):
        compare_neighbours(ways, index, groups=index.assign(franchise=""), numbers=(1, 6))

"""Genres of neighbours: the numbers of a plain loop, shuffles of whole sets, intervals, and what is refused."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_neighbours import neighbour_table, random_rows, some_ids
from sklearn.metrics import jaccard_score
from sklearn.preprocessing import MultiLabelBinarizer
from threadpoolctl import threadpool_limits

from poster_analysis.collection.groups import value_lists
from poster_analysis.core.errors import InputError
from poster_analysis.similarity.genres import (
    bootstrap_interval,
    genre_agreement,
    neighbour_rows,
    poster_scores,
)
from poster_analysis.words.neighbours import genre_finding

NAMES = np.array(list("abcdefg"))


def make_index(n, seed=0):
    rng = np.random.default_rng(seed)
    genres = ["|".join(rng.choice(NAMES, rng.integers(0, 4), replace=False)) for _ in range(n)]
    return pd.DataFrame({"imdb_id": some_ids(n), "genre": genres})


def plain_scores(rows, lists, n):
    """A loop over sets; NaN where nothing is known."""
    sets = [set(one) for one in lists]
    found = []
    for row, others in enumerate(rows):
        pairs = [(sets[row], sets[o]) for o in others[:n] if sets[row] and sets[o]]
        found.append(
            [
                np.mean([bool(a & b) for a, b in pairs]),
                np.mean([len(a & b) / len(a | b) for a, b in pairs]),
            ]
            if pairs
            else [np.nan, np.nan]
        )
    return np.array(found).T


@settings(max_examples=50)
@given(
    st.lists(st.sets(st.sampled_from(list(NAMES)), max_size=4), min_size=4, max_size=15),
    st.integers(0, 99),
)
def test_scores_are_those_of_a_plain_loop(sets, seed):
    index = pd.DataFrame(
        {"imdb_id": some_ids(len(sets)), "genre": ["|".join(sorted(one)) for one in sets]}
    )
    rows = random_rows(len(sets), 3, seed)
    table = neighbour_table(rows, index["imdb_id"])
    scores = poster_scores(table, index, numbers=(1, 3))
    for number, n in enumerate((1, 3)):
        np.testing.assert_allclose(scores[:, number], plain_scores(rows, sets, n))


def test_the_jaccard_index_is_that_of_scikit_learn():
    index = make_index(30).assign(genre=lambda t: t["genre"] + "|z")
    rows = random_rows(30, 1)
    table = neighbour_table(rows, index["imdb_id"])
    found = poster_scores(table, index, numbers=[1])[1, 0]
    sets = [set(filter(None, text.split("|"))) for text in index["genre"]]
    hot = MultiLabelBinarizer().fit_transform(sets)
    np.testing.assert_allclose(found.mean(), jaccard_score(hot, hot[rows[:, 0]], average="samples"))
    plain = [jaccard_score(hot[row], hot[other]) for row, other in enumerate(rows[:, 0])]
    np.testing.assert_allclose(found, plain)


def test_values_and_chance_are_those_of_a_plain_loop():
    index, rows = make_index(40), random_rows(40, 5)
    lists = value_lists(index["genre"])
    known = np.flatnonzero([bool(one) for one in lists])
    found = genre_agreement(
        neighbour_table(rows, index["imdb_id"]), index, numbers=(1, 5), random_state=5
    )
    shuffles = []
    for shuffle in range(199):
        shuffled = dict(
            zip(known, np.random.default_rng([5, shuffle]).permutation(len(known)), strict=True)
        )
        new = [lists[known[shuffled[row]]] if row in shuffled else [] for row in range(40)]
        shuffles.append([np.nanmean(plain_scores(rows, new, n), axis=1) for n in (1, 5)])
    shuffles = np.array(shuffles).transpose(0, 2, 1).reshape(199, 4)
    data = np.concatenate([np.nanmean(plain_scores(rows, lists, n), axis=1) for n in (1, 5)])
    np.testing.assert_allclose(found["value"], data[[0, 2, 1, 3]])
    np.testing.assert_allclose(found["chance"], shuffles.mean(axis=0))
    np.testing.assert_allclose(found["chance_high"], np.percentile(shuffles, 97.5, axis=0))
    at_least = (shuffles.round(12) >= found["value"].to_numpy().round(12)).sum(axis=0)
    np.testing.assert_allclose(found["p_value"], (1 + at_least) / 200)
    assert (found["n_posters"] + found["n_left_out"] == 40).all()


def test_many_values_need_many_words_of_bits():
    rng = np.random.default_rng(1)
    genres = ["|".join(f"{v}" for v in rng.integers(0, 300, 5)) for _ in range(60)]
    genres[7] = "held by nobody else"
    index = pd.DataFrame({"imdb_id": some_ids(60), "genre": genres})
    rows = random_rows(60, 4)
    found = poster_scores(neighbour_table(rows, index["imdb_id"]), index, numbers=[4])[:, 0]
    np.testing.assert_allclose(found, plain_scores(rows, value_lists(index["genre"]), 4))


def test_unrelated_genres_are_below_five_percent_about_one_time_in_twenty():
    small = 0
    for seed in range(15):
        index = make_index(60, seed)
        table = neighbour_table(random_rows(60, 4, seed), index["imdb_id"])
        small += genre_agreement(table, index, numbers=[4])["p_value"].iloc[0] <= 0.05
    assert small <= 3


def test_the_interval_holds_the_mean_nineteen_times_in_twenty():
    rng = np.random.default_rng(2)
    held = 0
    for seed in range(100):
        low, high = bootstrap_interval(rng.random(80) < 0.4, random_state=seed)
        held += low <= 0.4 <= high
    assert 88 <= held <= 100
    assert bootstrap_interval(np.full(9, 0.1)) == (0.1, 0.1)


def test_same_seed_same_table_whatever_the_threads_and_the_order_of_the_table():
    index = make_index(60)
    table = neighbour_table(random_rows(60, 6), index["imdb_id"])
    found = []
    for threads in (1, 3):
        with threadpool_limits(threads):
            found.append(genre_agreement(table, index, numbers=(1, 6)))
    found.append(genre_agreement(table.sample(frac=1, random_state=1), index, numbers=(1, 6)))
    for one in found[1:]:
        pd.testing.assert_frame_equal(one, found[0], check_exact=True)


def test_five_thousand_posters_take_seconds():
    index = make_index(5000)
    table = neighbour_table((np.arange(5000)[:, None] + np.arange(1, 21)) % 5000, index["imdb_id"])
    start = time.perf_counter()
    genre_agreement(table, index)
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize(
    "text", ["<script>", "$x$", "🎬 七人の侍", "\u202eשלום", "'\"%s{0}", "é" * 999]
)
def test_values_are_only_compared(text):
    index = make_index(40)
    other = index.assign(genre=index["genre"].str.replace("c", text))
    table = neighbour_table(random_rows(40, 4), index["imdb_id"])
    found = [genre_agreement(table, one, numbers=[4]) for one in (index, other)]
    pd.testing.assert_frame_equal(*found)


def test_nothing_known_gives_no_rows_and_is_said():
    index = make_index(10).assign(genre="")
    table = genre_agreement(
        neighbour_table(random_rows(10, 3), index["imdb_id"]), index, numbers=[3]
    )
    assert table.empty
    assert genre_finding(table, n_neighbors=3).startswith("No poster")


def test_what_does_not_fit_is_refused():
    index = make_index(10)
    table = neighbour_table(random_rows(10, 3), index["imdb_id"])
    for wrong, message in (
        ({"numbers": [1, 6]}, "from 1 to 3"),
        ({"numbers": []}, "are none"),
        ({"numbers": [3, 1]}, "rising"),
        ({"n_shuffles": 9, "numbers": [3]}, "n_shuffles is 9"),
        ({"column": "mood", "numbers": [3]}, "no column mood"),
    ):
        with pytest.raises(InputError, match=message):
            genre_agreement(table, index, **wrong)
    with pytest.raises(InputError, match="not the ranks from 1 on"):
        neighbour_rows(table.iloc[:-1], index["imdb_id"])
    with pytest.raises(InputError, match="not the ranks from 1 on"):
        neighbour_rows(table.assign(rank=1), index["imdb_id"])
    with pytest.raises(InputError, match="not among the 9 posters"):
        neighbour_rows(table, index["imdb_id"][:9])
    with pytest.raises(InputError, match="no column rank"):
        neighbour_rows(table.drop(columns="rank"), index["imdb_id"])

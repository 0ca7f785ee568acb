"""Agreement with the metadata: scikit-learn's numbers, shuffles of whole sets, and what is said."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score, v_measure_score
from threadpoolctl import threadpool_limits

from poster_analysis.clustering.agreement import (
    agreement,
    agreement_finding,
    agreement_scores,
    pair_counts,
)
from poster_analysis.collection.groups import value_lists, value_matrix
from poster_analysis.core.errors import InputError

COLUMNS = [
    "column", "measure", "value", "chance", "chance_low", "chance_high", "p_value", "n_shuffles",
    "n_posters",
]  # fmt: skip


def scores_of_pairs(labels, lists):
    """scikit-learn's scores of the pairs of a poster and one of its values."""
    clusters = [label for label, one in zip(labels, lists, strict=True) for _ in one]
    values = [value for one in lists for value in one]
    return adjusted_mutual_info_score(values, clusters), v_measure_score(values, clusters)


def make_films(n_posters, n_clusters, strength, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_clusters, n_posters)
    names = np.array([f"Genre {number}" for number in range(n_clusters)])
    own = np.where(rng.random(n_posters) < strength, names[labels], rng.choice(names, n_posters))
    more = np.where(rng.random(n_posters) < 0.5, rng.choice(names, n_posters), "")
    even_more = np.where(rng.random(n_posters) < 0.3, "Drama", "")
    return labels, pd.Series(own) + "|" + more + "|" + even_more


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(st.integers(-1, 3), st.sets(st.sampled_from("abcde"), max_size=3)),
        min_size=1,
        max_size=25,
    )
)
def test_scores_are_those_of_scikit_learn_over_the_pairs(posters):
    labels = np.array([label for label, _ in posters])
    lists = [sorted(values) for _, values in posters]
    membership, _ = value_matrix(pd.Series(["|".join(one) for one in lists]))
    known = np.array([bool(one) for one in lists])
    if not known.any():
        return
    scores = agreement_scores(pair_counts(labels[known], membership[known]))
    np.testing.assert_allclose(scores, scores_of_pairs(labels, lists), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_values_and_chance_are_those_of_a_plain_loop(strength):
    labels, genres = make_films(150, 4, strength)
    genres[[3, 30, 90]] = ["", None, "|"]
    found = agreement(labels, genres, n_shuffles=199, random_state=5)
    known = np.array([bool(one) for one in value_lists(genres)])
    lists = [one for one in value_lists(genres) if one]
    rng = np.random.default_rng(5)
    scores = np.array([scores_of_pairs(rng.permutation(labels[known]), lists) for _ in range(199)])
    data = scores_of_pairs(labels, value_lists(genres))
    np.testing.assert_allclose(found["value"], data, rtol=1e-9)
    np.testing.assert_allclose(found["chance"], scores.mean(axis=0), rtol=1e-9)
    low, high = np.percentile(scores, [2.5, 97.5], axis=0)
    np.testing.assert_allclose(found["chance_low"], low, rtol=1e-9)
    np.testing.assert_allclose(found["chance_high"], high, rtol=1e-9)
    at_least = (scores.round(12) >= np.round(data, 12)).sum(axis=0)
    np.testing.assert_allclose(found["p_value"], (1 + at_least) / 200)
    assert list(found) == COLUMNS
    assert set(found["n_posters"]) == {147} and set(found["n_shuffles"]) == {199}


def test_unrelated_genres_are_below_five_percent_about_one_time_in_twenty():
    small = [
        agreement(*make_films(60, 3, 0.0, seed=seed))["p_value"].iloc[0] <= 0.05
        for seed in range(12)
    ]
    assert sum(small) <= 3


def test_five_thousand_posters_take_seconds():
    labels, genres = make_films(5000, 25, 0.1)
    start = time.perf_counter()
    table = agreement(labels, genres)
    assert time.perf_counter() - start < 20
    assert (table["p_value"] == 1 / 200).all()


def test_same_seed_same_table_whatever_the_threads_or_the_numbers_of_clusters():
    labels, genres = make_films(80, 4, 0.2)
    tables = []
    for threads in (1, 3):
        with threadpool_limits(threads):
            tables.append(agreement(labels, genres))
    tables.append(agreement(10 * labels - 5, genres))
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], check_exact=True)
    other = agreement(labels, genres, random_state=10)
    assert other["value"].tolist() == tables[0]["value"].tolist()
    assert other["chance"].tolist() != tables[0]["chance"].tolist()


def test_the_most_and_the_least_that_clusters_can_agree():
    labels = np.repeat([0, 1, 2], 10)
    same = agreement(labels, pd.Series(list("abc")).repeat(10))
    np.testing.assert_allclose(same["value"], 1)
    assert (same["p_value"] == 1 / 200).all()
    for one_sided in (
        agreement(labels, pd.Series(["Drama"] * 30)),
        agreement(np.zeros(30, int), pd.Series(list("abc") * 10)),
    ):
        assert one_sided["value"].tolist() == [0, 0]
        assert one_sided["p_value"].tolist() == [1, 1]
    single = agreement(np.arange(4), pd.Series(list("abcd")))
    np.testing.assert_allclose(single["value"], 1)
    assert single["p_value"].tolist() == [1, 1]


def test_clusters_without_a_known_poster_do_not_matter():
    labels, genres = make_films(100, 3, 0.5)
    more = np.append(labels, [7, 7, 0])
    table = agreement(more, pd.concat([genres, pd.Series(["", None, " | "])]))
    pd.testing.assert_frame_equal(table, agreement(labels, genres), check_exact=True)
    sentence = agreement_finding(table, n_posters=103)
    assert sentence.endswith("3 posters have no genre and were left out.")
    assert agreement_finding(table, n_posters=101).endswith(
        "1 poster has no genre and was left out."
    )


def test_no_metadata_at_all_is_said():
    table = agreement(np.arange(4) % 2, pd.Series(["", None, "|", " "]))
    assert table.empty and list(table) == COLUMNS
    assert agreement_finding(table, n_posters=4).startswith("No poster has a value")


@pytest.mark.parametrize(
    "text", ["<script>", "$x$", "🎬 七人の侍", "\u202eשלום", "'\"%s{0}", "é" * 999]
)
def test_values_are_only_compared(text):
    labels, genres = make_films(80, 3, 0.5)
    other = genres.str.replace("Genre 1", text)
    pd.testing.assert_frame_equal(agreement(labels, genres), agreement(labels, other))


def test_another_column_and_separator():
    labels, genres = make_films(80, 3, 0.5)
    table = agreement(labels, genres.str.replace("|", ";"), column="mood", separator=";")
    assert set(table["column"]) == {"mood"}
    assert table["value"].tolist() == agreement(labels, genres)["value"].tolist()
    assert "agree with the mood beyond chance" in agreement_finding(table, n_posters=80)


@pytest.mark.parametrize(
    ("p_values", "words"),
    [
        ([0.005, 0.05], "The clusters agree with the genre beyond chance"),
        ([0.3, 0.051], "The clusters agree with the genre no better than chance"),
        ([0.04, 0.06], "By one of two measures only"),
    ],
)
def test_the_words_follow_the_p_values(p_values, words):
    table = agreement(*make_films(60, 3, 0.5)).assign(p_value=p_values)
    sentence = agreement_finding(table, n_posters=60)
    assert sentence.startswith(words) and "left out" not in sentence
    assert f"{table['value'][0]:.3f}" in sentence and "199 shuffles" in sentence


def test_what_does_not_fit_is_refused():
    labels, genres = make_films(20, 3, 0.5)
    with pytest.raises(InputError, match="genre is of 20 posters and the clusters are of 19"):
        agreement(labels[1:], genres)
    with pytest.raises(InputError, match="n_shuffles is 198; valid values are 199 and more"):
        agreement(labels, genres, n_shuffles=198)

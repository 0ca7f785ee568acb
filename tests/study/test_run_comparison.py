"""Comparing runs: oracles for the counts, what renumbering must not change, posters only one run has."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from poster_analysis.core.errors import InputError
from poster_analysis.study.comparison import (
    agreement_of_runs,
    changed_cluster_mates,
    differing_neighbours,
    match_clusters,
    neighbour_overlap,
    sweeps_side_by_side,
    verdicts_side_by_side,
)
from poster_analysis.words.comparison import (
    agreement_findings,
    cluster_mates_finding,
    overlap_finding,
    verdict_findings,
)

IDS = [f"tt{n:03d}" for n in range(30)]
labels = st.lists(st.integers(0, 4), min_size=2, max_size=30)
both_labels = st.integers(2, 30).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 5), min_size=n, max_size=n)] * 2)
)


def clusters(labels, ids=IDS):
    return pd.DataFrame(
        {"imdb_id": ids[: len(labels)], "title": "<b>$x$</b>", "cluster": list(labels)}
    )


def lists(rng, ids, n):
    """Random neighbours of each poster."""
    rows = []
    for one in ids:
        near = rng.permutation([other for other in ids if other != one])[:n]
        rows += [(one, rank, other) for rank, other in enumerate(near, start=1)]
    return pd.DataFrame(rows, columns=["imdb_id", "rank", "neighbour_id"])


@settings(max_examples=30)
@given(both_labels)
def test_mates_that_stay_are_those_of_the_sets_of_mates(pair):
    a, b = pair
    found = changed_cluster_mates(clusters(a), clusters(b)).set_index("imdb_id")["jaccard"]
    for row, imdb_id in enumerate(IDS[: len(a)]):
        mates = [{j for j, x in enumerate(one) if x == one[row]} - {row} for one in pair]
        either = mates[0] | mates[1]
        expected = len(mates[0] & mates[1]) / len(either) if either else 1
        assert found[imdb_id] == pytest.approx(expected)


@settings(max_examples=30)
@given(both_labels)
def test_a_matching_is_one_to_one_and_as_good_as_any(pair):
    table = match_clusters(*map(clusters, pair))
    matched = table[table["matched"]]
    assert matched["cluster_a"].is_unique and matched["cluster_b"].is_unique
    assert table["n_common"].sum() == len(pair[0])
    # a greedy matching, and each identity of numbers, is never better
    greedy, left = 0, table[table["n_common"] > 0]
    while len(left):
        best = left.loc[left["n_common"].idxmax()]
        greedy += best["n_common"]
        left = left[
            (left["cluster_a"] != best["cluster_a"]) & (left["cluster_b"] != best["cluster_b"])
        ]
    same = table[table["cluster_a"] == table["cluster_b"]]["n_common"].sum()
    assert matched["n_common"].sum() >= max(greedy, same)


@settings(max_examples=30)
@given(both_labels, st.permutations(range(6)))
def test_agreement_is_that_of_scikit_learn_and_does_not_mind_how_clusters_are_numbered(pair, order):
    a, b = pair
    renamed = [order[label] for label in b]
    row = agreement_of_runs({"a": clusters(a), "b": clusters(b)}).iloc[0]
    again = agreement_of_runs({"a": clusters(a), "b": clusters(renamed)}).iloc[0]
    assert row["adjusted_mutual_info"] == pytest.approx(adjusted_mutual_info_score(a, b))
    assert row["adjusted_rand"] == pytest.approx(adjusted_rand_score(a, b))
    for name in ("adjusted_mutual_info", "adjusted_rand", "share_matched"):
        assert row[name] == pytest.approx(again[name])


@settings(max_examples=30)
@given(labels)
def test_a_run_agrees_with_itself(one):
    table = clusters(one)
    row = agreement_of_runs({"a": table, "b": table[::-1]}).iloc[0]
    assert row["adjusted_rand"] == row["share_matched"] == 1
    assert (changed_cluster_mates(table, table)["jaccard"] == 1).all()


def test_only_posters_in_both_runs_count_and_the_others_are_counted():
    a, b = clusters([0, 0, 1, 1, 2]), clusters([0, 1, 1, 0], ids=IDS[3:])
    pairs = agreement_of_runs({"a": a, "b": b})
    assert pairs.iloc[0][["n_posters", "n_only_a", "n_only_b"]].tolist() == [2, 3, 2]
    assert set(changed_cluster_mates(a, b)["imdb_id"]) == {IDS[3], IDS[4]}
    assert "3 posters only in a and 2 only in b" in agreement_findings(pairs)[-1]


def test_runs_without_a_common_poster_are_one_line_and_no_reason_to_lose_the_others():
    a, b = clusters([0, 0, 1]), clusters([0, 1], ids=IDS[10:])
    for call in (changed_cluster_mates, match_clusters):
        with pytest.raises(InputError, match="no poster in common"):
            call(a, b)
    pairs = agreement_of_runs({"a": a, "b": b, "c": a})
    assert pairs["n_posters"].tolist() == [0, 3, 0]
    assert pairs["adjusted_rand"].isna().tolist() == [True, False, True]
    said = agreement_findings(pairs)
    assert sum("no poster in common" in sentence for sentence in said) == 2


def test_faulty_tables_are_named():
    with pytest.raises(InputError, match="second run has no column cluster"):
        changed_cluster_mates(clusters([0, 1]), clusters([0, 1]).drop(columns="cluster"))
    with pytest.raises(InputError, match="first run has the poster 'tt000' twice"):
        match_clusters(clusters([0, 1], ids=[IDS[0]] * 2), clusters([0, 1]))
    with pytest.raises(InputError, match="no runs to compare"):
        sweeps_side_by_side({})
    with pytest.raises(InputError, match="sweep of x has no column k"):
        sweeps_side_by_side({"x": pd.DataFrame({"space": ["pca"], "silhouette": [0]})})
    near = lists(np.random.default_rng(9), IDS[:5], 2)
    with pytest.raises(InputError, match="n_neighbors is 0"):
        neighbour_overlap(near, near, n_neighbors=0)
    with pytest.raises(InputError, match="first run has no rows"):
        neighbour_overlap(near[:0], near)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(1, 8), st.integers(1, 10))
def test_overlap_is_that_of_the_nearest_among_the_shared_posters(seed, n_a, n_b, n):
    rng = np.random.default_rng(seed)
    a, b = lists(rng, IDS[:12], n_a), lists(rng, IDS[3:15], n_b)
    shared = IDS[3:12]
    table = neighbour_overlap(a, b, n_neighbors=n).set_index("imdb_id")
    differing = differing_neighbours(a, b, n_neighbors=n)
    for one in shared:
        near = [[q for q in t[t["imdb_id"] == one]["neighbour_id"] if q in shared] for t in (a, b)]
        m = min(n, *map(len, near))
        if m == 0:
            assert one not in table.index
            continue
        first, second = (set(some[:m]) for some in near)
        assert table.loc[one, "n_neighbors"] == m
        assert table.loc[one, "overlap"] == pytest.approx(len(first & second) / m)
        rows = differing[differing["imdb_id"] == one]
        assert set(rows["neighbour_id"]) == first ^ second
        assert set(rows[rows["rank_b"].isna()]["neighbour_id"]) == first - second
    assert table["overlap"].is_monotonic_increasing
    assert set(differing["imdb_id"]) == set(table.index[table["overlap"] < 1])


def test_unrelated_lists_overlap_as_much_as_chance_says():
    rng = np.random.default_rng(9)
    tables = [neighbour_overlap(lists(rng, IDS, 6), lists(rng, IDS, 6)) for _ in range(20)]
    mean = np.mean([table["overlap"].mean() for table in tables])
    assert mean == pytest.approx(tables[0]["chance"].iloc[0], abs=0.02)


def test_titles_are_passed_on_as_they_are():
    rng = np.random.default_rng(9)
    titles = {one: "<script>$x$" for one in IDS[:4]}
    a, b = lists(rng, IDS[:6], 2), lists(rng, IDS[:6], 2)
    rows = differing_neighbours(a, b, titles=titles)
    assert set(rows["title"]) | set(rows["neighbour_title"]) == {"<script>$x$", ""}


def sweep(k=(2, 3, 4), best=3, **more):
    k = np.array(k)
    return pd.DataFrame({"space": "pca", "k": k, "silhouette": 0.5 - 0.1 * abs(k - best)} | more)


def test_a_run_without_null_models_says_so_and_is_not_taken_for_one_that_supports_nothing():
    sweeps = sweeps_side_by_side({"plain": sweep(), "held": sweep()})
    nothing = pd.DataFrame({"space": ["pca"], "outcome": ["nothing"], "k_supported": [pd.NA]})
    table = verdicts_side_by_side(sweeps, {"held": nothing})
    assert table["outcome"].tolist() == ["not compared", "nothing"]
    assert table["k_supported"].isna().all() and table["k_best"].tolist() == [3, 3]
    said = verdict_findings(table)
    assert said[0].endswith("there is nothing beyond chance in 1 of 2 runs (held).")
    assert said[1].endswith("it was not asked whether there are groups in 1 of 2 runs (plain).")
    assert "in the run (plain)" in verdict_findings(table[:1])[0]


def test_of_many_runs_the_extremes_are_told():
    runs = {f"r{n}": sweep(best=3 + n / 100) for n in range(9)}
    _, first = verdict_findings(verdicts_side_by_side(sweeps_side_by_side(runs), {}))
    assert "(r0)" in first and "(r8)" in first and "r4" not in first and "9 runs" in first
    rng = np.random.default_rng(9)
    pairs = agreement_of_runs({f"r{n}": clusters(rng.integers(0, 3, 30)) for n in range(4)})
    said = agreement_findings(pairs)
    assert said[0].startswith("Of 6 pairs") and len(said) == 3


def test_sentences_count_what_the_tables_hold():
    same = clusters([0, 0, 1, 1])
    assert cluster_mates_finding(changed_cluster_mates(same, same), "a", "b").endswith(
        "all of 4 posters keep all cluster mates."
    )
    other = clusters([0, 1, 0, 1])
    assert " 4 of 4 posters keep fewer" in cluster_mates_finding(
        changed_cluster_mates(same, other), "a", "b"
    )
    near = lists(np.random.default_rng(9), IDS[:8], 3)
    said = overlap_finding(neighbour_overlap(near, near), "a", "b")
    assert "100 % in common" in said and "for 8 of 8 posters, none for 0" in said

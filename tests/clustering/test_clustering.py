"""Sweeps, clusterings and the number of components, held against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from poster_analysis.clustering import components
from poster_analysis.clustering.components import components_sweep, shares_not_tried
from poster_analysis.clustering.sweep import cluster, sweep
from poster_analysis.core.errors import InputError
from poster_analysis.distances.measure import row_distances
from poster_analysis.reduction.spaces import nmf_space, pca_space, raw_space


def features(n_rows=240, n_features=700):
    """Skewed features with a few groups that run into each other, copies and a row of zeros."""
    rng = np.random.default_rng(0)
    groups = rng.normal(size=(4, n_features))[rng.integers(0, 4, n_rows)]
    X = np.maximum(0.4 * groups + rng.normal(size=(n_rows, n_features)) - 0.7, 0)
    X[5:8] = X[4]
    X[100] = 0
    return sp.csr_array(X.astype(np.float32))


@pytest.fixture(scope="module")
def made():
    """Features, their distances, and the three spaces."""
    X = features()
    distances = row_distances(X)
    spaces = {
        "raw": raw_space(X),
        "pca": pca_space(X, n_components=12, distances=distances),
        "nmf": nmf_space(X, n_components=6),
    }
    return X, distances, spaces


@pytest.mark.parametrize("name", ["raw", "pca", "nmf"])
def test_every_number_of_a_sweep_is_that_of_scikit_learn(made, name):
    X, distances, spaces = made
    space = spaces[name]
    found = sweep(space, distances, k_min=3, k_max=7, n_init=1, random_state=3)
    rows = space.X.toarray() if sp.issparse(space.X) else space.X
    rows = normalize(X.toarray().astype(np.float64)) if name == "raw" else rows.astype(np.float64)
    assert list(found.labels.columns) == ["k3", "k4", "k5", "k6", "k7"]
    for row in found.table.itertuples():
        labels = found.labels[f"k{row.k}"]
        oracle = KMeans(row.k, n_init=1, tol=0, random_state=3).fit(rows)
        assert metrics.adjusted_rand_score(labels, oracle.labels_) == 1
        np.testing.assert_allclose(row.inertia, oracle.inertia_, rtol=1e-6)
        exact = metrics.silhouette_score(rows, labels)
        np.testing.assert_allclose(row.silhouette, exact, atol=1e-5)
        exact = metrics.silhouette_score(X.toarray().astype(np.float64), labels)
        np.testing.assert_allclose(row.silhouette_original, exact, atol=1e-5)
        sizes = labels.value_counts()
        assert (row.smallest_cluster, row.largest_cluster) == (sizes.min(), sizes.max())


def test_labels_do_not_depend_on_the_range_they_were_part_of(made):
    _, distances, spaces = made
    for space in spaces.values():
        wide = sweep(space, distances, k_min=2, k_max=9, n_init=2)
        narrow = sweep(space, distances, k_min=6, k_max=7, n_init=2)
        pd.testing.assert_frame_equal(narrow.labels, wide.labels[["k6", "k7"]])
        part = wide.table.iloc[4:6].reset_index(drop=True)
        pd.testing.assert_frame_equal(narrow.table, part, check_exact=True)


def test_a_sweep_without_kept_distances_is_as_good(made):
    X, distances, spaces = made
    not_kept = row_distances(X, memory_budget=1000)
    kept, again = (sweep(spaces["pca"], d, k_min=3, k_max=5) for d in (distances, not_kept))
    pd.testing.assert_frame_equal(again.labels, kept.labels)
    pd.testing.assert_frame_equal(again.table, kept.table, rtol=1e-6)
    # raw features go by scikit-learn then, whose starts on sparse rows may end elsewhere
    kept, again = (sweep(spaces["raw"], d, k_min=3, k_max=5).table for d in (distances, not_kept))
    np.testing.assert_allclose(again["inertia"], kept["inertia"], rtol=1e-3)
    np.testing.assert_allclose(again["silhouette"], kept["silhouette"], atol=2e-3)


def test_sweeps_do_not_depend_on_the_number_of_threads():
    X = features(600)
    seen = []
    for n_threads in (1, 2, 4):
        with threadpool_limits(n_threads):
            distances = row_distances(X)
            for space in (raw_space(X), pca_space(X, n_components=9), nmf_space(X, n_components=5)):
                seen.append(sweep(space, distances, k_min=4, k_max=9, n_init=2))
    for first, *others in zip(seen[:3], seen[3:6], seen[6:], strict=True):
        for other in others:
            pd.testing.assert_frame_equal(other.table, first.table, check_exact=True)
            pd.testing.assert_frame_equal(other.labels, first.labels)


def test_more_starts_never_raise_the_inertia(made):
    _, distances, spaces = made
    for space in spaces.values():
        one, ten = (sweep(space, distances, k_min=4, k_max=12, n_init=n).table for n in (1, 10))
        assert (ten["inertia"] <= one["inertia"] * (1 + 1e-9)).all()


def test_the_table_of_one_clustering_is_whole(made):
    X, distances, spaces = made
    for space in spaces.values():
        found = cluster(space, distances, n_clusters=5)
        table = found.table
        swept = sweep(space, distances, k_min=5, k_max=6)
        assert (table["cluster"] == swept.labels["k5"]).all()
        assert found.silhouette == pytest.approx(swept.table["silhouette"].iloc[0])
        assert found.inertia == swept.table["inertia"].iloc[0]
        assert table["row"].tolist() == list(range(X.shape[0]))
        assert len(set(table["cluster"].iloc[4:8])) == 1
        for _, members in table.groupby("cluster"):
            assert sorted(members["rank"]) == list(range(1, len(members) + 1))
        copies = table["rank"].iloc[4:8]
        assert copies.tolist() == list(range(copies.iloc[0], copies.iloc[0] + 4))


def test_a_sweep_has_the_clustering_at_any_k_to_the_last_bit(made):
    X, distances, spaces = made
    for kept in (distances, row_distances(X, memory_budget=1000)):
        for space in spaces.values():
            swept = sweep(space, kept, k_min=4, k_max=7, n_init=2, random_state=5)
            for k in (4, 6):
                found, again = (
                    swept.at(k),
                    cluster(space, kept, n_clusters=k, n_init=2, random_state=5),
                )
                pd.testing.assert_frame_equal(found.table, again.table, check_exact=True)
                assert found.inertia == again.inertia and found.parameters == again.parameters
                assert type(found.inertia) is type(again.inertia)


@pytest.mark.parametrize("k", [3, 8])
def test_a_sweep_has_no_clustering_outside_of_its_range(made, k):
    _, distances, spaces = made
    with pytest.raises(InputError, match=f"k = 4 to 7 and has no clusters at k = {k}"):
        sweep(spaces["pca"], distances, k_min=4, k_max=7, n_init=1, n_splits=0).at(k)


def test_the_first_rank_is_nearest_to_the_centre(made):
    X, distances, spaces = made
    table = cluster(spaces["raw"], distances, n_clusters=4).table
    rows = normalize(X.toarray().astype(np.float64))
    for _, members in table.groupby("cluster"):
        own = rows[members["row"]]
        order = np.linalg.norm(own - own.mean(axis=0), axis=1)[np.argsort(members["rank"])]
        assert (np.diff(order) >= -1e-6).all()


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ({"k_min": 1, "k_max": 5}, "1 clusters were asked for.*valid numbers are 2 to 237"),
        ({"k_min": 5, "k_max": 240}, "240 posters, 237 of them distinct; valid numbers are 2 to"),
        ({"k_min": 8, "k_max": 5}, "runs backwards: k_min is 8 and k_max is 5"),
        ({"k_min": 3, "k_max": 5, "n_init": 0}, "n_init is 0; valid values are 1 and more"),
    ],
)
def test_a_range_that_cannot_be_tried_is_refused_in_one_line(made, ask, said):
    _, distances, spaces = made
    with pytest.raises(InputError, match=said) as caught:
        sweep(spaces["raw"], distances, **ask)
    assert "\n" not in str(caught.value)


def test_a_space_of_other_posters_is_refused(made):
    _, distances, _ = made
    other = raw_space(features()[:50])
    with pytest.raises(InputError, match="50 posters and the distances 240"):
        sweep(other, distances, k_min=2, k_max=3)


def test_two_posters_have_no_clusters():
    X = np.eye(2, 5)
    with pytest.raises(InputError, match="clusters need at least 3"):
        cluster(raw_space(X), row_distances(X), n_clusters=2)


def test_posters_that_are_all_the_same_have_no_clusters():
    X = np.ones((9, 5))
    with pytest.raises(InputError, match="1 of them distinct"):
        cluster(raw_space(X), row_distances(X), n_clusters=2)


def test_the_number_of_components_is_scored_as_by_hand(made):
    X, distances, spaces = made
    table = components_sweep(
        spaces["pca"], distances, n_components=(3, 12, 5000), n_clusters=4, n_init=2
    )
    assert (table["space"] == "pca").all() and table["n_components"].is_monotonic_increasing
    for row in table.itertuples():
        space = pca_space(X, n_components=row.n_components)
        by_hand = cluster(space, distances, n_clusters=4, n_init=2)
        np.testing.assert_allclose(row.silhouette, by_hand.silhouette, atol=1e-4)
        ratio = space.explained_variance_ratio.sum()
        np.testing.assert_allclose(row.explained_variance, ratio, rtol=1e-4)
    assert set(table["n_components"]) >= {3, 12} and len(table) == 4
    assert table["explained_variance"].iloc[-1] >= 0.99 - 1e-6


def test_nmf_is_fitted_anew_for_each_number_of_components(made):
    X, distances, spaces = made
    table = components_sweep(spaces["nmf"], distances, n_components=(3, 6), n_clusters=4, n_init=2)
    assert table["n_components"].tolist() == [3, 6] and table["explained_variance"].isna().all()
    for row in table.itertuples():
        by_hand = cluster(
            nmf_space(X, n_components=row.n_components), distances, n_clusters=4, n_init=2
        )
        assert row.silhouette == by_hand.silhouette
    with pytest.raises(InputError, match="valid spaces are pca and nmf"):
        components_sweep(spaces["raw"], distances)


@pytest.mark.parametrize("kept", [True, False])
def test_where_all_axes_cost_too_much_all_components_stand_for_shares_beyond_the_leading_ones(
    made, monkeypatch, kept
):
    X, distances, spaces = made
    wanted = {"n_components": (3, 12), "variance": (0.2, 0.95, 0.99), "n_clusters": 4, "n_init": 2}
    usual = components_sweep(spaces["pca"], distances, **wanted)
    assert shares_not_tried(usual, wanted["variance"]) == []
    for name in ("ALL_WANTED", "ALL_AXES", "COVARIANCE"):
        monkeypatch.setattr(components, name, 100)
    monkeypatch.setattr(components, "MOST_AXES", 40)
    measured = distances if kept else row_distances(X, memory_budget=0)
    table = components_sweep(spaces["pca"], measured, **wanted)
    assert shares_not_tried(table, wanted["variance"]) == [0.95, 0.99]
    pd.testing.assert_frame_equal(table.iloc[:-1], usual.iloc[: len(table) - 1], atol=2e-3)
    last = table.iloc[-1]
    assert last["n_components"] == distances.n_distinct - 1 and last["explained_variance"] == 1
    everything = cluster(spaces["raw"], measured, n_clusters=4, n_init=2)
    assert last["silhouette"] == everything.silhouette
    few = components_sweep(spaces["pca"], measured, **wanted | {"variance": ()})
    assert few["n_components"].tolist() == [3, 12]

"""Distances, reduction and clustering against double precision and scikit-learn."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.decomposition import NMF, PCA
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics import silhouette_samples as oracle_silhouettes
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from poster_analysis.clustering import sweep as clustering
from poster_analysis.core.errors import InputError
from poster_analysis.distances.measure import (
    row_distances,
)
from poster_analysis.distances.neighbours import (
    nearest_neighbours,
)
from poster_analysis.distances.silhouettes import (
    silhouette_samples,
)
from poster_analysis.reduction import spaces as reduction


def rectified(n_rows=240, n_features=600, seed=0):
    """Features as a network gives them: not negative, sparse, of a few hidden directions."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(n_rows, 12)) @ rng.normal(size=(12, n_features))
    return np.maximum(hidden - 2 + rng.normal(size=hidden.shape), 0).astype(np.float32)


def hard_rows(seed=0):
    """Rows with exact copies, near copies, scaled copies and a row of zeros."""
    X = rectified(80, 300, seed)
    X[3] = X[4] = X[5]
    X[7] = X[8] * (1 + 1e-6)
    X[9] = X[10]
    X[9, 0] += 1e-2
    X[11] = 3 * X[12]
    X[13] = 0
    return X


# distances


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("normalised", [True, False])
def test_distances_are_those_of_double_precision(kind, keep, normalised):
    X = hard_rows()
    exact = normalize(X.astype(np.float64)) if normalised else X.astype(np.float64)
    oracle = cdist(exact, exact, "sqeuclidean")
    found = row_distances(kind(X), keep=keep).squared(np.arange(len(X)), normalised=normalised)
    scale = 1 if normalised else np.square(exact).sum(axis=1).max()
    assert np.abs(found - oracle).max() < 2e-6 * scale
    near = (oracle < 1e-3 * scale) & (oracle > 1e-9 * scale)
    assert near.any() and np.abs(found[near] / oracle[near] - 1).max() < 1e-3
    assert (found[oracle == 0] == 0).all()


@pytest.mark.parametrize("normalised", [True, False])
def test_every_silhouette_is_that_of_scikit_learn(normalised):
    X = hard_rows()
    rng = np.random.default_rng(1)
    labels = np.stack([rng.integers(0, k, len(X)) * 3 for k in (2, 5, 20)], axis=1)
    labels[0, 1] = 99  # a cluster of one
    found = silhouette_samples(row_distances(X), labels, normalised=normalised)
    exact = normalize(X.astype(np.float64)) if normalised else X.astype(np.float64)
    for column in range(labels.shape[1]):
        oracle = oracle_silhouettes(cdist(exact, exact), labels[:, column], metric="precomputed")
        np.testing.assert_allclose(found[:, column], oracle, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.booleans())
def test_neighbours_are_those_of_a_full_matrix_ids_and_order(seed, n_neighbors, dense):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 3, size=(30, 4)).astype(np.float32)  # many ties
    order = rng.permutation(30)
    exact = normalize(X.astype(np.float64))
    scores = np.clip(exact @ exact.T, -1, 1).round(6)
    rows, similarities = nearest_neighbours(
        X if dense else sp.csr_array(X), n_neighbors=n_neighbors, order=order
    )
    for row in range(30):
        others = [other for other in range(30) if other != row]
        wanted = sorted(others, key=lambda other: (-scores[row, other], order[other]))
        assert rows[row].tolist() == wanted[:n_neighbors]
        np.testing.assert_allclose(similarities[row], scores[row, wanted[:n_neighbors]], atol=1e-9)


def test_a_film_asked_alone_has_the_neighbours_it_has_among_all():
    X = rectified()
    rows, similarities = nearest_neighbours(X, n_neighbors=6)
    for row in (0, 17, 239):
        alone = nearest_neighbours(X, n_neighbors=6, queries=np.array([row]))
        assert alone[0][0].tolist() == rows[row].tolist()
        assert alone[1][0].tolist() == similarities[row].tolist()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_no_numbers_are_refused(value):
    X = rectified(20, 10)
    X[3, 4] = value
    with pytest.raises(InputError, match="NaN"):
        row_distances(X)


@pytest.mark.parametrize("n_neighbors", [0, 20, -1])
def test_the_valid_number_of_neighbours_is_said(n_neighbors):
    with pytest.raises(InputError, match="1 to 19"):
        nearest_neighbours(rectified(20, 10), n_neighbors=n_neighbors)


# reduction


@pytest.mark.parametrize("shape", [(120, 400), (300, 40)])
def test_pca_is_that_of_scikit_learn(shape):
    X = rectified(*shape)
    space = reduction.pca_space(sp.csr_array(X), n_components=10)
    oracle = PCA(10, svd_solver="full").fit(normalize(X.astype(np.float64)))
    np.testing.assert_allclose(
        space.explained_variance_ratio, oracle.explained_variance_ratio_, rtol=1e-4
    )
    scores = oracle.transform(normalize(X.astype(np.float64)))
    signs = np.sign((space.X * scores).sum(axis=0))
    np.testing.assert_allclose(space.X * signs, scores, atol=2e-4)


@pytest.mark.parametrize("n_components", [5, 20])
def test_nmf_is_as_good_as_scikit_learns_with_200_iterations(n_components):
    X = rectified(150, 300)
    space = reduction.nmf_space(X, n_components=n_components)
    oracle = NMF(n_components, init="nndsvda", max_iter=200, random_state=9, tol=0)
    with warnings.catch_warnings(action="ignore"):
        oracle.fit(X.astype(np.float64))
    assert space.reconstruction_error <= oracle.reconstruction_err_ * (1 + 5e-4)
    assert space.W.min() >= 0 and space.components.min() >= 0
    left = np.linalg.norm(X - space.W @ space.components)
    assert space.reconstruction_error == pytest.approx(left, rel=1e-4)


def test_nmf_refuses_negative_features_and_says_what_to_do():
    with pytest.raises(InputError, match="negative"):
        reduction.nmf_space(rectified(30, 20) - 1, n_components=3)


@pytest.mark.parametrize("fit", [reduction.pca_space, reduction.nmf_space])
@pytest.mark.parametrize("n_components", [0, 21])
def test_the_valid_number_of_components_is_said(fit, n_components):
    with pytest.raises(InputError, match="1 to 20"):
        fit(rectified(30, 20), n_components=n_components)


def test_identical_posters_have_identical_coordinates():
    X = hard_rows()
    for fit in (reduction.pca_space, reduction.nmf_space):
        space = fit(X, n_components=8)
        assert (space.X[3] == space.X[5]).all() and (space.X[4] == space.X[5]).all()


# clustering


@pytest.mark.parametrize("space_of", [reduction.raw_space, reduction.pca_space])
def test_one_start_has_the_inertia_of_scikit_learn_with_the_same_seed(space_of):
    X = rectified()
    space, distances = space_of(X), row_distances(X)
    for k in (3, 8, 15):
        found = clustering.cluster(space, distances, n_clusters=k, n_init=1, random_state=4)
        oracle = KMeans(k, n_init=1, random_state=4, tol=0).fit(space.X.astype(np.float64))
        assert found.inertia <= oracle.inertia_ * (1 + 1e-6)
        assert adjusted_rand_score(found.table.cluster, oracle.labels_) == 1


def test_labels_do_not_depend_on_the_number_of_threads():
    X = rectified()
    labels = []
    for n_threads in (1, 2, 4):
        with threadpool_limits(n_threads):
            swept = clustering.sweep(reduction.raw_space(X), row_distances(X), k_min=2, k_max=9)
            labels.append(swept.labels.to_numpy().tobytes() + swept.table.to_csv().encode())
    assert len(set(labels)) == 1


def test_the_table_of_a_sweep_follows_from_its_labels():
    X = rectified()
    space, distances = reduction.pca_space(X, n_components=10), row_distances(X)
    swept = clustering.sweep(space, distances, k_min=2, k_max=6)
    Z, original = space.X.astype(np.float64), X.astype(np.float64)
    for row in swept.table.itertuples():
        labels = swept.labels[f"k{row.k}"].to_numpy()
        centres = np.stack([Z[labels == cluster].mean(axis=0) for cluster in range(row.k)])
        assert row.inertia == pytest.approx(np.square(Z - centres[labels]).sum(), rel=1e-5)
        assert row.silhouette == pytest.approx(oracle_silhouettes(Z, labels).mean(), abs=1e-5)
        expected = oracle_silhouettes(original, labels).mean()
        assert row.silhouette_original == pytest.approx(expected, abs=1e-5)
        sizes = np.bincount(labels)
        assert (sizes[:-1] >= sizes[1:]).all(), "clusters are numbered by size"
        assert (row.largest_cluster, row.smallest_cluster) == (sizes.max(), sizes.min())


def test_more_clusters_than_distinct_posters_are_refused_with_the_range():
    X = np.repeat(rectified(6, 20), 5, axis=0)
    space, distances = reduction.raw_space(X), row_distances(X)
    assert clustering.cluster(space, distances, n_clusters=6).silhouette == pytest.approx(
        1, abs=1e-3
    )
    with pytest.raises(InputError, match="2 to 6"):
        clustering.cluster(space, distances, n_clusters=7)
    with pytest.raises(InputError, match="backwards"):
        clustering.sweep(space, distances, k_min=5, k_max=3)


def test_rank_counts_from_the_poster_nearest_the_centre():
    X = rectified()
    space = reduction.pca_space(X, n_components=10)
    table = clustering.cluster(space, row_distances(X), n_clusters=5).table
    Z = space.X.astype(np.float64)
    for cluster, members in table.groupby("cluster"):
        rows = members.sort_values("rank").row.to_numpy()
        assert sorted(members["rank"]) == list(range(1, len(members) + 1)), cluster
        apart = np.linalg.norm(Z[rows] - Z[rows].mean(axis=0), axis=1)
        assert (np.diff(apart) > -1e-5).all()


def test_where_posters_are_exactly_between_centres_the_end_is_an_optimum_all_the_same():
    """Few different values and a row of zeros: labels may differ from scikit-learn's, the inertia hardly."""
    rng = np.random.default_rng(0)
    X = (rng.random((60, 12)) < 0.15).astype(np.float32)
    X[5] = 0
    space, distances = reduction.raw_space(X), row_distances(X)
    rows = normalize(X.astype(np.float64))
    for k in (3, 6):
        found = clustering.cluster(space, distances, n_clusters=k, n_init=10, random_state=4)
        labels = found.table.cluster.to_numpy()
        centres = np.stack([rows[labels == one].mean(axis=0) for one in range(k)])
        squared = cdist(rows, centres, "sqeuclidean")
        np.testing.assert_allclose(squared[np.arange(60), labels], squared.min(axis=1), atol=1e-6)
        oracle = KMeans(k, n_init=10, random_state=4, tol=0).fit(rows)
        assert found.inertia <= 1.02 * oracle.inertia_

"""k-means from distances and from coordinates, held against scikit-learn."""

import numpy as np
import pytest
import scipy.sparse as sp
from shapeless import make
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import normalize

from poster_analysis.clustering import k_means
from poster_analysis.clustering.k_means import k_means_of_distances, k_means_of_rows
from poster_analysis.distances.measure import row_distances


def shapeless(n_rows=300, n_features=40, random_state=0):
    """One skewed cloud: no clusters, so that every start ends elsewhere."""
    rng = np.random.default_rng(random_state)
    return rng.gamma(0.7, size=(n_rows, n_features)).astype(np.float32)


def squared_of(X):
    return row_distances(X).squared(np.arange(len(X)))


@pytest.mark.parametrize("random_state", range(3))
@pytest.mark.parametrize("n_clusters", [2, 20])
@pytest.mark.parametrize("n_init", [1, 4])
def test_the_same_seed_gives_the_clusters_of_scikit_learn(random_state, n_clusters, n_init):
    X = shapeless(random_state=random_state)
    settings = {"n_init": n_init, "random_state": random_state}
    oracle = KMeans(n_clusters, tol=0, **settings).fit(X.astype(np.float64))
    usual = KMeans(n_clusters, **settings).fit(X.astype(np.float64))
    for found in (
        k_means_of_distances(squared_of(X), n_clusters, **settings),
        k_means_of_rows(X.astype(np.float64), n_clusters, **settings),
        k_means_of_rows(sp.csr_array(X, dtype=np.float64), n_clusters, **settings),
    ):
        assert adjusted_rand_score(found.labels, oracle.labels_) == 1
        assert found.inertia <= (1 + 1e-6) * usual.inertia_


@pytest.mark.parametrize("seed", range(3))
def test_the_best_of_ten_starts_is_hardly_worse_than_any_start(seed):
    X = shapeless(random_state=seed)
    found = k_means_of_distances(squared_of(X), 8, random_state=seed).inertia
    others = [KMeans(8, n_init=1, random_state=other).fit(X).inertia_ for other in range(10)]
    assert found <= 1.01 * min(others) and found <= np.median(others)


@pytest.mark.parametrize("kind", ["rectified", "four looks"])
def test_features_of_posters_end_within_a_thousandth_of_any_seed_of_scikit_learn(kind):
    """More features than posters, as a network gives: ten starts against one start of any seed."""
    X = normalize(make(kind, 0, 400, 1500))
    found = k_means_of_distances(squared_of(X), 4).inertia
    for seed in range(20):
        assert found <= 1.001 * KMeans(4, n_init=1, random_state=seed).fit(X).inertia_


def test_labels_and_distances_are_those_of_the_centres():
    X = shapeless()
    for found in (k_means_of_distances(squared_of(X), 6), k_means_of_rows(X, 6)):
        centres = np.array([X[found.labels == number].mean(axis=0) for number in range(6)])
        squared = np.square(X[:, None] - centres).sum(axis=2)
        assert (squared.argmin(axis=1) == found.labels).all()
        np.testing.assert_allclose(found.to_centre, squared.min(axis=1), rtol=1e-4)
        np.testing.assert_allclose(found.inertia, found.to_centre.sum(), rtol=1e-6)


def test_clusters_are_numbered_by_size_and_equal_ones_by_their_first_poster():
    X = np.array([[30.0], [0], [20], [0.1], [20.1], [10], [30.1], [0.2]])
    for found in (k_means_of_distances(squared_of(X), 4), k_means_of_rows(X, 4)):
        assert found.labels.tolist() == [1, 0, 2, 0, 2, 3, 1, 0]


def test_every_distinct_poster_can_be_a_cluster():
    X = np.repeat(shapeless(12), 5, axis=0)
    for found in (k_means_of_distances(squared_of(X), 12), k_means_of_rows(X, 12)):
        assert np.bincount(found.labels).tolist() == [5] * 12
        np.testing.assert_allclose(found.inertia, 0, atol=1e-9)


def test_copies_stay_together():
    X = shapeless()
    X[200:250] = X[:50]
    squared = squared_of(X)
    for n_clusters in (3, 20):
        labels = k_means_of_distances(squared, n_clusters, n_init=3).labels
        assert (labels[200:250] == labels[:50]).all()


def test_a_cluster_that_loses_all_posters_is_moved_to_the_farthest_one():
    X = np.array([[0.0], [1], [2], [3], [100]])
    squared = squared_of(X)
    labels, nearest = k_means._lloyd(squared, np.array([0, 0, 1]))  # two starts in one place
    assert len(set(labels)) == 3 and labels[4] not in labels[:4]
    np.testing.assert_allclose(nearest.sum(), 1, rtol=1e-6)


def test_sums_are_exact_however_often_posters_move():
    rng = np.random.default_rng(0)
    squared = squared_of(shapeless())
    members = rng.integers(0, 5, 300)
    plus = np.ones(300, dtype=np.float32)
    sums = k_means._sums_by_group(np.arange(300), plus, members, 5, squared)
    for _ in range(50):
        moved = rng.choice(300, 120, replace=False)
        after = members.copy()
        after[moved] = rng.integers(0, 5, 120)
        signs = np.repeat(np.float32([1, -1]), 120)
        groups = np.append(after[moved], members[moved])
        sums += k_means._sums_by_group(np.tile(moved, 2), signs, groups, 5, squared)
        members = after
    exact = [squared[members == group].sum(axis=0, dtype=np.float64) for group in range(5)]
    np.testing.assert_allclose(sums, exact, rtol=3e-6)

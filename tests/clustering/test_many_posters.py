"""k-means that begins along leading axes, held against k-means from all distances."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from poster_analysis.clustering import geometry as ways
from poster_analysis.clustering import many_posters
from poster_analysis.clustering.geometry import geometry, partitions
from poster_analysis.clustering.k_means import k_means_of_distances
from poster_analysis.clustering.many_posters import k_means_of_many
from poster_analysis.clustering.sweep import cluster, sweep
from poster_analysis.core.errors import InputError
from poster_analysis.distances.measure import row_distances
from poster_analysis.distances.pairs import distances_on_demand
from poster_analysis.reduction.krylov import leading_coordinates
from poster_analysis.reduction.spaces import raw_space


def rectified(rng, n=300, d=540):
    """Mixtures of directions of falling variance, and noise."""
    directions = rng.normal(size=(30, d)) / np.sqrt(np.arange(1, 31))[:, None]
    return np.maximum(rng.normal(size=(n, 30)) @ directions + rng.normal(size=(n, d)) - 1, 0)


def blobs(rng, n=300, d=540):
    """Twelve groups that stand apart."""
    return rng.normal(size=(12, d))[rng.integers(12, size=n)] + rng.normal(size=(n, d))


def heavy_tails(rng, n=300, d=540):
    """A few rows are far out in every direction."""
    return rng.standard_t(2, size=(n, 40)) @ rng.normal(size=(40, d))


def duplicates(rng, n=300, d=540):
    """Every row has copies, some many."""
    return rectified(rng, n // 3, d)[rng.integers(n // 3, size=n)]


def wide(rng):
    """More features than posters by far."""
    return rectified(rng, 120, 1200)


def both_ways(X, numbers, **options):
    """Partitions along axes first, and from all distances."""
    X = raw_space(sp.csr_array(X) if (X == 0).mean() > 0.3 else X).X
    distances = row_distances(X)
    axes, _ = leading_coordinates(X, min(many_posters.AXES, *X.shape), tolerance=1e-2)
    first = distances.first_identical
    found = k_means_of_many(X, axes[first], numbers, first_identical=first, **options)
    return found, [
        k_means_of_distances(distances.squared_normalised, k, **options) for k in numbers
    ]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("make", [rectified, blobs, heavy_tails, duplicates, wide])
def test_the_inertia_is_at_most_a_thousandth_above_that_of_the_exact_way(make, seed):
    X = make(np.random.default_rng(seed)).astype(np.float32)
    numbers = [4, 12]
    found, exact = both_ways(X, numbers)
    for one, other, k in zip(found, exact, numbers, strict=True):
        assert one.inertia <= 1.001 * other.inertia
        assert len(np.unique(one.labels)) == k and one.starts.shape == (10, len(X))


def test_the_inertia_is_that_of_the_rows_in_double_precision():
    X = duplicates(np.random.default_rng(3)).astype(np.float32)
    (found,), _ = both_ways(X, [8], n_init=2)
    unit = normalize(X.astype(np.float64))
    centres = np.stack([unit[found.labels == cluster].mean(axis=0) for cluster in range(8)])
    squared = np.square(unit - centres[found.labels]).sum(axis=1)
    np.testing.assert_allclose(found.to_centre, squared, rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(found.inertia, squared.sum(), rtol=1e-6)
    assert (np.diff(np.bincount(found.labels)) <= 0).all()
    first = distances_on_demand(X).first_identical
    assert np.array_equal(found.labels, found.labels[first])
    assert np.array_equal(found.to_centre, found.to_centre[first])
    to_all = np.square(unit[:, None] - centres).sum(axis=2)
    assert (to_all.argmin(axis=1) != found.labels).mean() <= 0.005  # where it was content to stop


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_as_many_clusters_as_there_are_different_rows_hold_one_row_each():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(7, 600)).astype(np.float32)[rng.integers(7, size=60)]
    (found,), _ = both_ways(X, [7], n_init=1)
    assert len(np.unique(found.labels)) == 7
    np.testing.assert_allclose(found.to_centre, 0, atol=1e-12)


def test_an_empty_cluster_gets_the_poster_that_is_farthest_out():
    rng = np.random.default_rng(5)
    X = rng.normal(scale=0.01, size=(50, 600)).astype(np.float32)
    X[:25, 0] += 1
    X[49, 1] += 1
    clusters = many_posters._Clusters(np.repeat([0, 1], 25), 3, 600)  # nobody is in the third
    squares = np.square(X).sum(axis=1, dtype=np.float64)
    many_posters._settle(X, [clusters], squares, np.arange(50))
    assert clusters.members[49] == 2 and np.bincount(clusters.members).tolist() == [25, 24, 1]


def test_the_same_seed_gives_the_same_bytes_however_many_threads_and_numbers():
    X = rectified(np.random.default_rng(6)).astype(np.float32)
    seen = set()
    for n_threads, numbers in ((1, [5, 6]), (2, [5, 6]), (2, [6])):
        with threadpool_limits(n_threads):
            found, _ = both_ways(X, numbers, n_init=2)
        one = found[numbers.index(6)]
        seen.add((one.labels.tobytes(), one.to_centre.tobytes(), one.starts.tobytes()))
    assert len(seen) == 1


def test_a_breath_never_makes_it_worse():
    axes = np.random.default_rng(7).normal(size=(200, 6)).astype(np.float32)
    for k in (1, 2, 30, 199, 200):
        (start,) = many_posters._starts(axes, k, 1, 9)
        after = many_posters._breathed(axes, start, 9)
        assert after.inertia <= start.inertia and len(after.centres) == k


@pytest.fixture(scope="module")
def many():
    """More rows than go by distances in any space, with copies, dense."""
    X = np.random.default_rng(8).random((1010, 520), dtype=np.float32)
    X[:500] += np.random.default_rng(9).random(520, dtype=np.float32)
    X[7] = X[3]
    return X


def test_features_whose_distances_are_not_kept_go_by_axes_and_say_so(many):
    kept, on_demand = row_distances(many), distances_on_demand(many)
    options = {"k_min": 2, "k_max": 3, "n_init": 2, "n_splits": 1}
    exact, found = (sweep(raw_space(many), one, **options) for one in (kept, on_demand))
    assert found.parameters == exact.parameters | {"n_axes": many_posters.AXES}
    pd.testing.assert_series_equal(found.labels["k2"], exact.labels["k2"])  # the groups there are
    columns = ["inertia", "silhouette", "silhouette_original", "calinski_harabasz"]
    first = found.table[columns].iloc[0], exact.table[columns].iloc[0]
    np.testing.assert_allclose(*first, rtol=1e-4)
    assert found.table["stability_halves"][0] == 1
    again = cluster(raw_space(many), on_demand, n_clusters=3, n_init=2)
    pd.testing.assert_frame_equal(found.at(3).table, again.table, check_exact=True)


def test_few_features_and_few_posters_do_not_go_by_axes(many):
    narrow = many[:, :500]
    assert geometry(raw_space(narrow), distances_on_demand(narrow)).axes is None
    few = many[: ways.SMALL]
    shape = geometry(raw_space(few), distances_on_demand(few))
    assert shape.axes is None and shape.began_on == {} and shape.squared is not None


def test_more_clusters_than_different_posters_are_refused(many):
    X = many[np.arange(1200) % 5]
    with pytest.raises(InputError, match="5 of them distinct; valid numbers are 2 to 5"):
        sweep(raw_space(X), distances_on_demand(X), k_min=4, k_max=6)
    shape = geometry(raw_space(X), distances_on_demand(X))
    (five,) = partitions(shape, [5], n_init=1)
    assert np.bincount(five.labels).tolist() == [240] * 5 and five.inertia < 1e-6

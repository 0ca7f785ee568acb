"""Leading axes from products alone, held against all axes in double precision."""

import numpy as np
import pytest
import scipy.sparse as sp

from poster_analysis.distances.measure import row_distances
from poster_analysis.reduction.krylov import (
    coordinates_of_distances,
    leading_coordinates,
    leading_eigenpairs,
)


def skewed(seed=0, n=220, d=500, rank=40):
    """Rectified, with axes of falling variance."""
    rng = np.random.default_rng(seed)
    axes = rng.normal(size=(rank, d)) / np.sqrt(np.arange(1, rank + 1))[:, None]
    return np.maximum(rng.normal(size=(n, rank)) @ axes + 0.3 * rng.normal(size=(n, d)), 0)


def exact(X, n_axes):
    """Shares of the variance along the leading axes, and squared distances along them."""
    centred = X - X.mean(axis=0)
    left, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    places = left[:, :n_axes] * lengths[:n_axes]
    return np.square(lengths[:n_axes]) / np.square(lengths).sum(), between(places)


def between(places):
    """Squared distances of all pairs."""
    return np.square(places[:, None] - places).sum(axis=2)


@pytest.mark.parametrize("hold", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("n_axes", [1, 12, 220])
def test_coordinates_are_those_of_a_decomposition(hold, n_axes):
    X = skewed().astype(np.float32)
    norms = np.linalg.norm(X.astype(np.float64), axis=1)
    shares, squared = exact(X / norms[:, None], n_axes)
    coordinates, found = leading_coordinates(hold(X), n_axes, norms=norms, tolerance=1e-7)
    np.testing.assert_allclose(found, shares, rtol=2e-3, atol=1e-7)
    np.testing.assert_allclose(between(coordinates.astype(np.float64)), squared, atol=2e-3)
    same, ratio = coordinates_of_distances(row_distances(hold(X)), n_axes, tolerance=1e-7)
    np.testing.assert_allclose(ratio, shares, rtol=2e-3, atol=1e-6)
    np.testing.assert_allclose(between(same.astype(np.float64)), squared, atol=2e-3)


def test_a_looser_tolerance_holds_nearly_as_much_and_never_more():
    X = skewed(1).astype(np.float32)
    shares, _ = exact(X, 30)
    for tolerance in (1e-1, 1e-2, 1e-4):
        _, found = leading_coordinates(X, 30, tolerance=tolerance)
        assert (1 - 0.5 * tolerance**0.5) * shares.sum() <= found.sum() <= (1 + 1e-5) * shares.sum()


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_where_there_is_less_than_was_asked_for_the_rest_is_nothing(rank):
    rng = np.random.default_rng(2)
    turned, _ = np.linalg.qr(rng.normal(size=(90, 90)))
    matrix = (turned[:, :rank] @ turned[:, :rank].T).astype(np.float32)
    values, vectors = leading_eigenpairs(lambda block: matrix @ block, 90, 8)
    np.testing.assert_allclose(values, [1] * rank + [0] * (8 - rank), atol=1e-5)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(8), atol=1e-4)


def test_rows_that_are_all_the_same_have_no_variance():
    coordinates, shares = leading_coordinates(np.ones((30, 60), dtype=np.float32), 5)
    assert np.isfinite(shares).all() and abs(coordinates).max() < 1e-4

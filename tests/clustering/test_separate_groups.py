"""Groups and continua: planted groups are found at the right number, and what has none is never said to have any."""

import numpy as np
import pandas as pd
import pytest

from poster_analysis.clustering import groups
from poster_analysis.clustering.all_k import k_means_for_all_k
from poster_analysis.clustering.groups import find_groups, levels
from poster_analysis.core.errors import InputError
from poster_analysis.distances.measure import row_distances
from poster_analysis.distances.silhouettes import silhouette_samples
from poster_analysis.tasks.threads import in_threads

N = 200


def embedded(shape, rng, n_dimensions=20):
    """A shape of few dimensions in a random subspace, with a little noise."""
    basis, _ = np.linalg.qr(rng.normal(size=(n_dimensions, shape.shape[1])))
    X = shape @ basis.T
    return X + 0.03 * X.std() * rng.normal(size=X.shape)


def line(rng):
    return embedded(rng.uniform(-1, 1, (N, 1)), rng)


def curve(rng):
    t, f = rng.uniform(0, 1, N), np.arange(1, 6)
    cosines, sines = rng.normal(size=(2, 10, 5)) / f
    waves = np.pi * np.outer(t, f)
    return embedded(np.cos(waves) @ cosines.T + np.sin(waves) @ sines.T, rng)


def circle(rng):
    t = rng.uniform(0, 2 * np.pi, N)
    return embedded(np.column_stack([np.cos(t), np.sin(t)]), rng)


def sheet(rng):
    return embedded(rng.uniform(-1, 1, (N, 2)), rng)


def heavy_tails(rng):
    cloud = rng.normal(size=(N, 20)) / np.sqrt(np.arange(1, 21))
    return cloud / np.sqrt(rng.chisquare(3, (N, 1)) / 3)


def outliers(rng):
    cloud = rng.normal(size=(N, 20))
    cloud[:2] *= 10
    return cloud


def network(rng):
    cloud = rng.normal(size=(N, 5))
    for _ in range(3):
        weights = rng.normal(size=(cloud.shape[1], 60)) / np.sqrt(cloud.shape[1])
        cloud = np.maximum(cloud @ weights, 0)
    centred = cloud - cloud.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    return (left * values)[:, :20]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "make", [line, curve, circle, sheet, heavy_tails, outliers, network], ids=lambda f: f.__name__
)
def test_a_continuum_has_no_groups(make, seed):
    X = make(np.random.default_rng([seed, 16]))
    table = find_groups(X, range(3, 8), random_state=seed).table
    assert not table["groups"].any(), table


def planted(rng, sizes, distance, spread=None):
    """Gaussian groups of these shares whose centres are this far from each other."""
    k = len(sizes)
    looks = rng.choice(k, N, p=sizes)
    scale = np.ones(k) if spread is None else np.array(spread)
    noise = rng.normal(size=(N, 20)) * scale[looks][:, None]
    return distance / np.sqrt(2) * np.eye(20)[looks] + noise


def found_levels(X, numbers):
    found = find_groups(X, numbers)
    silhouettes = silhouette_samples(row_distances(X), found.partitions.labels).mean(axis=0)
    return levels(found.table, silhouettes)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("sizes", "distance", "spread"),
    [
        ([0.25] * 4, 7, None),
        ([0.2, 0.8], 7, None),
        ([0.08, 0.92], 12, None),
        ([0.3, 0.3, 0.4], 9, [0.5, 1, 1.5]),
    ],
    ids=["four looks", "20 and 80", "a small one", "unequal spread"],
)
def test_planted_groups_are_found_at_their_number(sizes, distance, spread, seed):
    X = planted(np.random.default_rng([seed, 61]), sizes, distance, spread)
    assert found_levels(X, range(2, 8)) == [len(sizes)]


def counts_of_a_pair(X, inside, outside, centres):
    """The six counts of the second cluster of two towards the first, as the chapter defines them, for one pair."""
    nearest = ((X[:, None] - centres) ** 2).sum(axis=-1).argmin(axis=1)
    drawn, left = ([rows[nearest[rows] == c] for c in (1, 0)] for rows in (inside, outside))
    start, end = centres[1], centres[0]
    places = (X - start) @ (end - start) / ((end - start) ** 2).sum()
    both = places[np.concatenate(left)]
    straight = [(abs(both - at) <= 1 / 6).sum() for at in (0.5, 0, 1)]
    n_near = max(5, int(0.2 * min(map(len, drawn))))
    near = [X[rows[np.argsort(abs(places[rows] - 0.5))[:n_near]]].mean(axis=0) for rows in drawn]
    corner = np.mean(near, axis=0)
    path = []
    for centre, rows in zip((start, end), left, strict=True):
        way = corner - centre
        path.append((X[rows] - centre) @ way / (way**2).sum())
    corners = sum((abs(one - 1) <= 0.25).sum() for one in path)
    return [*straight, corners, *((abs(one) <= 0.25).sum() for one in path)]


@pytest.mark.parametrize("seed", range(8))
def test_counts_of_all_pairs_are_those_of_each_pair(seed):
    rng = np.random.default_rng([seed, 7])
    X = rng.normal(size=(120, 6))
    weights = np.bincount(rng.integers(120, size=120), minlength=120)
    inside, outside = np.flatnonzero(weights), np.flatnonzero(weights == 0)
    centres = X[rng.choice(120, 2, replace=False)]
    found = groups._counts(X, inside, outside, centres)[1, 0]
    assert found.tolist() == counts_of_a_pair(X, inside, outside, centres)


def a_table(rows):
    return pd.DataFrame(rows, columns=["k", "reproducibility", "groups"])


def test_levels_are_those_whose_clusters_come_back_whole():
    table = a_table(
        [
            (2, 0.7, False),
            (3, 1, True),
            (4, 0.8, True),
            (5, 0.92, True),
            (6, 0.9, True),
            (7, 1, True),
        ]
    )
    peaks = np.array([0.1, 0.5, 0.4, 0.6, 0.5, 0.55])  # at 3, 5 and 7
    assert levels(table, peaks) == [3, 7]
    assert levels(table.assign(reproducibility=0.8), peaks) == [5]  # none does: the highest
    assert levels(table.assign(groups=table["k"] == 4), peaks) == []  # no peak
    assert levels(table.assign(groups=False), peaks) == []


def test_nothing_depends_on_the_scale_the_place_or_the_threads(monkeypatch):
    X = planted(np.random.default_rng(3), [0.5, 0.5], 8)
    usual = find_groups(X, [2, 3], n_boot=6).table
    moved = find_groups(1000 * X + 5000, [2, 3], n_boot=6).table
    np.testing.assert_allclose(moved.to_numpy(float), usual.to_numpy(float), atol=0.02)
    alone = in_threads(lambda _: find_groups(X, [2, 3], n_boot=6).table, [0])[0]
    assert alone.equals(usual)


def test_copies_and_constant_rows_end_without_a_warning(recwarn):
    X = np.repeat(np.random.default_rng(5).normal(size=(4, 3)), 6, axis=0)
    table = find_groups(X, range(2, 7), n_boot=4).table
    assert np.isfinite(table["reproducibility"]).all()
    assert find_groups(np.zeros((12, 3)), [2, 3], n_boot=3).table["groups"].sum() == 0
    assert not recwarn.list


@pytest.mark.parametrize("numbers", [[], [1, 2], [2, 11]])
def test_a_number_without_room_is_refused(numbers):
    with pytest.raises(InputError, match="valid numbers are 2 to 10"):
        find_groups(np.random.default_rng(0).normal(size=(20, 3)), numbers)


def test_a_row_of_weight_two_counts_like_two_rows():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(60, 4)).astype(np.float32)
    weights = np.bincount(rng.integers(60, size=60), minlength=60)
    found = k_means_for_all_k(X, [3], weights=weights)
    twice = np.repeat(X, weights, axis=0)
    labels = np.repeat(found.labels[:, 0], weights)
    means = np.stack([twice[labels == c].mean(axis=0) for c in range(3)])
    np.testing.assert_allclose(found.centres[0], means, atol=1e-4)
    inertia = np.square(twice - means[labels]).sum()
    np.testing.assert_allclose(found.inertias[0], inertia, rtol=1e-4)

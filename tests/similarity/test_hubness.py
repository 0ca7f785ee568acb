"""Hubs: SciPy's numbers, centring and mutual proximity against plain ones on dense features, and what they do."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from made_neighbours import neighbour_table, random_rows, some_ids
from scipy import stats
from sklearn.metrics.pairwise import cosine_similarity
from threadpoolctl import threadpool_limits

from poster_analysis.core.errors import InputError
from poster_analysis.distances.measure import row_distances
from poster_analysis.extraction.features import Features
from poster_analysis.similarity.hubness import (
    centred_neighbours,
    count_distribution,
    hubness,
    mutual_proximity,
    neighbour_counts,
)
from poster_analysis.similarity.neighbours import neighbours
from poster_analysis.words.neighbours import hubness_finding


def make_index(n):
    return pd.DataFrame({"imdb_id": some_ids(n), "title": "A film"})


def make_features(n=150, d=300, seed=0):
    rng = np.random.default_rng(seed)
    X = np.maximum(rng.normal(size=(n, d)) + rng.gamma(1, size=d), 0)
    X[7], X[9] = 2 * X[3], X[3]
    return Features(X, make_index(n))


def plain_centred(X):
    unit = X / np.linalg.norm(X, axis=1)[:, None]
    return cosine_similarity(unit - unit.mean(axis=0))


def plain_mutual(X):
    D = 1 - cosine_similarity(X)
    off = D[~np.eye(len(D), dtype=bool)].reshape(len(D), -1)
    tail = stats.norm.sf(D, off.mean(axis=1)[:, None], off.std(axis=1)[:, None])
    return tail * tail.T


WAYS = {centred_neighbours: plain_centred, mutual_proximity: plain_mutual}


@settings(max_examples=30)
@given(st.integers(3, 40), st.integers(1, 5), st.integers(0, 99))
def test_counts_are_those_of_a_plain_loop(n, n_neighbors, seed):
    n_neighbors = min(n_neighbors, n - 1)
    rows, index = random_rows(n, n_neighbors, seed), make_index(n)
    counts = neighbour_counts(neighbour_table(rows, some_ids(n)), index, n_neighbors=n_neighbors)
    assert counts["n_lists"].tolist() == [int((rows == row).sum()) for row in range(n)]
    found, distribution = hubness(counts), count_distribution(counts)
    assert found["n_neighbors"] == n_neighbors
    assert found["antihubs"] == distribution["n_posters"][0] / n
    assert distribution["n_posters"].sum() == n and found["largest"] == counts["n_lists"].max()
    if np.ptp(counts["n_lists"]):
        np.testing.assert_allclose(found["skewness"], stats.skew(counts["n_lists"]))


def test_neighbours_by_lot_are_what_chance_says():
    counts = neighbour_counts(
        neighbour_table(random_rows(2000, 6), some_ids(2000)), make_index(2000)
    )
    found = hubness(counts)
    np.testing.assert_allclose(found["skewness"], found["skewness_chance"], atol=0.2)
    np.testing.assert_allclose(found["antihubs"], found["antihubs_chance"], atol=0.002)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("d", [300, 900])
@pytest.mark.parametrize("keep", [True, False])
def test_cures_are_those_computed_from_dense_features(way, d, keep):
    features = make_features(d=d)
    distances = row_distances(features.X, keep=keep)
    table = way(features, n_neighbors=8, distances=distances)
    plain = WAYS[way](features.X.toarray().astype(float))
    np.fill_diagonal(plain, -2)
    found = table["similarity"].to_numpy().reshape(-1, 8)
    np.testing.assert_allclose(found, -np.sort(-plain)[:, :8], atol=2e-4)
    assert (table["imdb_id"] != table["neighbour_id"]).all()
    assert not table.duplicated(["imdb_id", "neighbour_id"]).any()


@pytest.mark.parametrize("way", WAYS)
def test_cures_make_smaller_hubs(way):
    features = make_features(400, 600)
    skewness = [
        hubness(neighbour_counts(find(features, n_neighbors=6), features.index))["skewness"]
        for find in (neighbours, way)
    ]
    assert skewness[1] < 0.6 * skewness[0]


@pytest.mark.parametrize("way", WAYS)
def test_copies_come_first_in_the_order_of_their_ids(way):
    features = make_features()
    table = way(features, n_neighbors=3)
    mine = table[table["imdb_id"] == "id 3"]
    assert mine["neighbour_id"].tolist()[:2] == ["id 7", "id 9"]


@pytest.mark.parametrize("way", WAYS)
def test_the_same_whatever_the_threads_and_the_order_of_rows(way):
    features = make_features(d=120)
    found = []
    for threads in (1, 3):
        with threadpool_limits(threads):
            found.append(way(features, n_neighbors=5))
    pd.testing.assert_frame_equal(*found, check_exact=True)
    upside_down = way(features.take(np.arange(len(features))[::-1]), n_neighbors=5)
    by_id = upside_down.set_index("imdb_id").loc[features.imdb_ids[0]]
    first = found[0].set_index("imdb_id").loc[features.imdb_ids[0]]
    np.testing.assert_allclose(by_id["similarity"], first["similarity"], atol=2e-6)


@pytest.mark.parametrize("way", WAYS)
def test_dark_equal_and_few_posters_are_no_obstacle(way):
    X = np.ones((5, 4))
    X[2] = 0
    for rows in (X, np.ones((5, 4)), np.eye(2)):
        features = Features(sp.csr_array(rows), make_index(len(rows)))
        table = way(features, n_neighbors=len(rows) - 1)
        assert np.isfinite(table["similarity"]).all()
        assert len(table) == len(rows) * (len(rows) - 1)


@pytest.mark.parametrize("way", WAYS)
def test_what_does_not_fit_is_refused(way):
    features = make_features()
    with pytest.raises(InputError, match="valid values are 1 to 149"):
        way(features, n_neighbors=150)
    with pytest.raises(InputError, match="give distances of these features"):
        way(features, distances=row_distances(np.eye(3)))


def test_a_hub_is_named_whatever_its_title():
    rows = np.zeros((6, 1), dtype=int)
    rows[0] = 1
    index = make_index(6).assign(title="<b>$x$ {0} %s")
    counts = neighbour_counts(neighbour_table(rows, some_ids(6)), index, n_neighbors=1)
    assert "<b>$x$ {0} %s, is in 5" in hubness_finding(counts)
    ring = neighbour_table([[1], [2], [0]], some_ids(3))
    assert "no hubs" in hubness_finding(neighbour_counts(ring, make_index(3), n_neighbors=1))


@pytest.mark.parametrize("size", [1, 1e-2, 1e-3])
def test_centred_neighbours_of_nearly_equal_posters_are_those_of_double_precision(size):
    """What counts as too near the mean is measured against the spread, not on one scale for all."""
    rng = np.random.default_rng(3)
    X = 10 + size * rng.normal(size=(40, 30))
    found = centred_neighbours(Features(X.astype(np.float32), make_index(40)), n_neighbors=1)
    cosines = plain_centred(X.astype(np.float32).astype(np.float64))
    np.fill_diagonal(cosines, -2)
    ids = make_index(40)["imdb_id"].to_numpy()
    same = found["neighbour_id"].to_numpy() == ids[cosines.argmax(axis=1)]
    assert same.mean() > 0.9 and (found["similarity"] > 0).all()

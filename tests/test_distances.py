"""Distances, silhouettes and neighbours, held against double precision."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.spatial.distance import cdist
from sklearn import metrics
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from poster_analysis.distances import nearest_neighbors, row_distances, silhouette_samples
from poster_analysis.errors import InputError


def features(kind, n_rows=260, random_state=0):
    """Features with copies, near copies, rows of zeros and scaled rows, of one of several kinds."""
    rng = np.random.default_rng(random_state)
    if kind == "few":
        X = rng.normal(size=(n_rows, 30))
    elif kind == "skewed":
        X = np.maximum(rng.normal(size=(n_rows, 900)) - 0.8, 0)
    elif kind == "alike":  # as from a network with random weights
        X = 5 + rng.random(900) + 0.02 * rng.normal(size=(n_rows, 900))
    elif kind == "large":
        X = 1e6 * rng.gamma(0.3, size=(n_rows, 700)) * rng.gamma(1, size=(n_rows, 1))
    X = X.astype(np.float32)
    X[10:13] = X[9]
    X[20] = X[19] * (1 + 1e-6 * rng.random(X.shape[1], dtype=np.float32))
    X[30] = X[29] + 1e-2 * np.abs(X[28])
    X[40] = 3 * X[39]
    X[50:52] = 0
    return X


KINDS = ["few", "skewed", "alike", "large"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("keep", [False, True])
def test_every_distance_is_that_of_double_precision(kind, sparse, keep):
    X = features(kind)
    measured = row_distances(sp.csr_array(X) if sparse else X, keep=keep)
    rows = np.array([0, 9, 10, 19, 20, 29, 30, 39, 40, 50, 51, 259])
    for normalised in (True, False):
        exact = normalize(X.astype(np.float64)) if normalised else X.astype(np.float64)
        found = np.sqrt(measured.squared(rows, normalised=normalised))
        scale = np.linalg.norm(exact, axis=1).mean()
        np.testing.assert_allclose(found, cdist(exact[rows], exact), rtol=5e-5, atol=2e-7 * scale)
        assert (found[np.arange(len(rows)), rows] == 0).all()
        assert (found[1, 9:13] == 0).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("keep", [False, True])
def test_every_silhouette_is_that_of_scikit_learn(kind, keep):
    X = features(kind)
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 6, (len(X), 5))
    labels[9:13, 0], labels[19:21, 0], labels[29:31, 0], labels[39:41, 0] = 6, 7, 8, 9
    labels[50:52, 1] = 11
    labels[[3, 100], 2] = [40, -7]  # two clusters of one, and numbers that are not in order
    labels[:, 3] = np.arange(len(X)) // 2  # pairs, and empty numbers between them
    labels[:, 4] = 0
    labels[9, 4] = 1
    measured = row_distances(sp.csr_array(X), keep=keep)
    for normalised in (True, False):
        rows = normalize(X.astype(np.float64)) if normalised else X.astype(np.float64)
        found = silhouette_samples(measured, labels, normalised=normalised)
        exact = [metrics.silhouette_samples(rows, column) for column in labels.T]
        np.testing.assert_allclose(found, np.transpose(exact), atol=1e-5)
        alone = silhouette_samples(measured, labels[:, 0], normalised=normalised)
        np.testing.assert_array_equal(alone, found[:, 0])


def test_identical_posters_without_any_distance_have_silhouette_zero():
    X = np.ones((6, 3))
    labels = np.array([0, 0, 0, 1, 1, 1])
    assert (silhouette_samples(row_distances(X), labels) == 0).all()


def test_distances_over_the_budget_are_not_kept():
    X = features("skewed")
    assert row_distances(X, memory_budget=4 * len(X) ** 2).unit is not None
    assert row_distances(X, memory_budget=4 * len(X) ** 2 - 1).unit is None


def test_copies_have_the_same_distances_bit_by_bit():
    X = np.vstack([features("skewed", 700), features("skewed", 700)[::-1]])
    measured = row_distances(X)
    assert np.array_equal(measured.unit[:700], measured.unit[700:][::-1])
    assert np.array_equal(measured.unit, measured.unit.T)
    assert measured.n_distinct == 700 - 3 - 1


def test_the_number_of_threads_changes_nothing():
    X = sp.csr_array(features("skewed", 1100))
    labels = np.random.default_rng(0).integers(0, 9, (1100, 4))
    seen = set()
    for n_threads in (1, 2, 4):
        with threadpool_limits(n_threads):
            measured = row_distances(X)
            seen.add(measured.unit.tobytes() + silhouette_samples(measured, labels).tobytes())
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.zeros(260), "2 to 259, not 1"),
        (np.arange(260), "2 to 259, not 260"),
        (np.arange(10), "10 labels for 260"),
    ],
)
def test_labels_without_silhouettes_are_refused(labels, said):
    with pytest.raises(InputError, match=said):
        silhouette_samples(row_distances(features("few")), labels)


def neighbors_by_hand(X, queries, order, skip):
    """All similarities in double precision, rounded and sorted."""
    similarities = np.clip(
        normalize(queries.astype(np.float64)) @ normalize(X.astype(np.float64)).T, -1, 1
    ).round(6)
    ranked = []
    for number, row in enumerate(similarities):
        best = [i for i in np.lexsort((order, -row)) if i not in skip(number)]
        ranked.append((best, row[best]))
    return ranked


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["products", "sparse", "kept"])
def test_neighbors_are_those_of_sorting_everything(kind, how):
    X = features(kind)
    order = np.random.default_rng(3).permutation(len(X))
    given = sp.csr_array(X) if how == "sparse" else X
    distances = row_distances(X) if how == "kept" else None
    rows, similarities = nearest_neighbors(given, n_neighbors=8, order=order, distances=distances)
    by_hand = neighbors_by_hand(X, X, order, lambda number: [number])
    for number, (best, exact) in enumerate(by_hand):
        np.testing.assert_allclose(similarities[number], exact[:8], atol=1.5e-6)
        if kind != "alike":  # there the sixth decimal itself hangs on the order of the sums
            assert rows[number].tolist() == best[:8], number
    assert (np.diff(similarities, axis=1) <= 0).all() and abs(similarities).max() <= 1


def test_one_poster_asked_alone_has_the_neighbors_it_has_among_all():
    X = sp.csr_array(features("skewed", 600))
    rows, similarities = nearest_neighbors(X, n_neighbors=7)
    for asked in ([5], [599, 0, 9, 10], np.arange(300)):
        alone = nearest_neighbors(X, n_neighbors=7, queries=np.array(asked))
        assert np.array_equal(alone[0], rows[asked]) and np.array_equal(
            alone[1], similarities[asked]
        )


def test_ties_are_settled_by_the_order_that_was_given():
    X = np.vstack([np.ones((5, 3)), np.eye(3)])
    for order in (np.arange(8), np.arange(8)[::-1]):
        rows, similarities = nearest_neighbors(
            X, n_neighbors=5, queries=np.array([2]), order=order, include_self=True
        )
        assert rows[0].tolist() == sorted(range(5), key=lambda row: order[row])
        assert (similarities == 1).all()


def test_hundreds_of_copies_are_all_neighbors_of_each_other():
    rng = np.random.default_rng(0)
    X = sp.csr_array(np.vstack([np.tile(rng.random(50), (400, 1)), rng.random((30, 50))]))
    rows, similarities = nearest_neighbors(X, n_neighbors=3)
    assert rows[:3].tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3]]
    assert (similarities[:400] == 1).all() and (similarities[400:] < 1).all()


def test_a_poster_without_features_is_similar_to_nothing():
    X = np.vstack([np.zeros((1, 4)), np.eye(4)])
    for distances in (None, row_distances(X)):
        rows, similarities = nearest_neighbors(X, n_neighbors=3, distances=distances)
        assert rows[0].tolist() == [1, 2, 3] and (similarities == 0).all()
    assert (row_distances(X).similarities(np.arange(5)) == np.diag([0, 1, 1, 1, 1])).all()


def test_a_vector_from_outside_finds_the_poster_it_was_made_from():
    X = features("skewed")
    rows, similarities = nearest_neighbors(X, n_neighbors=len(X), queries=sp.csr_array(7 * X[[77]]))
    assert rows[0, 0] == 77 and similarities[0, 0] == 1
    assert sorted(rows[0]) == list(range(len(X)))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"n_neighbors": 0}, "valid values are 1 to 259"),
        ({"n_neighbors": 260}, "valid values are 1 to 259"),
        ({"n_neighbors": 261, "include_self": True}, "valid values are 1 to 260"),
        ({"queries": np.array([-1])}, "0 to 259"),
        ({"queries": np.array([260])}, "0 to 259"),
        ({"queries": np.array([], dtype=int)}, "at least one"),
        ({"queries": np.array([0.5])}, "row numbers"),
        ({"queries": np.zeros((1, 31))}, "31 features and the posters 30"),
        ({"queries": np.full((1, 30), np.nan)}, "NaN"),
    ],
)
def test_a_question_that_has_no_answer_is_refused(arguments, said):
    with pytest.raises(InputError, match=said):
        nearest_neighbors(features("few"), **arguments)

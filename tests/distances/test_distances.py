"""Distances, silhouettes and neighbours, held against double precision."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn import metrics
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from poster_analysis.core.errors import InputError
from poster_analysis.distances import blocks, neighbours, pairs
from poster_analysis.distances import near_pairs as near_pairs_module
from poster_analysis.distances.blocks import first_identical
from poster_analysis.distances.measure import (
    measure,
    row_distances,
)
from poster_analysis.distances.near_pairs import (
    near_pairs,
)
from poster_analysis.distances.neighbours import (
    nearest_neighbours,
)
from poster_analysis.distances.saved import load_distances, save_distances
from poster_analysis.distances.silhouettes import (
    cluster_silhouettes,
    silhouette_samples,
    silhouettes_of_both,
)


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
@pytest.mark.parametrize("how", ["kept", "computed", "mapped"])
def test_every_silhouette_is_that_of_scikit_learn(kind, how, tmp_path):
    X = features(kind)
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 6, (len(X), 5))
    labels[9:13, 0], labels[19:21, 0], labels[29:31, 0], labels[39:41, 0] = 6, 7, 8, 9
    labels[50:52, 1] = 11
    labels[[3, 100], 2] = [40, -7]  # two clusters of one, and numbers that are not in order
    labels[:, 3] = np.arange(len(X)) // 2  # pairs, and empty numbers between them
    labels[:, 4] = 0
    labels[9, 4] = 1
    labels[[9, 10], 1] = [0, 1]  # copies in different clusters
    measured = row_distances(sp.csr_array(X), keep=how in ("kept", "mapped"))
    if how == "mapped":
        measured = load_distances(save_distances(measured, tmp_path / "distances.npy"), X)
    both = silhouettes_of_both(measured, normalised=labels, original=labels[:, ::-1])
    for normalised in (True, False):
        rows = normalize(X.astype(np.float64)) if normalised else X.astype(np.float64)
        found = silhouette_samples(measured, labels, normalised=normalised)
        np.testing.assert_array_equal(found, both[0] if normalised else both[1][:, ::-1])
        exact = [metrics.silhouette_samples(rows, column) for column in labels.T]
        np.testing.assert_allclose(found, np.transpose(exact), atol=1e-5)
        alone = silhouette_samples(measured, labels[:, 0], normalised=normalised)
        np.testing.assert_array_equal(alone, found[:, 0])


@pytest.mark.parametrize("panel", [1, 2 * 512 * 600 * 4, pairs.PANEL])
@pytest.mark.parametrize("keep", [False, True])
def test_many_blocks_and_panels_of_any_size_give_the_same(monkeypatch, panel, keep):
    X = features("skewed", 1300)[:, :600]
    X[900], X[1200:1203] = X[3], X[1250]  # copies far apart
    one_panel = measure(X, n_neighbors=7, threshold=0.3)
    monkeypatch.setattr(pairs, "PANEL", panel)
    measured = measure(sp.csr_array(X), n_neighbors=7, threshold=0.3, keep=keep)
    assert same(measured.neighbors, one_panel.neighbors)
    assert same(measured.similarities, one_panel.similarities)
    assert measured.near_pairs.equals(one_panel.near_pairs)
    distances = measured.distances
    assert not keep or same(distances.squared_normalised, one_panel.distances.squared_normalised)
    labels = np.random.default_rng(2).integers(0, 9, (len(X), 2))
    found = silhouettes_of_both(distances, normalised=labels, original=labels)
    for rows, silhouettes in zip((normalize(X.astype(float)), X.astype(float)), found, strict=True):
        for column in range(1):
            exact = metrics.silhouette_samples(rows, labels[:, column])
            np.testing.assert_allclose(silhouettes[:, column], exact, atol=1e-5)


def same(one, other):
    """Whether two arrays are the same bytes."""
    return (
        one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()
    )


@pytest.mark.parametrize("keep", [False, True])
def test_dense_and_sparse_give_the_same_bytes(keep):
    X = features("skewed", 1200)
    labels = np.random.default_rng(1).integers(0, 7, (len(X), 3))
    results = []
    for held in (X, sp.csr_array(X)):
        measured = measure(held, n_neighbors=5, threshold=0.2, keep=keep)
        distances = measured.distances
        assert (distances.squared_normalised is not None) == keep
        both = silhouettes_of_both(distances, normalised=labels, original=labels)
        arrays = [measured.neighbors, measured.similarities, *both]
        arrays += [distances.squared(np.array([7, 9, 10, 1199])), distances.norms]
        arrays += [distances.first_identical, *([distances.squared_normalised] if keep else [])]
        table = measured.near_pairs.to_csv()
        results.append((distances.digest, table, *(one.tobytes() for one in arrays)))
    assert results[0] == results[1]


def readings(monkeypatch, n_rows):
    """How often each row of the features with so many rows has been read so far."""
    times, take_rows = np.zeros(n_rows, dtype=int), blocks.take_rows

    def counted(X, rows):
        if X.shape[0] == n_rows:
            np.add.at(times, rows, 1)
        return take_rows(X, rows)

    for module in (blocks, pairs, neighbours):
        monkeypatch.setattr(module, "take_rows", counted)
    return times


def counting(monkeypatch):
    """The number of pairs of blocks multiplied so far."""
    multiplied, multiply = [], pairs._block_distances

    def count(*arguments):
        multiplied.append(arguments[2][0])
        return multiply(*arguments)

    monkeypatch.setattr(pairs, "_block_distances", count)
    return multiplied


@pytest.mark.parametrize(("kept", "passes"), [(True, 1), (False, 2)])
def test_a_study_takes_one_pass_over_the_features_or_two_if_nothing_is_kept(
    monkeypatch, kept, passes
):
    X = np.maximum(np.random.default_rng(0).normal(size=(1100, 600)), 0).astype(np.float32)
    X[1050] = X[3]
    X[1051] = X[4] + np.float32(1e-3) * X[5]
    multiplied = counting(monkeypatch)
    measured = measure(X, n_neighbors=6, threshold=0.01, memory_budget=1e9 if kept else 0)
    assert len(multiplied) == 6  # three blocks of rows: each pair of blocks once
    distances = measured.distances
    assert (distances.squared_normalised is not None) == kept
    labels = np.random.default_rng(1).integers(0, 6, (len(X), 42))
    silhouettes_of_both(distances, normalised=labels, original=labels)
    assert len(multiplied) == 6 * passes
    # the same without the rows that double precision looks at again
    times = readings(monkeypatch, 1050)
    distances = measure(X[:1050], keep=True, memory_budget=1e9 if kept else 0).distances
    silhouettes_of_both(distances, normalised=labels[:1050], original=labels[:1050])
    norms_and_digest = 1
    assert (times == norms_and_digest + 1).all()


def test_rows_that_do_not_fit_a_panel_are_read_once_for_each_panel_before_them(monkeypatch):
    X = np.random.default_rng(0).normal(size=(2100, 600)).astype(np.float32)
    monkeypatch.setattr(pairs, "PANEL", 2 * 512 * 600 * 4)  # two blocks
    times = readings(monkeypatch, len(X))
    distances = row_distances(X)
    n_panels_up_to = np.arange(2100) // 1024 + 1
    assert (times == 1 + n_panels_up_to).all()
    silhouette_samples(distances, np.arange(2100) % 3)
    near_pairs(distances)
    assert (times == 1 + n_panels_up_to).all()


def test_a_pass_needs_no_more_memory_than_its_panel_and_a_few_blocks(monkeypatch):
    n_rows, n_features = 3072, 1000
    monkeypatch.setattr(pairs, "PANEL", 512 * n_features * 4)

    X = np.random.default_rng(0).normal(size=(n_rows, n_features)).astype(np.float32)
    X = sp.csr_array(np.maximum(X - 0.8, 0))
    labels = np.arange(n_rows) % 5
    with threadpool_limits(2):
        tracemalloc.start()
        distances = measure(X, n_neighbors=3, memory_budget=0).distances
        silhouettes_of_both(distances, normalised=labels, original=labels)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    block = 512 * n_features * 4
    assert peak < 10 * block < 4 * n_rows**2 and n_rows == 6 * 512


# near-duplicates


def near_pairs_by_hand(X, threshold):
    """All pairs below a threshold, from differences in double precision."""
    rows = normalize(X.astype(np.float64))
    found = []
    for row in range(len(rows)):
        squared = np.square(rows[row + 1 :] - rows[row]).sum(axis=1)
        found += [(row, row + 1 + n, one) for n, one in enumerate(squared) if one < threshold]
    return pd.DataFrame(found, columns=["row", "other", "squared_distance"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("how", "threshold"), [("kept", 0.4), ("computed", 1e-9), ("sparse", 0.002)]
)
def test_near_pairs_are_those_of_double_precision(kind, how, threshold):
    X = features(kind)
    held = sp.csr_array(X) if how == "sparse" else X
    measured = measure(held, threshold=threshold, keep=how == "kept")
    exact = near_pairs_by_hand(X, threshold)
    assert measured.near_pairs[["row", "other"]].equals(exact[["row", "other"]])
    found, exact = measured.near_pairs.squared_distance, exact.squared_distance
    np.testing.assert_allclose(found, exact, rtol=1e-7, atol=1e-14)
    assert near_pairs(measured.distances, threshold=threshold).equals(measured.near_pairs)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.5, 1.9, 4]))
def test_near_pairs_of_many_copies_are_all_there_once(seed, threshold):
    X = np.random.default_rng(seed).integers(0, 2, (25, 4)).astype(np.float32)
    found, exact = (
        near_pairs(row_distances(X), threshold=threshold),
        near_pairs_by_hand(X, threshold),
    )
    assert (
        found[["row", "other"]].to_numpy().tolist() == exact[["row", "other"]].to_numpy().tolist()
    )


def test_the_pairs_near_a_threshold_are_decided_in_double_precision():
    rng = np.random.default_rng(5)
    X = np.abs(rng.normal(size=(200, 700))).astype(np.float32)
    exact = np.sort(near_pairs_by_hand(X, 4).squared_distance)
    for place in (10, 500, 1000):
        between = (exact[place - 1] + exact[place]) / 2
        assert len(near_pairs(row_distances(X), threshold=between)) == place


@pytest.mark.parametrize("threshold", [0, -1, 4.01, np.nan, np.inf])
def test_thresholds_that_are_no_distance_are_refused(threshold):
    with pytest.raises(InputError, match="above 0, up to 4"):
        measure(features("few"), threshold=threshold)


@pytest.mark.parametrize(
    "X", [np.ones((300, 600)), np.abs(np.random.default_rng(0).random((300, 600)))]
)
def test_more_near_pairs_than_anyone_can_look_at_are_refused(monkeypatch, X):
    monkeypatch.setattr(near_pairs_module, "MOST_PAIRS", 10_000)
    with pytest.raises(InputError, match="choose a smaller threshold"):
        measure(X, threshold=2)


# what is awkward


def test_posters_that_are_all_the_same_are_at_no_distance_and_fully_similar():
    X = np.full((20, 600), 3.0)
    measured = measure(X, n_neighbors=3, threshold=0.01)
    assert (measured.distances.squared_normalised == 0).all() and measured.distances.n_distinct == 1
    assert measured.neighbors[5].tolist() == [0, 1, 2] and (measured.similarities == 1).all()
    assert len(measured.near_pairs) == 190
    labels = np.arange(20) % 2
    for found in silhouettes_of_both(measured.distances, normalised=labels, original=labels):
        assert (found == 0).all()


@pytest.mark.parametrize("n_features", [30, 600])
def test_posters_without_features_are_at_defined_distances(n_features):
    X = np.zeros((9, n_features))
    X[3:] = np.random.default_rng(0).random((6, n_features))
    measured = measure(sp.csr_array(X), n_neighbors=8, threshold=0.001)
    unit = measured.distances.squared_normalised
    assert (unit[:3, :3] == 0).all() and (unit[:3, 3:] == 1).all()
    assert (measured.similarities[:3] == 0).all() and measured.neighbors[0].tolist() == list(
        range(1, 9)
    )
    assert measured.near_pairs[["row", "other"]].to_numpy().tolist() == [[0, 1], [0, 2], [1, 2]]
    labels = np.array([0, 1, 0, 0, 1, 1, 2, 2, 2])
    rows = normalize(X)
    found = silhouette_samples(measured.distances, labels, normalised=True)
    np.testing.assert_allclose(found, metrics.silhouette_samples(rows, labels), atol=1e-5)
    alone = measure(np.zeros((4, n_features)), n_neighbors=2)
    assert (alone.similarities == 0).all() and (alone.distances.squared_normalised == 0).all()


def test_one_poster_has_distances_but_no_neighbours():
    X = np.ones((1, 600))
    assert measure(X, threshold=0.1).near_pairs.empty
    assert row_distances(X).squared_normalised.tolist() == [[0]]
    with pytest.raises(InputError, match="one poster"):
        measure(X, n_neighbors=1)


@pytest.mark.parametrize(
    ("X", "arguments", "said"),
    [
        (np.zeros((0, 5)), {}, "at least 1 row"),
        (np.zeros(5), {}, "at least 1 row"),
        (np.full((3, 5), np.nan), {}, "NaN"),
        (np.eye(3) * 1e25, {}, "scale the features"),
        (np.eye(5), {"memory_budget": -1}, "0 bytes and more"),
        (np.eye(5), {"memory_budget": np.nan}, "0 bytes and more"),
        (np.eye(5), {"n_neighbors": 5}, "1 to 4"),
        (np.eye(5), {"n_neighbors": 2, "order": np.arange(4)}, "one rank for each of 5"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_line(X, arguments, said):
    with pytest.raises(InputError, match=said) as caught:
        measure(X, **arguments)
    assert "\n" not in str(caught.value)


def test_features_that_are_no_numbers_are_refused():
    X = np.ones((700, 600), np.float32)
    X[650, 3] = np.nan
    for n_neighbors in (None, 3):
        with pytest.raises(InputError, match="NaN"):
            measure(X, n_neighbors=n_neighbors)
    with pytest.raises(InputError, match="NaN"):
        nearest_neighbours(X, queries=np.array([0]))


def test_distances_of_other_features_are_refused():
    with pytest.raises(InputError, match="distances of these features"):
        nearest_neighbours(features("few"), distances=row_distances(features("few")[1:]))


# the mean of each cluster


@given(st.lists(st.tuples(st.integers(-3, 3), st.floats(-1, 1)), min_size=1, max_size=40))
def test_cluster_silhouettes_are_the_means_of_the_clusters(drawn):
    labels, silhouettes = (np.array(part) for part in zip(*drawn, strict=True))
    table = cluster_silhouettes(silhouettes, labels)
    grouped = pd.Series(silhouettes).groupby(labels)
    assert table["cluster"].tolist() == sorted(set(labels.tolist()))
    assert table["n_posters"].tolist() == grouped.size().tolist()
    np.testing.assert_allclose(table["silhouette"], grouped.mean(), atol=1e-12)


@pytest.mark.parametrize("shape", [(4,), (5, 2), (0,)])
def test_silhouettes_without_their_labels_are_refused(shape):
    with pytest.raises(InputError, match="do not fit"):
        cluster_silhouettes(np.zeros(shape), np.zeros(5 if shape != (0,) else 0))


def test_identical_posters_without_any_distance_have_silhouette_zero():
    X = np.ones((6, 3))
    labels = np.array([0, 0, 0, 1, 1, 1])
    assert (silhouette_samples(row_distances(X), labels) == 0).all()


def test_distances_over_the_budget_are_not_kept():
    X = features("skewed")
    assert row_distances(X, memory_budget=4 * len(X) ** 2).squared_normalised is not None
    assert row_distances(X, memory_budget=4 * len(X) ** 2 - 1).squared_normalised is None


def test_copies_have_the_same_distances_bit_by_bit():
    X = np.vstack([features("skewed", 700), features("skewed", 700)[::-1]])
    measured = row_distances(X)
    assert np.array_equal(
        measured.squared_normalised[:700], measured.squared_normalised[700:][::-1]
    )
    assert np.array_equal(measured.squared_normalised, measured.squared_normalised.T)
    assert measured.n_distinct == 700 - 3 - 1


def test_the_number_of_threads_changes_nothing():
    X = sp.csr_array(features("skewed", 1100))
    labels = np.random.default_rng(0).integers(0, 9, (1100, 4))
    seen = set()
    for n_threads in (1, 2, 4):
        with threadpool_limits(n_threads):
            measured = row_distances(X)
            seen.add(
                measured.squared_normalised.tobytes()
                + silhouette_samples(measured, labels).tobytes()
            )
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
    rows, similarities = nearest_neighbours(given, n_neighbors=8, order=order, distances=distances)
    by_hand = neighbors_by_hand(X, X, order, lambda number: [number])
    for number, (best, exact) in enumerate(by_hand):
        np.testing.assert_allclose(similarities[number], exact[:8], atol=1.5e-6)
        if kind != "alike":  # there the sixth decimal itself hangs on the order of the sums
            assert rows[number].tolist() == best[:8], number
    assert (np.diff(similarities, axis=1) <= 0).all() and abs(similarities).max() <= 1


def test_one_poster_asked_alone_has_the_neighbors_it_has_among_all():
    X = sp.csr_array(features("skewed", 600))
    rows, similarities = nearest_neighbours(X, n_neighbors=7)
    for asked in ([5], [599, 0, 9, 10], np.arange(300)):
        alone = nearest_neighbours(X, n_neighbors=7, queries=np.array(asked))
        assert np.array_equal(alone[0], rows[asked]) and np.array_equal(
            alone[1], similarities[asked]
        )


def test_ties_are_settled_by_the_order_that_was_given():
    X = np.vstack([np.ones((5, 3)), np.eye(3)])
    for order in (np.arange(8), np.arange(8)[::-1]):
        rows, similarities = nearest_neighbours(
            X, n_neighbors=5, queries=np.array([2]), order=order, include_self=True
        )
        assert rows[0].tolist() == sorted(range(5), key=lambda row: order[row])
        assert (similarities == 1).all()


def test_hundreds_of_copies_are_all_neighbors_of_each_other():
    rng = np.random.default_rng(0)
    X = sp.csr_array(np.vstack([np.tile(rng.random(50), (400, 1)), rng.random((30, 50))]))
    rows, similarities = nearest_neighbours(X, n_neighbors=3)
    assert rows[:3].tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3]]
    assert (similarities[:400] == 1).all() and (similarities[400:] < 1).all()


@pytest.mark.parametrize("how", ["products", "kept"])
def test_without_copies_the_first_of_them_stands_for_all(how):
    X = features("skewed")[:60]
    first = first_identical(X)
    assert len(np.unique(first)) == 56  # three copies of a poster, and two black ones
    distances = row_distances(X) if how == "kept" else None
    rows, similarities = nearest_neighbours(X, n_neighbors=8, copies=False, distances=distances)
    distinct = np.unique(first)
    alone = nearest_neighbours(X[distinct], n_neighbors=8)
    place = np.searchsorted(distinct, first)
    assert np.array_equal(rows, distinct[alone[0]][place])
    assert np.array_equal(similarities, alone[1][place])
    with pytest.raises(InputError, match=f"valid values are 1 to {len(distinct) - 1}"):
        nearest_neighbours(X, n_neighbors=len(distinct), copies=False)


def test_a_poster_without_features_is_similar_to_nothing():
    X = np.vstack([np.zeros((1, 4)), np.eye(4)])
    for distances in (None, row_distances(X)):
        rows, similarities = nearest_neighbours(X, n_neighbors=3, distances=distances)
        assert rows[0].tolist() == [1, 2, 3] and (similarities == 0).all()
    assert (row_distances(X).similarities(np.arange(5)) == np.diag([0, 1, 1, 1, 1])).all()


def test_a_vector_from_outside_finds_the_poster_it_was_made_from():
    X = features("skewed")
    rows, similarities = nearest_neighbours(
        X, n_neighbors=len(X), queries=sp.csr_array(7 * X[[77]])
    )
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
        nearest_neighbours(features("few"), **arguments)

"""A matrix and the index of its rows cannot be parted unnoticed."""

import itertools
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import coo_array, csr_array, csr_matrix, load_npz, save_npz

from poster_analysis.core.errors import InputError
from poster_analysis.extraction.features import (
    Features,
    load_features,
    sample_rows,
    save_blocks,
    save_features,
)

matrices = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
    elements=st.one_of(st.just(0.0), st.floats(-1e6, 1e6, width=32)),
)


def features_of(X, **columns) -> Features:
    n = X.shape[0]
    table = {
        "imdb_id": [str(100 + row) for row in range(n)],
        "sha256": [f"{row:064x}" for row in range(n)],
    }
    return Features(X, pd.DataFrame(table | columns))


def random_features(n: int = 20, d: int = 30, seed: int = 0) -> Features:
    return features_of(np.random.default_rng(seed).random((n, d)).clip(0.5) - 0.5)


def refusal(call, *arguments, **options) -> str:
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# One canonical matrix


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(matrices)
def test_equal_matrices_are_equal_bytes_however_they_were_stored(X):
    rows, columns = np.nonzero(np.ones_like(X))
    order = np.random.default_rng(0).permutation(len(rows))
    shuffled = coo_array((X[rows, columns][order], (rows[order], columns[order])), shape=X.shape)
    explicit = csr_array((X.ravel(), columns, np.arange(X.shape[0] + 1) * X.shape[1]), X.shape)
    stored = [
        X,
        X.astype(np.float64),
        csr_matrix(X),
        shuffled,
        explicit,
        shuffled.tocsc(),
        X.tolist(),
    ]
    index = pd.DataFrame({"imdb_id": [str(row) for row in range(X.shape[0])]})
    features = [Features(version, index) for version in stored]
    assert len({one.digest for one in features}) == 1
    for one in features:
        assert type(one.X) is csr_array
        assert one.X.dtype == np.float32
        assert one.X.nnz == np.count_nonzero(X)
        np.testing.assert_array_equal(one.X.toarray(), X)


def test_nothing_given_is_changed():
    X = csr_array(([1.0, 0.0, 2.0], [2, 0, 1], [0, 3]), shape=(1, 3))
    index = pd.DataFrame({"imdb_id": ["tt01"], "row": [7]}, index=[5])
    features = Features(X, index)
    assert X.nnz == 3
    assert X.indices.tolist() == [2, 0, 1]
    assert index.index.tolist() == [5]
    assert list(index) == ["imdb_id", "row"]
    assert features.imdb_ids == ["1"]


def test_values_of_one_place_are_added():
    X = csr_array(([1.0, 5.0, 2.0, -5.0], [2, 1, 2, 1], [0, 4]), shape=(1, 3))
    features = features_of(X)
    assert features.X.toarray().tolist() == [[0, 0, 3]]
    assert features.X.nnz == 1


def test_a_matrix_in_its_form_is_not_copied():
    X = csr_array(np.eye(4, dtype=np.float32))
    assert np.shares_memory(features_of(X).X.data, X.data)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.filterwarnings("error")
def test_what_is_not_finite_is_named_by_its_row(bad):
    X = np.ones((5, 3))
    X[3, 1] = bad
    assert "row 3 " in refusal(features_of, X)
    assert "row 3 " in refusal(features_of, csr_array(X))


@pytest.mark.parametrize(
    "X",
    [
        np.ones(3),
        np.ones((2, 2, 2)),
        np.array([["a", "b"]]),
        np.ones((2, 2), complex),
        csr_array(np.ones((2, 2), complex)),
        np.array([[object()]]),
    ],
)
def test_what_is_no_matrix_of_numbers_is_refused(X):
    assert "matrix of numbers" in refusal(Features, X, pd.DataFrame({"imdb_id": ["1", "2"]}))


@pytest.mark.parametrize(
    ("shape", "ids", "words"),
    [
        ((3, 2), ["1", "2"], "3 rows and its index 2"),
        ((0, 2), [], "at least one row"),
        ((2, 0), ["1", "2"], "at least one row"),
        ((2, 2), ["1", "tt01"], "'1' is in the index twice"),
        ((2, 2), ["1", None], "row 1 of the index has no id"),
        ((2, 2), ["", "1"], "row 0 of the index has no id"),
    ],
)
def test_what_does_not_fit_is_refused(shape, ids, words):
    assert words in refusal(Features, np.ones(shape), pd.DataFrame({"imdb_id": ids}, dtype=object))


def test_an_index_needs_ids():
    assert "'imdb_id'" in refusal(Features, np.ones((1, 1)), pd.DataFrame({"id": [1]}))


# Rows


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 19), min_size=1, max_size=20, unique=True))
def test_rows_taken_keep_their_posters(rows):
    features = random_features()
    taken = features.take(rows)
    for place, row in enumerate(rows):
        imdb_id = features.imdb_ids[row]
        assert taken.row(imdb_id) == place
        np.testing.assert_array_equal(taken.X[[place]].toarray(), features.X[[row]].toarray())
    np.testing.assert_array_equal(taken.index.index, np.arange(len(rows)))


def test_rows_are_taken_by_truth_values_too():
    features = random_features()
    chosen = np.arange(20) % 3 == 0
    assert features.take(chosen).digest == features.take(np.flatnonzero(chosen)).digest


@pytest.mark.parametrize("rows", [[20], [-1], [0.5], [[0]], [], [True], np.zeros(20, bool), [1, 1]])
def test_rows_that_are_not_there_are_refused(rows):
    assert refusal(random_features().take, rows)


@pytest.mark.parametrize(
    "spelling", ["100", "tt0000100", "TT100", " 0100 ", 100, 100.0, np.int64(100)]
)
def test_a_film_is_found_by_any_spelling(spelling):
    assert random_features().row(spelling) == 0


@pytest.mark.parametrize("spelling", ["99", "", None, "line\nbreak"])
def test_an_unknown_film_is_named(spelling):
    assert "no poster has the id" in refusal(random_features().row, spelling)


def test_the_digest_depends_on_values_and_index_but_not_on_the_place():
    base = random_features(5, 4)
    same = features_of(base.X, path=[f"elsewhere/{row}.jpg" for row in range(5)])
    assert same.digest == base.digest
    others = [
        features_of(base.X * np.float32(1.0001)),
        features_of(base.X, title=["x"] * 5),
        features_of(base.X, sha256=["0" * 64] * 5),
        base.take([1, 0, 2, 3, 4]),
        base.take([0, 1, 2, 3]),
        features_of(csr_array((base.X.data, base.X.indices, base.X.indptr), shape=(5, 9))),
    ]
    assert len({base.digest, *(other.digest for other in others)}) == 1 + len(others)


# Files


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    X=matrices,
    title=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
    year=st.one_of(st.none(), st.integers(1850, 2050)),
    extra=st.sampled_from(["", "007", "1.50", "NA", "nan", "None", 'a "b", c', "two\nlines"]),
)
def test_what_was_saved_is_loaded(tmp_path, X, title, year, extra):
    n = X.shape[0]
    columns = {"title": [title] * n, "year": [year] * n, "extra": [extra] * n}
    features = features_of(X, **columns, path=["a b/ü.jpg"] * n)
    save_features(features, tmp_path)
    loaded = load_features(tmp_path)
    assert loaded.digest == features.digest
    pd.testing.assert_frame_equal(loaded.index, features.index)
    np.testing.assert_array_equal(loaded.X.toarray(), X)


def test_saving_twice_gives_the_same_bytes(tmp_path):
    a, b = (save_features(random_features(), tmp_path / name) for name in ("a", "b"))
    assert a.matrix.read_bytes() == b.matrix.read_bytes()
    assert a.table.read_bytes() == b.table.read_bytes()


@settings(max_examples=50)
@given(matrices, st.lists(st.integers(0, 6), max_size=6))
def test_a_matrix_in_parts_is_saved_as_the_same_bytes(tmp_path_factory, X, places):
    folder = tmp_path_factory.mktemp("parts")
    whole = features_of(X)
    n = len(whole)
    bounds = sorted({0, n, *(place for place in places if place < n)})
    parts = [whole.X[[*range(*pair)]] for pair in itertools.pairwise(bounds)]
    one = save_features(whole, folder / "one")
    many = save_blocks(lambda: parts, whole.index, X.shape[1], folder / "many")
    assert one.matrix.read_bytes() == many.matrix.read_bytes()
    assert one.table.read_bytes() == many.table.read_bytes()
    assert many.shape == X.shape and many.smallest == X.min()


def test_parts_that_do_not_fit_the_index_leave_nothing(tmp_path):
    features = random_features()
    message = refusal(save_blocks, lambda: [features.X[:7]], features.index, 30, tmp_path / "new")
    assert "7" in message and "20" in message and not (tmp_path / "new").exists()


def test_the_matrix_opens_with_scipy_and_the_index_starts_with_the_row(tmp_path):
    features = random_features()
    saved = save_features(features, tmp_path)
    matrix, table = saved.matrix, saved.table
    assert (matrix.name, table.name) == ("features.npz", "features_index.csv")
    np.testing.assert_array_equal(load_npz(matrix).toarray(), features.X.toarray())
    index = pd.read_csv(table)
    assert index.columns.tolist() == ["row", "imdb_id", "title", "genre", "year", "path", "sha256"]
    assert index["row"].tolist() == list(range(20))


@pytest.fixture
def saved(tmp_path):
    files = save_features(random_features(), tmp_path)
    return tmp_path, files.matrix, files.table


@pytest.mark.parametrize("which", [0, 1])
def test_a_missing_file_is_named(saved, which):
    folder, *files = saved
    files[which].unlink()
    assert files[which].name in refusal(load_features, folder)


@pytest.mark.parametrize(
    "other",
    [
        lambda features: features.take(np.arange(19, -1, -1)),
        lambda features: features.take(np.arange(19)),
        lambda features: features_of(features.X, sha256=["0" * 64] * 20),
        lambda features: features_of(features.X, imdb_id=[str(row) for row in range(20)]),
    ],
)
def test_the_index_of_another_matrix_is_noticed(saved, tmp_path, other):
    folder, _, table = saved
    another = save_features(other(load_features(folder)), tmp_path / "another").table
    table.write_bytes(another.read_bytes())
    message = refusal(load_features, folder)
    assert "features.npz" in message
    assert "features_index.csv" in message
    assert "do not belong together" in message


def test_a_table_sorted_and_spelled_by_a_spreadsheet_is_understood(saved):
    folder, _, table = saved
    expected = load_features(folder)
    index = pd.read_csv(table, dtype=str, keep_default_na=False).sort_values(
        "sha256", ascending=False
    )
    index["imdb_id"] = "tt0000" + index["imdb_id"]
    index["year"] = "1985.0"
    index["remark"] = "added by hand"
    index.to_csv(table, index=False)
    loaded = load_features(folder)
    assert loaded.imdb_ids == expected.imdb_ids
    assert loaded.index["year"].tolist() == [1985] * 20
    np.testing.assert_array_equal(loaded.X.toarray(), expected.X.toarray())


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: data[:-9],
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"row,", b"now,", 1),
        lambda data: data.replace(b"\n1,", b"\n3,", 1),
        lambda data: data.replace(b"\n1,", b"\nx,", 1),
        lambda data: data.replace(b"year", b"your", 1),
        lambda data: data.replace(b"imdb_id", b"imdb_ib", 1),
        lambda data: data.replace(b",", b",,,", 40),
        lambda data: b"\xff\xfe" + data,
        lambda data: data + b"\n20,1\n",
    ],
)
def test_a_damaged_index_is_one_line(saved, change):
    folder, _, table = saved
    table.write_bytes(change(table.read_bytes()))
    assert "features_index.csv" in refusal(load_features, folder)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(position=st.integers(0, 10**6), value=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_matrix_is_noticed_or_harmless(tmp_path, position, value, cut):
    expected = random_features()
    matrix = save_features(expected, tmp_path).matrix
    data = bytearray(matrix.read_bytes())
    data[position % len(data)] = value
    matrix.write_bytes(data[: position % len(data)] if cut else data)
    try:
        assert load_features(tmp_path).digest == expected.digest
    except InputError as error:
        assert "features.npz" in str(error)
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(pickle.dumps({"X": 1})),
        lambda path: np.save(path.open("wb"), np.eye(3)),
        lambda path: zipfile.ZipFile(path, "w").close(),
        lambda path: np.savez(path, rows_digest=np.array([object()], dtype=object)),
        lambda path: save_npz(path, csr_array(np.eye(20))),
    ],
)
def test_what_is_no_matrix_of_ours_is_refused_and_never_unpickled(saved, write, monkeypatch):
    folder, matrix, _ = saved
    monkeypatch.setattr(pickle, "load", None)
    monkeypatch.setattr(pickle, "Unpickler", None)
    write(matrix)
    assert "features.npz" in refusal(load_features, folder)


@pytest.mark.parametrize(
    "arrays",
    [
        {"indices": np.full(3, 99), "indptr": [0, 1, 2, 3]},
        {"indices": [0, 1, -1], "indptr": [0, 1, 2, 3]},
        {"indices": [0, 1, 2], "indptr": [0, 3, 1, 3]},
        {"indices": [0, 1, 2], "indptr": [0, 1, 2, 9]},
        {"indices": [0, 1], "indptr": [0, 1, 2, 3]},
    ],
)
def test_indices_outside_the_matrix_are_refused(saved, arrays):
    folder, matrix, _ = saved
    digest = np.load(matrix)["rows_digest"]
    np.savez(matrix, shape=[3, 3], data=np.ones(3), rows_digest=digest, **arrays)
    assert "damaged" in refusal(load_features, folder)


# Samples


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(n=st.integers(1, 500), data=st.data(), seed=st.integers(0, 2**32))
def test_a_sample_is_a_choice_without_repetition_in_order(n, data, seed):
    size = data.draw(st.integers(1, n))
    rows = sample_rows(n, size, random_state=seed)
    assert len(rows) == size
    assert (np.diff(rows) > 0).all()
    assert 0 <= rows[0] <= rows[-1] < n
    np.testing.assert_array_equal(rows, sample_rows(n, size, random_state=seed))


def test_all_rows_are_no_sample():
    np.testing.assert_array_equal(sample_rows(7, None), np.arange(7))
    np.testing.assert_array_equal(sample_rows(7, 7), np.arange(7))


def test_every_row_has_the_same_chance():
    counts = sum(np.bincount(sample_rows(10, 3, random_state=s), minlength=10) for s in range(2000))
    assert abs(counts - 600).max() < 100


def test_the_sample_is_the_one_of_earlier_studies():
    assert sample_rows(100, 5, random_state=9).tolist() == [11, 28, 40, 84, 94]


@pytest.mark.parametrize("size", [0, -3, 11, 2.5, True, "3"])
def test_a_size_that_cannot_be_drawn_is_refused(size):
    assert "1 to 10" in refusal(sample_rows, 10, size)

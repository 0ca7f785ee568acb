"""The feature store: rows come back to the last bit, or not at all."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from poster_analysis.core.errors import InputError, RunError
from poster_analysis.extraction.rows import decode_row, encode_row
from poster_analysis.extraction.store import FeatureStore

SPECIFICATION = {"backbone": "example", "pooling": "average", "n_features": 203}
KEYS = [hashlib.sha256(bytes([n])).hexdigest() for n in range(30)]


def features(n=30, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 203)).astype(np.float32)
    X[: n // 2][rng.random((n // 2, 203)) > 0.2] = 0
    return X


@pytest.fixture
def store(tmp_path):
    with FeatureStore(tmp_path, SPECIFICATION, patience=5) as store:
        store.write(KEYS, features())
        yield store


@settings(max_examples=200, deadline=None)
@given(
    arrays.arrays(
        np.float32,
        st.integers(1, 100),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False) | st.just(0.0),
    )
)
def test_a_row_comes_back_bit_for_bit(row):
    data = encode_row(row)
    assert len(data) <= 1 + row.nbytes
    columns, values = decode_row(data, len(row))
    again = np.zeros_like(row)
    again[columns] = values
    assert again.tobytes() == row.tobytes()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.integers(1, 40))
def test_bytes_that_are_no_row_are_refused_or_a_row(data, n_features):
    try:
        columns, values = decode_row(data, n_features)
    except ValueError:
        return
    assert len(columns) == len(values) <= n_features
    assert not len(columns) or columns.max() < n_features


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_a_row_of_bfloat16_values_takes_half_the_space_and_comes_back(share):
    rng = np.random.default_rng(1)
    row = np.where(rng.random(1000) < share, rng.standard_normal(1000), 0).astype(np.float32)
    coarse = (row.view(np.uint32) & 0xFFFF0000).view(np.float32)
    columns, values = decode_row(encode_row(coarse), 1000)
    again = np.zeros_like(coarse)
    again[columns] = values
    assert again.tobytes() == coarse.tobytes()
    m = np.count_nonzero(coarse)
    assert len(encode_row(coarse)) == 1 + min(2000, 125 + 2 * m)
    almost = coarse.copy()
    almost[7] = np.float32(1 / 3)
    assert len(encode_row(almost)) == 1 + min(4000, 125 + 4 * np.count_nonzero(almost))


def test_rows_of_every_kind_lie_side_by_side(tmp_path):
    X = features(4)
    X[1] = X[3] = (X[1].view(np.uint32) & 0xFFFF0000).view(np.float32)
    X[3, :] = np.float32(1.5)
    with FeatureStore(tmp_path, SPECIFICATION) as store:
        store.write(KEYS[:4], X)
        assert store.read(KEYS[:4]).toarray().tobytes() == X.tobytes()


def test_blocks_are_the_matrix(tmp_path):
    keys = [hashlib.sha256(f"{n}".encode()).hexdigest() for n in range(600)]
    X = features(600)
    with FeatureStore(tmp_path, SPECIFICATION) as store:
        store.write(keys, X)
        blocks = list(store.blocks(keys[::-1]))
    assert len(blocks) > 1 and max(block.shape[0] for block in blocks) < 600
    assert np.concatenate([block.toarray() for block in blocks]).tobytes() == X[::-1].tobytes()


def test_rows_come_in_the_order_asked_for_and_twice_if_asked(store):
    rows = [7, 3, 3, 29, 0]
    X = store.read([KEYS[n] for n in rows])
    assert X.dtype == np.float32 and X.has_canonical_format
    assert X.toarray().tobytes() == features()[rows].tobytes()


def test_no_rows_are_a_matrix_without_rows(store):
    assert store.read([]).shape == (0, 203) and store.missing([]) == []


def test_more_rows_than_are_looked_up_at_a_time(tmp_path):
    keys = [hashlib.sha256(f"{n}".encode()).hexdigest() for n in range(700)]
    X = features(700)
    with FeatureStore(tmp_path, SPECIFICATION) as store:
        store.write(keys, X)
        assert store.missing(keys[::-1]) == [] and len(store) == 700
        assert store.read(keys[::-1]).toarray().tobytes() == X[::-1].tobytes()


def test_what_is_missing_comes_once_and_in_order(store):
    new = [hashlib.sha256(name).hexdigest() for name in (b"x", b"y")]
    assert store.missing([new[1], KEYS[0], new[0], new[1]]) == [new[1], new[0]]
    with pytest.raises(RunError, match=new[0][:12]):
        store.read([KEYS[0], new[0]])


def test_writing_again_replaces(store):
    store.write(KEYS[:1], features()[5:6])
    assert len(store) == 30
    assert store.read(KEYS[:1]).toarray().tobytes() == features()[5:6].tobytes()


@pytest.mark.parametrize(
    "X", [np.zeros((2, 203)), np.zeros((1, 202)), np.full((1, 203), np.nan), np.zeros(203)]
)
def test_what_cannot_be_a_row_is_refused(store, X):
    with pytest.raises(InputError, match="203"):
        store.write(["ab" * 32], X)
    assert len(store) == 30


def test_specifications_do_not_mix(tmp_path, store):
    other = SPECIFICATION | {"resize": "padded"}
    with FeatureStore(tmp_path, other) as second:
        assert second.path != store.path and second.missing(KEYS) == KEYS


def test_a_file_under_the_name_of_another_is_refused(tmp_path, store):
    with FeatureStore(tmp_path, SPECIFICATION | {"resize": "padded"}) as second:
        target = second.path
    target.write_bytes(store.path.read_bytes())
    with pytest.raises(InputError, match="another backbone"):
        FeatureStore(tmp_path, SPECIFICATION | {"resize": "padded"})


def bring_up_to_date(folder):
    """What an extraction does; whether it noticed anything."""
    with FeatureStore(folder, SPECIFICATION, patience=5) as store:
        missing = store.missing(KEYS)
        store.write(missing, features()[[KEYS.index(key) for key in missing]])
        assert store.read(KEYS).toarray().tobytes() == features().tobytes()
        assert store.damaged <= set(missing)
        return bool(missing or store.notes)


def test_whatever_byte_is_flipped_the_matrix_is_right_in_the_end(tmp_path, store):
    store.close()
    before = store.path.read_bytes()
    rng = np.random.default_rng(3)
    n_noticed = 0
    for place in [*range(16, 110, 3), *rng.integers(0, len(before), 60)]:
        damaged = bytearray(before)
        damaged[place] ^= 1 << int(rng.integers(8))
        store.path.write_bytes(damaged)
        for last in (False, True):
            try:
                n_noticed += bring_up_to_date(tmp_path)
                break
            except InputError as error:
                assert "format" in str(error) and "\n" not in str(error)
                break
            except RunError as error:
                assert not last and "run again" in str(error)
    assert n_noticed > 10


def test_reasons_hold_for_the_reader_that_gave_them(store):
    store.write_unreadable(KEYS[0], "truncated JPEG", reader="reader 1")
    store.write_unreadable(KEYS[1], 'a "quoted"\nreason ü', reader="reader 1")
    assert store.unreadable(KEYS, reader="reader 1") == {
        KEYS[0]: "truncated JPEG",
        KEYS[1]: 'a "quoted"\nreason ü',
    }
    assert store.unreadable(KEYS, reader="reader 2") == {}
    store.write_unreadable(KEYS[0], "damaged JPEG", reader="reader 2")
    assert store.unreadable(KEYS[:1], reader="reader 2") == {KEYS[0]: "damaged JPEG"}


def test_small_values_are_remembered(tmp_path, store):
    assert store.recall("cosine") is None
    store.remember("cosine", 0.25)
    store.close()
    with FeatureStore(tmp_path, SPECIFICATION) as again:
        assert again.recall("cosine") == 0.25 and len(again) == 30


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="choose another"):
        FeatureStore(tmp_path / "file", SPECIFICATION)


def test_a_file_that_is_a_folder_is_an_error_in_one_line(tmp_path, store):
    store.close()
    store.path.unlink()
    store.path.mkdir()
    with pytest.raises(RunError, match="cannot be opened") as caught:
        FeatureStore(tmp_path, SPECIFICATION)
    assert "\n" not in str(caught.value)

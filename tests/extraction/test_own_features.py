"""Features from anywhere: every usual file, and whatever is wrong with one said in a line."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from poster_analysis.core.errors import InputError
from poster_analysis.extraction.features import Features, save_features
from poster_analysis.extraction.matrix import Rows, load_matrix, read_rows
from poster_analysis.extraction.own_features import (
    own_features,
    read_own_features,
    rows_of_posters,
    write_own_features,
)

IDS = ["tt0000011", "12", "b/13.jpg"]
X = np.random.default_rng(9).normal(size=(3, 4))


def table(**columns):
    return pd.DataFrame(X, columns=[*"abcd"]).assign(**columns)


def saved(path, kind):
    """A file of some kind with the features above."""
    if kind == "npz":
        np.savez(path / "f.npz", features=X.astype(np.float16), paths=np.array(IDS))
        return path / "f.npz"
    if kind == "npy":
        np.save(path / "f.npy", X.astype(">f4"))
        (path / "f_ids.txt").write_text("\n".join(IDS) + "\n\n")
        return path / "f.npy"
    if kind == "sparse":
        sp.save_npz(path / "f.npz", sp.coo_array(X))
        (path / "f.csv").write_text("id,more\n" + "".join(f"{one},x\n" for one in IDS))
        return path / "f.npz"
    if kind == "csv":
        table(file=IDS).to_csv(path / "f.csv")
        return path / "f.csv"
    if kind == "german":
        table(id=IDS).to_csv(
            path / "f.csv", sep=";", decimal=",", index=False, encoding="utf-8-sig"
        )
        return path / "f.csv"
    if kind == "index":
        table().set_axis(IDS).to_parquet(path / "f.parquet")
        return path / "f.parquet"
    pd.DataFrame({"id": IDS, "embedding": X.astype("f4").tolist()}).to_parquet(path / "f.parquet")
    return path / "f.parquet"


@pytest.mark.parametrize("kind", ["npz", "npy", "sparse", "csv", "german", "index", "lists"])
def test_every_usual_file_gives_the_same_features(tmp_path, kind):
    own = read_own_features(saved(tmp_path, kind))
    assert own.names == IDS and own.X.dtype == np.float32
    np.testing.assert_allclose(own.X.toarray(), X, rtol=2e-3, atol=1e-3)
    assert load_matrix(saved(tmp_path, kind)).shape == (3, 4)
    assert own.facts["sha256"] and ("ids_sha256" in own.facts) == (kind in ("npy", "sparse"))


def test_features_of_a_study_are_features_of_ones_own(tmp_path):
    index = pd.DataFrame({"imdb_id": ["7", "5", "6"]})
    save_features(Features(np.eye(3), index), tmp_path)
    own = read_own_features(tmp_path / "features.npz")
    assert own.names == ["7", "5", "6"] and own.X.toarray().tolist() == np.eye(3).tolist()


def test_a_column_of_numbers_that_is_no_feature_is_named_and_leading_zeros_stay(tmp_path):
    table(imdb_id=["007", "008", "009"], title="x").to_csv(tmp_path / "f.csv")
    rows = read_rows(tmp_path / "f.csv")
    assert rows.names == ["007", "008", "009"] and rows.X.shape == (3, 4)
    assert rows.notes[0].endswith("were left out: 'Unnamed: 0' and 'title'.")


WRONG = {
    "holds text": (X.astype(str), IDS),
    "complex numbers": (X + 1j, IDS),
    "objects of Python": (X.astype(object), IDS),
    "durations": (X.astype("m8[s]"), IDS),
    "records": (np.zeros(3, dtype=[("a", float)]), IDS),
    r"shape \(3,\)": (X[:, 0], IDS),
    r"shape \(3, 4, 1\)": (X[:, :, None], IDS),
    r"shape \(\)": (np.array(3.0), IDS),
    r"shape \(0, 4\)": (X[:0], []),
    r"shape \(3, 0\)": (X[:, :0], IDS),
    "3 rows, and 2 ids": (X, IDS[:2]),
    "does not say which poster": (X, None),
    "no row of it can be used; the first, 'tt0000011': a number that is not finite": (
        X * np.nan,
        IDS,
    ),
    "no row of it can be used; the first, 'tt0000011': all of its numbers are 0": (X * 0, IDS),
    "no row of it can be used; the first, 'row 0': no id": (X, [""] * 3),
    "more than one row with other numbers for 11": (X, ["tt0000011", "11", "12"]),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_cannot_be_features_is_refused_in_one_line(message):
    with pytest.raises(InputError, match=message) as refused:
        own_features(Rows(*WRONG[message]), "it")
    assert "\n" not in str(refused.value)


def test_rows_that_cannot_be_used_are_named_and_counted():
    rows = np.vstack([X, X[:1], np.full((1, 4), np.inf), np.zeros((1, 4)), [[1e300, 0, 0, 0]]])
    own = own_features(Rows(rows, [*IDS, "0000011", "i", "z", "big"]), "it")
    assert own.names == IDS
    assert own.notes == (
        "2 rows of it were left out (a number that is not finite): i, big.",
        "1 row of it was left out (all of its numbers are 0): z.",
        "1 row of it is there again with the same numbers, and counts once: 0000011.",
    )


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16, np.float64, ">f8"])
def test_numbers_of_any_type_are_kept_in_single_precision(dtype):
    own = own_features(Rows(np.eye(3).astype(dtype), IDS), "it")
    assert own.X.dtype == np.float32 and own.X.toarray().tolist() == np.eye(3).tolist()


def bad_file(path, kind):
    if kind == "pickle.npy":
        np.save(path / kind, np.array([{}] * 3, dtype=object), allow_pickle=True)
    elif kind == "raw.npy":
        (path / kind).write_bytes(pickle.dumps(print))
    elif kind == "pickle.npz":
        np.savez(path / kind, X=X, ids=np.array([{}] * 3, dtype=object))
    elif kind == "two.npz":
        np.savez(path / kind, a=X, b=X)
    elif kind == "text.csv":
        (path / kind).write_text("id,a\n1,x\n2,y\n")
    elif kind == "ragged.csv":
        (path / kind).write_text("id,a\n1,2\n1,2,3,4\n")
    elif kind == "latin.csv":
        (path / kind).write_bytes("id,a\né,1\n".encode("latin-1"))
    elif kind == "ragged.parquet":
        pd.DataFrame({"id": IDS, "e": [[1.0], [1.0, 2.0], [3.0]]}).to_parquet(path / kind)
    elif kind == "folder.npy":
        (path / kind).mkdir()
    elif kind == "cut.npz":
        np.savez(path / kind, X=X)
        (path / kind).write_bytes((path / kind).read_bytes()[:80])
    elif kind != "nowhere.npy":
        (path / kind).write_bytes(b"")
    return path / kind


@pytest.mark.parametrize(
    "kind",
    ["pickle.npy", "raw.npy", "pickle.npz", "two.npz", "text.csv", "ragged.csv", "latin.csv", "ragged.parquet",
     "folder.npy", "cut.npz", "nowhere.npy", "empty.npy", "empty.csv", "empty.parquet", "features.pkl"],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_in_one_line(tmp_path, kind):
    with pytest.raises(InputError) as refused:
        read_own_features(bad_file(tmp_path, kind))
    message = str(refused.value)
    assert kind in message and "\n" not in message and "Traceback" not in message
    if kind.startswith("pickle"):
        assert "objects of Python (a pickle)" in message


def test_posters_and_rows_that_are_left_over_are_counted():
    own = own_features(Rows(X, ["11", "13", "99"]), "it")
    posters = pd.DataFrame({"imdb_id": [*map(str, range(11, 15))], "title": "", "path": ""})
    rows, notes, left_out = rows_of_posters(own, posters)
    assert rows.tolist() == [0, -1, 1, -1] and left_out[0][0] == "99"
    assert notes == [
        "2 posters have no row in it and were left out: 12, 14.",
        "1 row of it has no poster and was left out: 99.",
    ]
    with pytest.raises(InputError, match="none of the 3 rows of it is of one of the 2 posters"):
        rows_of_posters(own, posters.iloc[[1, 3]])


def test_two_names_of_one_poster_with_other_numbers_are_refused():
    own = own_features(Rows(X, ["11", "a/11.jpg", "12"]), "it")
    posters = pd.DataFrame({"imdb_id": ["11", "12"], "title": "", "path": ["a/11.jpg", "12.jpg"]})
    with pytest.raises(InputError, match=r"more than one row with other numbers for a/11\.jpg"):
        rows_of_posters(own, posters)


def test_what_is_written_is_read_and_nothing_is_written_of_what_is_wrong(tmp_path):
    frame = table().set_axis(IDS)
    path = write_own_features(frame, frame.index, tmp_path / "f.npz")
    before = path.read_bytes()
    assert read_own_features(path).names == IDS
    assert write_own_features(frame, frame.index, tmp_path / "g.npz").read_bytes() == before
    with pytest.raises(InputError):
        write_own_features(X * np.nan, IDS, tmp_path / "h.npz")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["f.npz", "g.npz"]

"""Neighbours: the same answer on every path, and matrices that keep their ids."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics.pairwise import cosine_similarity

from poster_analysis.core.errors import InputError
from poster_analysis.distances.measure import row_distances
from poster_analysis.extraction.features import Features
from poster_analysis.similarity.neighbours import (
    SimilarityIndex,
    load_similarity_matrix,
    neighbours,
    similar,
    similar_to_vector,
    similarity_matrix,
)


def make_features(X, ids=None):
    ids = ids or [str(row + 1) for row in range(len(X))]
    titles = [f"Film {imdb_id}" for imdb_id in ids]
    return Features(np.asarray(X, dtype=float), pd.DataFrame({"imdb_id": ids, "title": titles}))


@pytest.fixture
def features():
    generator = np.random.default_rng(3)
    X = np.maximum(generator.normal(size=(60, 40)), 0)
    X[20], X[33], X[7] = X[4], 3 * X[4], 0
    return make_features(X)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(2, 12).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=n, max_size=n
        )
    ),
    st.randoms(use_true_random=False),
)
def test_ties_are_settled_by_id_whatever_the_order_of_rows(X, random):
    ids = random.sample(["2", "10", "100", "9", "b", "a", "30", "4", "55", "7", "1", "x 1"], len(X))
    features = make_features(X, ids)
    table = neighbours(features, n_neighbors=len(X) - 1)
    scores = cosine_similarity(np.asarray(X, dtype=float)).clip(-1, 1).round(6)
    by_id = sorted(range(len(X)), key=lambda row: (not ids[row].isdigit(), ids[row].zfill(9)))
    for row, imdb_id in enumerate(ids):
        wanted = sorted(by_id, key=lambda other, row=row: -scores[row, other])
        wanted = [ids[other] for other in wanted if other != row]
        assert table.loc[table["imdb_id"] == imdb_id, "neighbour_id"].tolist() == wanted


def test_one_film_and_all_films_and_its_vector_agree(features):
    table = neighbours(features, n_neighbors=5)
    for row in (0, 4, 7, 20, 59):
        imdb_id = features.imdb_ids[row]
        expected = table[table["imdb_id"] == imdb_id]
        alone = similar(features, imdb_id, n_neighbors=5, by="id")
        assert alone["imdb_id"].tolist() == expected["neighbour_id"].tolist()
        assert alone["similarity"].tolist() == expected["similarity"].tolist()
        assert alone["rank"].tolist() == expected["rank"].tolist() == [1, 2, 3, 4, 5]
        outside = similar_to_vector(features, features.X[[row]], n_neighbors=6)
        outside = outside[outside["imdb_id"] != imdb_id]
        assert outside["imdb_id"].tolist()[:5] == expected["neighbour_id"].tolist()


def test_two_thousand_posters_get_the_list_of_a_full_matrix_in_double_precision():
    """Ids and order, duplicates and near-duplicates included; asked alone, inverted or not, and all at once."""
    rng = np.random.default_rng(5)
    X = np.maximum(rng.normal(size=(2000, 30)) @ rng.normal(size=(30, 900)) - 4, 0)
    X[rng.integers(0, 2000, 200)] = X[rng.integers(0, 2000, 200)]
    X[:40] = X[1000:1040] + 1e-4 * rng.random((40, 900))
    X[50], X[51] = 3 * X[60], 0
    ids = [str(number) for number in rng.permutation(9000)[:2000]]
    films = pd.DataFrame({"imdb_id": ids, "title": ids})
    features = Features(sp.csr_array(X, dtype=np.float32), films)
    unit = features.X.toarray().astype(np.float64)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-300)
    exact = np.clip(unit @ unit.T, -1, 1).round(6)
    np.fill_diagonal(exact, -2)
    by_id = np.argsort(np.array(ids, dtype=int))
    order = by_id[np.argsort(-exact[:, by_id], axis=1, kind="stable")[:, :6]]
    found = neighbours(features)
    assert found["neighbour_id"].tolist() == np.array(ids)[order].ravel().tolist()
    np.testing.assert_allclose(
        found["similarity"], np.take_along_axis(exact, order, axis=1).ravel(), atol=1.01e-6
    )
    for inverted in (False, True):
        index = SimilarityIndex(features, inverted=inverted)
        for row in (0, 50, 51, 60, 1000, 1999):
            answer, own = index.similar(row, by="index"), found[found["imdb_id"] == ids[row]]
            assert answer["imdb_id"].tolist() == own["neighbour_id"].tolist()
            assert answer["similarity"].tolist() == own["similarity"].tolist()


def test_several_films_at_once_get_the_answers_they_get_alone(features):
    films = ["5", "tt34", "Film 8", "5"]
    together = similar(features, films, n_neighbors=3)
    assert together["query_id"].tolist() == [one for one in ("5", "34", "8") for _ in range(3)]
    for film in films[:3]:
        own = together[together["query_id"] == film.removeprefix("tt").removeprefix("Film ")]
        alone = similar(features, film, n_neighbors=3)
        pd.testing.assert_frame_equal(
            own.drop(columns="query_id").reset_index(drop=True), alone, check_exact=True
        )
    with pytest.raises(InputError, match="no film was asked for"):
        similar(features, [])


@pytest.mark.parametrize("row", ["60", "-1", "1.0", "x", "9" * 30, "²"])
def test_a_row_that_does_not_exist(features, row):
    assert similar(features, "59", by="index")["rank"].tolist() == [1, 2, 3, 4, 5, 6]
    with pytest.raises(InputError, match="rows are numbered 0 to 59"):
        similar(features, row, by="index")


def test_kept_distances_change_nothing(features):
    distances = row_distances(features.X)
    pd.testing.assert_frame_equal(
        neighbours(features, distances=distances), neighbours(features), check_exact=True
    )
    kept, fresh = similarity_matrix(features, distances=distances), similarity_matrix(features)
    assert np.array_equal(kept.S, fresh.S)
    assert np.array_equal(
        distances.squared_normalised, row_distances(features.X).squared_normalised
    )


def test_distances_of_other_features_are_refused(features):
    distances = row_distances(features.X[:30])
    for ask in (neighbours, similarity_matrix):
        with pytest.raises(InputError, match="shape"):
            ask(features, distances=distances)


def test_rows_lead_back_to_the_features(features):
    answer = similar(features, "5", n_neighbors=4)
    assert features.index["imdb_id"].iloc[answer["row"]].tolist() == answer["imdb_id"].tolist()
    assert list(answer) == [
        "rank", "imdb_id", "title", "genre", "year", "similarity", "path", "row"
    ]  # fmt: skip
    assert "5" not in answer["imdb_id"].tolist()


def test_duplicates_come_first_in_order_of_id_and_the_film_itself_on_request(features):
    assert similar(features, "34", n_neighbors=2)["imdb_id"].tolist() == ["5", "21"]
    with_self = similar(features, "34", n_neighbors=3, include_self=True)
    assert with_self["imdb_id"].tolist() == ["5", "21", "34"]
    assert with_self["similarity"].tolist() == [1, 1, 1]


def test_a_poster_without_features_is_like_nothing(features):
    answer = similar(features, "8", n_neighbors=3)
    assert answer["similarity"].tolist() == [0, 0, 0]
    assert answer["imdb_id"].tolist() == ["1", "2", "3"]


@pytest.mark.parametrize("n_neighbors", [0, -1, 60, 2.5, True, "6", None])
def test_numbers_of_neighbours_out_of_range(features, n_neighbors):
    for ask in (neighbours, lambda features, **options: similar(features, "5", **options)):
        with pytest.raises(InputError, match="valid values are 1 to 59"):
            ask(features, n_neighbors=n_neighbors)


def test_limits_with_the_film_itself_and_from_outside(features):
    assert len(similar(features, "5", n_neighbors=60, include_self=True)) == 60
    assert len(similar_to_vector(features, np.ones(40), n_neighbors=60)) == 60
    with pytest.raises(InputError, match="1 to 60"):
        similar_to_vector(features, np.ones(40), n_neighbors=61)


def test_one_poster_has_no_neighbours():
    alone = make_features([[1, 2]])
    for ask in (neighbours, lambda features: similar(features, "1")):
        with pytest.raises(InputError, match="one poster"):
            ask(alone)


@pytest.mark.parametrize(
    "vector",
    [np.ones(39), np.ones((2, 40)), np.ones((1, 1, 40)), np.full(40, np.nan), sp.csr_array((2, 40))],
    ids=["short", "two", "deep", "nan", "sparse"],
)  # fmt: skip
def test_vectors_that_are_no_image(features, vector):
    with pytest.raises(InputError) as caught:
        similar_to_vector(features, vector)
    assert "\n" not in str(caught.value)


def test_shape_of_the_vector_makes_no_difference(features):
    vector = np.arange(40.0)
    answers = [
        similar_to_vector(features, given)
        for given in (vector, list(vector), vector[None], sp.csr_array(vector[None]))
    ]
    for answer in answers[1:]:
        pd.testing.assert_frame_equal(answer, answers[0])


def test_matrix_agrees_with_scikit_learn(features):
    S = similarity_matrix(features).S
    assert S.dtype == np.float32
    np.testing.assert_allclose(S, cosine_similarity(features.X), atol=2e-6)
    assert (S == S.T).all()
    assert S[4, 20] == S[4, 33] == 1


def test_an_unknown_film_and_a_skipped_one(features):
    skipped = pd.DataFrame({"imdb_id": ["777"], "path": ["777.jpg"], "reason": ["empty file"]})
    with pytest.raises(InputError, match=r"empty file \(777.jpg\)"):
        similar(features, "tt0000777", skipped=skipped)
    with pytest.raises(InputError, match="did you mean Film 1"):
        similar(features, "Fil 1")


def test_a_matrix_that_would_not_fit_is_refused_with_its_size(tmp_path, features):
    with pytest.raises(InputError, match=r"60 posters take 0\.0 GB"):
        similarity_matrix(features, path=tmp_path / "S.npy", memory_budget=14_399)
    assert not list(tmp_path.iterdir())
    assert similarity_matrix(features, memory_budget=14_400).S.shape == (60, 60)


def test_saved_twice_the_bytes_are_the_same_and_ids_come_back_as_text(tmp_path):
    features = make_features(np.eye(4), ["1e5", "nan", "007 x", "12"])
    files = []
    for name in ("first", "second"):
        matrix = similarity_matrix(features, path=tmp_path / name / "S.npy")
        files.append([file.read_bytes() for file in sorted((tmp_path / name).iterdir())])
        assert load_similarity_matrix(tmp_path / name / "S.npy").imdb_ids == matrix.imdb_ids
    assert files[0] == files[1]
    assert matrix.imdb_ids == tuple(features.imdb_ids)


def test_only_npy(tmp_path, features):
    with pytest.raises(InputError, match=r"\.npy"):
        similarity_matrix(features, path=tmp_path / "S.csv")


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: (folder / "S.npy").unlink(),
        lambda folder: (folder / "S_ids.csv").unlink(),
        lambda folder: (folder / "S.npy").write_bytes(b""),
        lambda folder: (folder / "S.npy").write_bytes((folder / "S.npy").read_bytes()[:-9]),
        lambda folder: np.save(folder / "S.npy", np.array([object()]), allow_pickle=True),
        lambda folder: np.save(folder / "S.npy", np.eye(60)),
        lambda folder: np.save(folder / "S.npy", np.eye(60, dtype=np.float32)),
        lambda folder: np.save(folder / "S.npy", np.eye(3, dtype=np.float32)),
        lambda folder: (folder / "S_ids.csv").write_text("row,imdb_id\n0,1\n"),
        lambda folder: (folder / "S_ids.csv").write_text(""),
    ],
)
def test_damaged_matrices_are_refused_in_one_line(tmp_path, features, harm):
    similarity_matrix(features, path=tmp_path / "S.npy")
    harm(tmp_path)
    with pytest.raises(InputError) as caught:
        load_similarity_matrix(tmp_path / "S.npy")
    assert "\n" not in str(caught.value)


def test_ids_in_another_order_do_not_belong_to_the_matrix(tmp_path, features):
    similarity_matrix(features, path=tmp_path / "S.npy")
    lines = (tmp_path / "S_ids.csv").read_text().splitlines()
    lines[1], lines[2] = lines[2], lines[1]
    (tmp_path / "S_ids.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match="do not belong together"):
        load_similarity_matrix(tmp_path / "S.npy")

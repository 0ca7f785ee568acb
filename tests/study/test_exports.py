"""Exports: every film once with all that is known of it, and a Parquet file that other tools can read."""

import json

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from poster_analysis.core.errors import InputError
from poster_analysis.study.exports import poster_table, write_atlas
from poster_analysis.study.run import open_run
from poster_analysis.study.stages.map import ATLAS

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def films(n, **columns):
    ids = [str(100 + number) for number in range(n)]
    return pd.DataFrame({"imdb_id": ids, "title": "", "genre": "", **columns})


@given(st.permutations(range(6)), st.integers(0, 6))
def test_every_film_keeps_its_row_whatever_the_order_of_the_other_tables(order, n_clustered):
    index = films(6)
    clusters = pd.DataFrame({"imdb_id": index["imdb_id"], "cluster": range(6), "silhouette": 0.5})
    places = pd.DataFrame({"imdb_id": index["imdb_id"], "x": range(6), "y": 0.0})
    some = clusters.iloc[[row for row in order if row < n_clustered]]
    table = poster_table(index, clusters={"pca": some}, places=places.iloc[order])
    assert table["imdb_id"].tolist() == index["imdb_id"].tolist()
    assert table["map_x"].tolist() == list(range(6))
    found = table["cluster_pca"].astype(object).where(table["cluster_pca"].notna(), None).tolist()
    assert found == [row if row < n_clustered else None for row in range(6)]


def test_columns_of_the_metadata_give_way_and_are_kept():
    index = films(2, cluster_pca=["a", "b"], n_lists=["c", "d"], studio=["e", "f"])
    clusters = pd.DataFrame({"imdb_id": ["101"], "cluster": [3], "silhouette": [0.5]})
    table = poster_table(index, clusters={"pca": clusters})
    assert table["metadata_cluster_pca"].tolist() == ["a", "b"]
    assert table["n_lists"].tolist() == ["c", "d"] and table["studio"].tolist() == ["e", "f"]
    assert not table.columns.duplicated().any()


def test_no_column_of_the_metadata_collides_with_one_that_is_made(tmp_path):
    odd = [
        "map_x",
        "metadata_map_x",
        "projection_x",
        "projection_y",
        "neighbors",
        "image",
        "neighbour_1",
    ]
    index = films(2, **dict.fromkeys([*odd, "neighbour_note", "similarity_to_bond"], "theirs"))
    places = pd.DataFrame({"imdb_id": index["imdb_id"], "x": [0.25, 0.5], "y": 0.75})
    near = pd.DataFrame({"imdb_id": ["100", "101"], "rank": 1, "neighbour_id": ["101", "100"], "similarity": 0.5})  # fmt: skip
    table = poster_table(index, places=places, neighbours=near)
    write_atlas(table, tmp_path / "a.parquet", neighbours=near, pictures=["", ""], folder=tmp_path)
    read = pq.read_table(tmp_path / "a.parquet")
    assert not table.columns.duplicated().any() and len({*read.column_names}) == read.num_columns
    assert read["projection_x"].to_pylist() == [0.25, 0.5]
    assert read["neighbors"].to_pylist()[0] == {"ids": [1], "distances": [0.5]}
    kept = [name for name in read.column_names if read[name].to_pylist() == ["theirs", "theirs"]]
    assert len(kept) == 9 and {"neighbour_note", "similarity_to_bond", "metadata_image"} < {*kept}


def test_a_film_that_is_there_twice_is_named():
    twice = pd.DataFrame({"imdb_id": ["100", "100"], "x": [0, 1], "y": [0, 1]})
    with pytest.raises(InputError, match="film '100' is there twice"):
        poster_table(films(2), places=twice)


@given(st.lists(TEXTS, min_size=3, max_size=3), st.lists(st.none() | TEXTS | st.floats(allow_nan=False), min_size=3, max_size=3))  # fmt: skip
def test_any_text_and_any_metadata_come_back_from_parquet(tmp_path_factory, titles, odd):
    path = tmp_path_factory.mktemp("atlas") / "posters.parquet"
    write_atlas(films(3, odd=pd.Series(odd, dtype=object)).assign(title=titles), path)
    read = pq.read_table(path)
    assert read["title"].to_pylist() == titles
    kept = [None if value is None else value for value in odd]
    same = [str(value) if value is not None else None for value in kept]
    assert [None if one is None else str(one) for one in read["odd"].to_pylist()] == same


def test_pictures_that_are_missing_or_broken_are_null(tmp_path):
    Image.new("RGB", (300, 400), "teal").save(tmp_path / "a.jpg")
    (tmp_path / "b.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:300])
    names = ["a.jpg", "b.jpg", "", "gone.jpg"]
    write_atlas(films(4), tmp_path / "out.parquet", pictures=names, folder=tmp_path)
    images = pq.read_table(tmp_path / "out.parquet")["image"].to_pylist()
    assert images[1:] == [None, None, None]
    assert images[0] == {"bytes": (tmp_path / "a.jpg").read_bytes(), "path": "a.jpg"}


def test_a_study_exports_every_poster_with_its_clusters_its_place_and_its_neighbours(study):
    run = open_run(study)
    index, table = run.table("features_index"), run.table("posters")
    assert table["imdb_id"].tolist() == index["imdb_id"].tolist()
    for space in ("raw", "pca", "nmf"):
        clusters = run.table(f"clusters_{space}").set_index("imdb_id")["cluster"]
        assert table[f"cluster_{space}"].tolist() == clusters.reindex(index["imdb_id"]).tolist()
    assert table[["map_x", "map_y"]].notna().all(axis=None)


def test_the_parquet_file_of_a_study_has_the_form_that_embedding_atlas_documents(study):
    read = pq.read_table(study / ATLAS)
    run = open_run(study)
    assert read.num_rows == len(run.table("features_index"))
    neighbours, ids = run.table("neighbours"), read["imdb_id"].to_pylist()
    for imdb_id, near in zip(ids, read["neighbors"].to_pylist(), strict=True):
        listed = neighbours[neighbours["imdb_id"] == imdb_id]
        assert [ids[row] for row in near["ids"]] == listed["neighbour_id"].tolist()
        assert near["distances"] == pytest.approx(1 - listed["similarity"], abs=1e-6)
    for column in ("projection_x", "projection_y"):
        assert all(0 <= value <= 1 for value in read[column].to_pylist())
    assert json.loads(json.dumps(read["neighbors"].to_pylist()))[0].keys() == {"ids", "distances"}
    assert all(one["bytes"][:3] == b"\xff\xd8\xff" for one in read["image"].to_pylist())

"""Names in other files mean posters: by path, id, name or film, and never by chance."""

import pandas as pd
import pytest

from poster_analysis.collection.named_rows import collection_of_names, meant_posters
from poster_analysis.core.errors import InputError


@pytest.fixture
def posters():
    return pd.DataFrame(
        {
            "imdb_id": ["113277", "113277_2", "848228", "99"],
            "film_id": ["113277", "113277", "848228", "99"],
            "title": ["Heat (1995)", "Heat (1995)", "Avengers, The", "Face/Off"],
            "year": pd.array([1995, 1995, 2012, None], dtype="Int64"),
            "path": ["a/0113277.jpg", "b/0113277.jpg", "848228.png", "faceoff.jpg"],
        }
    )


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("tt0113277", 0),
        (113277.0, 0),
        ("a/0113277.jpg", 0),
        ("b/0113277.jpg", 1),
        (r"C:\posters\B\0113277.JPG", 1),
        ("0113277.jpg", 0),
        ("/elsewhere/848228.png", 2),
        ("The Avengers (2012)", 2),
        ("The Avengers", 2),
        ("Face/Off", 3),
        ("FACEOFF", 3),
        ("Heat (1995)", 0),
        ("Heat (2013)", -1),
        ("", -1),
        (None, -1),
        (float("nan"), -1),
        ("../../etc/passwd", -1),
        ("\x00", -1),
        ("x" * 5000, -1),
    ],
)
def test_a_name_means_one_poster_or_none(posters, name, row):
    assert meant_posters([name], posters).tolist() == [row]


def test_a_title_of_two_films_means_none(posters):
    twice = posters.assign(title="Heat", year=pd.NA)
    assert meant_posters(["Heat"], twice).tolist() == [-1]


def test_names_without_a_table_are_a_collection():
    collection, rows = collection_of_names(["b.jpg", "tt0000012", "Ran"], ["x", "y", "x"])
    assert collection.table["imdb_id"].tolist() == ["12", "Ran", "b"] and rows.tolist() == [1, 2, 0]
    assert collection.table["sha256"].tolist() == ["y", "x", "x"] and len(collection.skipped) == 0


def test_names_of_which_hardly_any_is_in_the_table_are_refused(tmp_path):
    (tmp_path / "films.csv").write_text("imdb_id,title\n113277,Heat\n")
    with pytest.raises(InputError, match="none of the 2 posters has a row"):
        collection_of_names(["1", "2"], ["a", "b"], str(tmp_path / "films.csv"))
    table = collection_of_names(["1"], ["a"], str(tmp_path / "films.csv"), anyway=True)[0].table
    assert table["title"].tolist() == [""]

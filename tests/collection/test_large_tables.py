"""Of a large table the same films are found as of the same table read as a whole, and the rest is counted."""

import csv
import gzip
import io
import zipfile

import pandas as pd
import pytest
from PIL import Image

from poster_analysis.collection import large_tables
from poster_analysis.collection.check import check
from poster_analysis.collection.large_tables import Wanted
from poster_analysis.collection.posters import read_collection

POSTERS = (
    "tt0113277.jpg", "0114709.jpg", "113497_1.jpg", "Village, The (2004).jpg", "amelie-2001.jpg", "12 Angry Men.jpg", "The A-Team (2010)/poster.jpg",
    "Die Bände (1999).jpg", "a.k.a.jpg", "1917.jpg", "tt0478970 Ant-Man (2015).jpg", "Pride & Prejudice (2005).jpg", "scan 7.jpg", "L'Atalante.jpg", "恐怖 (2001).jpg", "leon.jpg", "alien-1979.jpg",
)  # fmt: skip
FILMS = (
    ("tt0113277", "Heat", "1995"), ("tt0114709", "Toy Story", "1995"), ("tt0113497", "Jumanji", "1995"), ("tt0368447", "The Village", "2004"), ("tt0211915", "Le Fabuleux (Amélie)", "2001"),
    ("tt0050083", "12 Angry Men", "1957"), ("tt0429493", "A-Team, The", "2010"), ("tt0000200", "Baende", "1999"), ("tt8579674", "1917", "2019"), ("tt0478970", "Ant-Man", "2015"),
    ("tt0414387", "Pride and Prejudice", "2005"), ("tt0024844", "Atalante, L'", "1934"), ("tt0000300", "恐怖", "2001"), ("tt0000301", "A.K.A.", "1999"), ("tt0000303", "L&eacute;on", "1994"), ("tt0000304", "Alien[a]", "1979"), ("tt0000305", "Aliens[b]", "1986"), ("tt0000302", '"Heat', "1972"),
)  # fmt: skip


@pytest.fixture
def posters(tmp_path):
    for number, name in enumerate(POSTERS):
        path = tmp_path / "p" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 12), (number * 7, 90, 90)).save(path)
    return tmp_path / "p"


def rows():
    others = [(f"tt{20_000_000 + n}", f"Film, or {n}", "1990") for n in range(600)]
    return [*others[:300], *FILMS, *others[300:]]


def written(path, separator, *, quoted=True):
    text = io.StringIO(newline="")
    if quoted:
        csv.writer(text, delimiter=separator).writerows([("imdbId", "Title", "Year"), *rows()])
    else:
        text.write(
            "".join(
                separator.join(row) + "\n"
                for row in [("tconst", "primaryTitle", "startYear"), *rows()]
            )
        )
    data = text.getvalue().encode()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("films.csv", data)
    else:
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize(
    ("name", "separator", "quoted"),
    [("f.csv", ",", True), ("f.tsv.gz", "\t", False), ("f.zip", ";", True)],
)
def test_the_same_films_are_found(tmp_path, posters, monkeypatch, name, separator, quoted):
    films = written(tmp_path / name, separator, quoted=quoted)
    whole = check(posters, films)
    monkeypatch.setattr(large_tables, "LARGE", 3000)
    large = check(posters, films)
    pd.testing.assert_frame_equal(large.films, whole.films)
    assert large.n_matched > 10 and large.known.n_others > 350
    n_rows = len(large.known.table) + large.known.n_others
    assert n_rows == len(whole.known.table) == 618
    assert len(large.rows_without_poster) + large.known.n_others == len(whole.rows_without_poster)
    said = [f"{len(whole.rows_without_poster):,} rows" in str(one) for one in (large, whole)]
    assert said == [True, True]
    notes = [read_collection(posters, films).notes]
    assert any(
        f"{len(whole.rows_without_poster):,} rows of the metadata have no poster" in note
        for note in notes[0]
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("Film, or 400", 'Film "or" 400'),
        lambda text: text.replace('"Film, or 400"', '"Film, or 400'),
        lambda text: text.replace("Toy Story", "Toy Story é").encode("latin-1"),
        lambda text: "sep=,\n" + text,
        lambda text: text.encode("utf-16"),
        lambda text: gzip.compress(text.encode())[:-500],
    ],
    ids=["stray quotes", "open quote", "latin-1", "sep", "utf-16", "cut"],
)
def test_what_is_unusual_is_read_in_the_usual_way(tmp_path, posters, monkeypatch, spoil):
    text = written(tmp_path / "f.csv", ",").read_bytes().decode()
    text = text.replace("恐怖", "x").replace("é", "e")
    data = spoil(text)
    (tmp_path / "f.csv").write_bytes(data if isinstance(data, bytes) else data.encode())

    def outcome():
        try:
            found = check(posters, tmp_path / "f.csv")
        except Exception as error:
            return str(error)
        return (
            found.films.to_csv(),
            found.known.table.to_csv(),
            found.known.notes,
            found.known.skipped.to_csv(),
        )

    whole = outcome()
    monkeypatch.setattr(large_tables, "LARGE", 3000)
    assert outcome() == whole


def test_rows_that_do_not_fit_are_named(tmp_path, posters, monkeypatch):
    path = written(tmp_path / "f.csv", ",")
    lines = path.read_text().splitlines()
    lines[450] = "tt0000009"
    path.write_text("\n".join(lines))
    monkeypatch.setattr(large_tables, "LARGE", 3000)
    found = check(posters, path).known
    assert found.n_others > 350 and found.skipped["line"].tolist() == [451]


def test_ids_of_any_spelling_are_wanted():
    wanted = Wanted(["tt0113277.jpg", "Heat (1995)/a.jpg", "QID 77/x.jpg"], r"^([^/]+)/x")
    assert all(
        map(
            wanted.has_id,
            (
                "113277",
                "tt0113277",
                "https://www.imdb.com/title/tt0113277/",
                "0113277.0",
                "heat (1995)",
                "qid 77",
            ),
        )
    )
    assert not any(map(wanted.has_id, ("114709", "tt0", "", "Q78")))
    assert all(
        map(
            wanted.has_title,
            ("Heat", "HEAT!", "Heat (1995)", "Heat, The", "X (a.k.a. Heat)", "(Heat)"),
        )
    )
    assert not any(map(wanted.has_title, ("Heat 2", "", "(", "Überhitzt", "The Heathen Man")))

"""The drawn collection: its truth, its dirt, and how it is written."""

import csv
import io
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

import poster_analysis.drawing.collection as drawn
from poster_analysis.core.errors import InputError
from poster_analysis.drawing.collection import BLOCK, MOST, draw_collection, plan
from poster_analysis.drawing.genres import GENRES


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The smallest collection."""
    return draw_collection(tmp_path_factory.mktemp("drawn") / "small", n_posters=BLOCK)


def contents(collection):
    """The bytes of every file below a collection's folder, by path."""
    folder = collection.posters.parent
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def find_file(collection, imdb_id):
    """The file of a film, whatever its name looks like."""
    files = [
        path for path in collection.posters.glob("*.*") if path.suffix.lower() in (".jpg", ".jpeg")
    ]
    (found,) = [path for path in files if path.stem.removeprefix("tt").lstrip("0") == imdb_id]
    return found


def rows(collection):
    text = collection.metadata.read_bytes().decode("iso-8859-1")
    return list(csv.DictReader(io.StringIO(text)))


def signature(image):
    """A poster as a few hundred numbers: what it looks like from afar."""
    small = image.convert("L").resize((15, 22), Image.Resampling.BOX)
    pixels = np.asarray(small, float).ravel()
    return (pixels - pixels.mean()) / pixels.std()


def test_the_smallest_collection_has_everything(small):
    truth = small.read_truth()
    assert len(truth) == BLOCK + 3
    assert truth["imdb_id"].is_unique
    series = truth[truth["franchise"].ne("") & truth["rerelease_of"].eq("")]
    assert series.groupby("franchise").size().ge(3).any()
    originals = truth.loc[truth["rerelease_of"].ne(""), "rerelease_of"]
    assert len(originals) == 2
    assert originals.isin(truth["imdb_id"]).all()
    faults = {*drawn._DAMAGE.values(), *drawn._EXTRAS}
    assert set(truth["fault"]) == {"", *faults}
    assert set(truth["genre"]) == set(GENRES)


def test_posters_are_readable_but_for_two(small):
    readable, unreadable = [], []
    for path in small.posters.rglob("*"):
        if path.suffix.lower() not in (".jpg", ".jpeg"):
            continue
        try:
            with Image.open(path) as image:
                image.load()
                readable.append(path)
        except OSError:
            unreadable.append(path)
    assert len(readable) == BLOCK + 1
    assert len(unreadable) == 2
    hidden = {path.name for path in small.posters.iterdir()} & {".DS_Store", "Thumbs.db"}
    assert len(hidden) == 2


@pytest.mark.parametrize(
    ("fault", "format_", "mode"),
    [
        ("PNG named .jpg", "PNG", "RGB"),
        ("grayscale", "JPEG", "L"),
        ("CMYK", "JPEG", "CMYK"),
        ("sideways", "JPEG", "RGB"),
        ("", "JPEG", "RGB"),
    ],
)
def test_files_are_damaged_as_the_truth_says(small, fault, format_, mode):
    truth = small.read_truth()
    imdb_id = truth.loc[truth["fault"].eq(fault), "imdb_id"].iloc[0]
    with Image.open(find_file(small, imdb_id)) as image:
        assert (image.format, image.mode) == (format_, mode)
        upright = ImageOps.exif_transpose(image)
        assert upright.width < upright.height
        assert (image.size != upright.size) == (fault == "sideways")


def test_the_table_is_what_catalogues_are(small):
    with pytest.raises(UnicodeDecodeError):
        small.metadata.read_bytes().decode("utf-8")
    truth = small.read_truth().set_index("imdb_id")
    table = {row["imdbId"]: row for row in rows(small)}
    missing = set(truth.index) - set(table)
    assert [truth.loc[imdb_id, "fault"] for imdb_id in missing] == ["no row"]
    for imdb_id, row in table.items():
        genres = row["Genre"].split("|")
        assert genres[0] == truth.loc[imdb_id, "genre"]
        assert 1 <= len(genres) == len(set(genres)) <= 3
        assert (row["Title"] == "") == (truth.loc[imdb_id, "fault"] == "no title")
    (no_poster,) = truth.index[truth["fault"].eq("no poster")]
    with pytest.raises(ValueError):
        find_file(small, no_poster)


def test_two_files_of_one_film_are_the_same_picture(small):
    truth = small.read_truth()
    (imdb_id,) = truth.loc[truth["fault"].eq("two files"), "imdb_id"]
    (second,) = (small.posters / "again").iterdir()
    assert second.name == f"tt{int(imdb_id):07d}.jpg"
    assert second.read_bytes() == find_file(small, imdb_id).read_bytes()


def test_a_larger_collection_contains_the_smaller(small, tmp_path):
    larger = contents(draw_collection(tmp_path / "larger", n_posters=BLOCK + 3))
    posters = {
        path: content for path, content in contents(small).items() if path.startswith("posters/")
    }
    assert len(posters) > BLOCK
    assert {path: larger.get(path) for path in posters} == posters
    assert len(larger) == len(contents(small)) + 3


def test_a_rerelease_looks_like_its_original_and_like_nothing_else(small):
    truth = small.read_truth()
    usable = truth[~truth["fault"].isin([*drawn._EXTRAS, "sideways", "two files"])]
    signatures = {}
    for imdb_id in usable["imdb_id"]:
        with Image.open(find_file(small, imdb_id)) as image:
            signatures[imdb_id] = signature(image)
    again = usable[usable["rerelease_of"].ne("")]
    for imdb_id, original in zip(again["imdb_id"], again["rerelease_of"], strict=True):
        assert find_file(small, imdb_id).read_bytes() != find_file(small, original).read_bytes()
        closeness = {
            other: float(np.mean(signatures[imdb_id] * signatures[other]))
            for other in signatures
            if other != imdb_id
        }
        assert max(closeness, key=closeness.get) == original
        assert closeness[original] > 0.8


def test_the_plan_of_a_large_collection():
    plans = [plan(number, 9) for number in range(240)]
    assert len({each.imdb_id for each in plans}) == 240
    own = [each for each in plans if not each.rerelease_of]
    assert len({each.film.title for each in own}) == len(own)
    assert min(Counter(each.genre for each in plans).values()) >= 20
    series = Counter(each.franchise for each in own if each.franchise)
    assert len(series) == 10
    assert set(series.values()) == {3, 4, 5}
    for name in series:
        members = [each for each in own if each.franchise == name]
        assert len({each.look for each in members}) == 1
        years = [each.film.year for each in members]
        assert years == sorted(set(years))
    assert {each.change for each in plans if each.rerelease_of} == set(drawn._CHANGES)
    by_id = {each.imdb_id: each for each in plans}
    for each in plans:
        if each.rerelease_of:
            first = by_id[each.rerelease_of]
            assert not first.rerelease_of
            assert each.film.year > first.film.year
            assert (each.genre, each.franchise, each.picture) == (
                first.genre,
                first.franchise,
                first.number,
            )


def test_ids_are_never_used_twice():
    ids = [drawn._imdb_id(number, 9) for number in range(MOST + 3)]
    assert len(set(ids)) == len(ids)
    assert all(not imdb_id.startswith("0") and 5 <= len(imdb_id) <= 7 for imdb_id in ids)


def test_another_seed_draws_other_films():
    first, second = ([plan(number, seed).film.title for number in range(BLOCK)] for seed in (9, 10))
    assert len(set(first) & set(second)) < BLOCK / 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_posters": BLOCK - 1}, r"n_posters is 23; valid values are 24 to 5000"),
        ({"n_posters": MOST + 1}, r"n_posters is 5001"),
        ({"n_posters": 24.0}, r"n_posters is 24\.0"),
        ({"n_posters": "many"}, r"n_posters is 'many'"),
        ({"random_state": -1}, r"random_state is -1; valid values are 0 to"),
        ({"random_state": None}, r"random_state is None"),
    ],
)
def test_wrong_parameters_are_named_and_nothing_is_written(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        draw_collection(tmp_path / "new", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_anything_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(InputError, match=r"holds thesis\.txt"):
        draw_collection(tmp_path, n_posters=BLOCK)
    (tmp_path / "drawn.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        draw_collection(tmp_path, n_posters=BLOCK)
    (tmp_path / "drawn.json").write_text("[]")
    with pytest.raises(InputError, match=r"holds thesis\.txt"):
        draw_collection(tmp_path, n_posters=BLOCK)
    with pytest.raises(InputError, match="is not a folder"):
        draw_collection(tmp_path / "thesis.txt", n_posters=BLOCK)
    assert (tmp_path / "thesis.txt").read_text() == "three years of work"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.fixture
def blank(monkeypatch):
    """Posters that are drawn at once: all gray, but different."""
    calls = []

    def draw_poster(film, look, *, random_state):
        calls.append(film)
        level = np.random.default_rng(random_state).integers(256, size=(444, 300, 3))
        return Image.fromarray(level.astype(np.uint8))

    monkeypatch.setattr(drawn, "draw_poster", draw_poster)
    return calls


def test_the_same_collection_is_kept(tmp_path, blank):
    first = draw_collection(tmp_path / "again", n_posters=BLOCK)
    before, n_calls = contents(first), len(blank)
    assert draw_collection(tmp_path / "again", n_posters=BLOCK) == first
    assert len(blank) == n_calls
    assert contents(first) == before


@pytest.mark.parametrize("harm", ["edit", "remove"])
def test_a_damaged_collection_is_drawn_again(tmp_path, blank, harm):
    collection = draw_collection(tmp_path / "again", n_posters=BLOCK)
    before = contents(collection)
    victim = sorted(collection.posters.glob("*.jpg"))[3]
    victim.write_bytes(b"scribble") if harm == "edit" else victim.unlink()
    assert contents(draw_collection(tmp_path / "again", n_posters=BLOCK)) == before


def test_another_drawn_collection_is_replaced_and_an_empty_folder_filled(tmp_path, blank):
    (tmp_path / "again").mkdir()
    draw_collection(tmp_path / "again", n_posters=BLOCK + 5)
    collection = draw_collection(tmp_path / "again", n_posters=BLOCK, random_state=4)
    fresh = draw_collection(tmp_path / "fresh", n_posters=BLOCK, random_state=4)
    assert contents(collection) == contents(fresh)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "fresh"]


def test_what_somebody_put_into_a_drawn_collection_is_not_lost(tmp_path, blank):
    collection = draw_collection(tmp_path / "again", n_posters=BLOCK)
    (collection.posters / "mine.jpg").write_bytes(b"mine")
    for n_posters in (BLOCK, BLOCK + 1):
        with pytest.raises(InputError, match=r"holds posters/mine\.jpg"):
            draw_collection(tmp_path / "again", n_posters=n_posters)
    assert (collection.posters / "mine.jpg").read_bytes() == b"mine"


def test_an_interruption_leaves_what_was_there(tmp_path, blank, monkeypatch):
    collection = draw_collection(tmp_path / "again", n_posters=BLOCK)
    before = contents(collection)

    def stop(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(drawn, "draw_poster", stop)
    for folder in ("again", "new"):
        with pytest.raises(KeyboardInterrupt):
            draw_collection(tmp_path / folder, n_posters=BLOCK + 1)
    assert contents(collection) == before
    assert [path.name for path in tmp_path.iterdir()] == ["again"]


def test_what_was_replaced_comes_back_if_the_new_one_cannot_be_moved(tmp_path, blank, monkeypatch):
    collection = draw_collection(tmp_path / "again", n_posters=BLOCK)
    before, rename = contents(collection), Path.rename

    def fail(self, target):
        if self.name == "whole":
            raise OSError("no room")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="no room"):
        draw_collection(tmp_path / "again", n_posters=BLOCK + 1)
    assert contents(collection) == before
    assert [path.name for path in tmp_path.iterdir()] == ["again"]


def test_folders_have_the_rights_that_folders_have(tmp_path, blank):
    (tmp_path / "ordinary").mkdir()
    collection = draw_collection(tmp_path / "new", n_posters=BLOCK)
    rights = (tmp_path / "ordinary").stat().st_mode
    assert collection.posters.parent.stat().st_mode == rights
    assert collection.posters.stat().st_mode == rights
    assert os.access(collection.truth, os.R_OK)

"""Thumbnails: proportions, names that are safe, made once, and a reason where there is none."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from poster_analysis.collection.images import read_image
from poster_analysis.collection.posters import Posters
from poster_analysis.core.errors import InputError
from poster_analysis.core.files import read_table, write_table
from poster_analysis.figures import thumbnails
from poster_analysis.figures.thumbnails import (
    Thumbnail,
    make_thumbnails,
    thumbnail_name,
    thumbnail_table,
    thumbnails_from_table,
    whole_thumbnail,
)

SIZES = [(182, 268), (800, 1200), (1200, 800), (3, 4000), (4000, 3), (7, 7)]
NAMES = [
    '<img src=x onerror="alert(1)">.png',
    "quote\" and ' and `.png",
    "שלום.png",
    "🎬 film.png",
    "two\nlines.png",
    "..hidden & 100%.png",
]


def named(paths, folder):
    """Posters with these paths in a folder."""
    return Posters(pd.DataFrame({"path": paths}), folder)


@pytest.fixture(scope="module")
def posters(tmp_path_factory):
    folder = tmp_path_factory.mktemp("posters")
    for number, (size, name) in enumerate(zip(SIZES, NAMES, strict=True)):
        Image.new("RGB", size, (40 * number, 90, 30)).save(folder / name)
    return folder


def test_proportions_are_kept_and_nothing_is_blown_up(posters, tmp_path):
    made = make_thumbnails(named(NAMES, posters), tmp_path, size=240)
    for (width, height), thumbnail in zip(SIZES, made.values(), strict=True):
        scale = min(1, 240 / max(width, height))
        assert thumbnail.width == pytest.approx(max(1, width * scale), abs=1)
        assert thumbnail.height == pytest.approx(max(1, height * scale), abs=1)
        assert read_image(tmp_path / thumbnail.name).size == (thumbnail.width, thumbnail.height)


def test_names_are_hexadecimal_whatever_the_poster_is_called(posters, tmp_path):
    made = make_thumbnails(named(NAMES, posters), tmp_path)
    assert list(made) == NAMES
    assert {path.name for path in tmp_path.iterdir()} == {each.name for each in made.values()}
    assert all(re.fullmatch(r"[0-9a-f]{32}-240\.jpg", each.name) for each in made.values())


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_a_name_stands_for_one_content(first, second):
    same = thumbnail_name(first, size=99) == thumbnail_name(second, size=99)
    assert same == (first == second)


def test_a_picture_is_upright(tmp_path):
    image, exif = Image.new("RGB", (120, 60), "navy"), Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.jpg", exif=exif)
    thumbnail = make_thumbnails(named(["turned.jpg"], tmp_path), tmp_path / "small")["turned.jpg"]
    assert (thumbnail.width, thumbnail.height) == (60, 120)


def test_what_lies_there_is_not_made_again_and_what_is_damaged_is(posters, tmp_path, monkeypatch):
    made = make_thumbnails(named(NAMES[:3], posters), tmp_path)
    damaged = tmp_path / made[NAMES[0]].name
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2])
    written = []
    keep = thumbnails.written_whole
    monkeypatch.setattr(
        thumbnails, "written_whole", lambda path: written.append(path) or keep(path)
    )
    assert make_thumbnails(named(NAMES[:3], posters), tmp_path) == made
    assert written == [damaged] and damaged.read_bytes() == whole


@given(st.integers(16, 90), st.integers(16, 90), st.integers(0, 9), st.data())
def test_no_part_of_a_thumbnail_is_taken_for_the_whole(tmp_path_factory, width, height, seed, data):
    folder = tmp_path_factory.getbasetemp()
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    path = folder / "noise.jpg"
    Image.fromarray(pixels).save(path, "JPEG", quality=85, optimize=True)
    whole = path.read_bytes()
    assert whole_thumbnail(path) == Thumbnail("noise.jpg", width, height)
    for end in (data.draw(st.integers(0, len(whole) - 1)), whole.find(b"\xff\xd9") + 1):
        path.write_bytes(whole[:end])
        assert whole_thumbnail(path) is None
    path.write_bytes(whole + bytes(7))
    assert whole_thumbnail(path) is None


def test_what_lies_there_is_not_decoded(posters, tmp_path, monkeypatch):
    made = make_thumbnails(named(NAMES, posters), tmp_path)
    monkeypatch.setattr(thumbnails, "read_image", None)  # whoever calls it fails
    assert make_thumbnails(named(NAMES, posters), tmp_path) == made


def test_a_poster_that_was_exchanged_gets_another_thumbnail(tmp_path):
    names = []
    for color in ("red", "blue"):
        Image.new("RGB", (50, 70), color).save(tmp_path / "1.png")
        names.append(make_thumbnails(named(["1.png"], tmp_path), tmp_path / "small")["1.png"].name)
    assert len(set(names)) == 2 == len(list((tmp_path / "small").iterdir()))


def test_posters_that_cannot_be_read_have_a_reason_and_no_file(tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "folder.jpg").mkdir()
    paths = ["text.jpg", "empty.jpg", "folder.jpg", "gone.jpg", "", "a\0b.jpg", "x" * 5000]
    made = make_thumbnails(named(paths, tmp_path), tmp_path / "small")
    reasons = [each.reason for each in made.values()]
    assert reasons[:5] == ["not an image", "empty file", "a folder", "no such file", "no poster"]
    assert all(reasons) and {each.name for each in made.values()} == {""}
    assert not (tmp_path / "small").exists()


def test_same_posters_same_bytes_whatever_the_order(posters, tmp_path):
    make_thumbnails(named(NAMES, posters), tmp_path / "one")
    make_thumbnails(named(NAMES[::-1] * 2, posters), tmp_path / "two")
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert one == two and len(one) == len(NAMES)


@pytest.mark.parametrize("size", [0, -1, 15, 2049])
def test_the_valid_sizes_are_said(tmp_path, size):
    with pytest.raises(InputError, match="16 to 2048"):
        make_thumbnails(named([], tmp_path), tmp_path, size=size)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=20)))
def test_a_table_gives_the_thumbnails_back(tmp_path_factory, paths):
    rng = np.random.default_rng(len(paths))
    made = {
        path: Thumbnail(f"{number:032x}-240.jpg", *map(int, rng.integers(1, 240, 2)))
        if number % 3
        else Thumbnail(reason="no such file")
        for number, path in enumerate(paths)
    }
    path = write_table(thumbnail_table(made), tmp_path_factory.getbasetemp() / "thumbnails.csv")
    assert thumbnails_from_table(read_table(path)) == made


def test_a_table_without_a_column_is_refused():
    with pytest.raises(InputError, match="no column width, height"):
        thumbnails_from_table(pd.DataFrame(columns=["path", "name", "reason"]))

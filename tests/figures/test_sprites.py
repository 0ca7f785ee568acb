"""Sprites: every poster where the table says, in its own proportions, the same bytes each time."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from threadpoolctl import threadpool_limits

from poster_analysis.collection.posters import Posters
from poster_analysis.core.errors import InputError
from poster_analysis.figures.thumbnails import make_sprites

COLOURS = np.random.default_rng(3).integers(0, 256, size=(40, 3)).tolist()
SIZES = [(60, 90), (200, 300), (90, 60), (900, 60), (10, 400), (3, 3)]
NAMES = [f"<b> \"{number}\" & 'x' 🎬.png" for number in range(40)]


def named(paths, folder):
    """Posters with these paths in a folder."""
    return Posters(pd.DataFrame({"path": paths}), folder)


@pytest.fixture(scope="module")
def posters(tmp_path_factory):
    folder = tmp_path_factory.mktemp("posters")
    for number, name in enumerate(NAMES):
        size, colour = SIZES[number % len(SIZES)], tuple(COLOURS[number])
        Image.new("RGB", size, colour).save(folder / name)
    (folder / "broken.png").write_bytes(b"not a picture")
    return folder


def test_every_poster_is_where_the_table_says(posters, tmp_path):
    table = make_sprites(named(NAMES, posters), tmp_path, height=32, sheet_size=128)
    sheets = {name: np.asarray(Image.open(tmp_path / name)) for name in table["sheet"].unique()}
    assert len(sheets) > 1
    for sprite, colour in zip(table.itertuples(), COLOURS, strict=True):
        bottom, right = sprite.top + sprite.height, sprite.left + sprite.width
        pixels = sheets[sprite.sheet][sprite.top : bottom, sprite.left : right]
        assert pixels.shape == (sprite.height, sprite.width, 3)
        assert np.abs(pixels.astype(int).mean(axis=(0, 1)) - colour).max() < 12


def test_proportions_are_kept_inside_the_cell(posters, tmp_path):
    table = make_sprites(named(NAMES[:6], posters), tmp_path, height=48)
    for sprite, (width, height) in zip(table.itertuples(), SIZES, strict=True):
        assert (
            sprite.height <= 48
            and sprite.width <= 96
            and max(sprite.height, sprite.width / 2) == 48
        )
        assert abs(sprite.width - width * sprite.height / height) <= max(1, width / height)


def test_no_two_sprites_overlap(posters, tmp_path):
    table = make_sprites(named(NAMES, posters), tmp_path, height=32, sheet_size=256)
    for _, sheet in table.groupby("sheet"):
        used = np.zeros((256, 256), dtype=int)
        for sprite in sheet.itertuples():
            rows, columns = slice(sprite.top, sprite.top + sprite.height), slice(sprite.left, sprite.left + sprite.width)  # fmt: skip
            used[rows, columns] += 1
        assert used.max() == 1


def test_what_cannot_be_read_shares_a_plain_sprite_and_says_why(posters, tmp_path):
    paths = ["broken.png", NAMES[0], "gone.png", ""]
    table = make_sprites(named(paths, posters), tmp_path).set_index("path")
    assert table["reason"].tolist() == ["not an image", "", "no such file", "no poster"]
    plain = table.loc[["broken.png", "gone.png", ""], ["sheet", "left", "top", "width", "height"]]
    assert len(plain.drop_duplicates()) == 1


def test_same_posters_same_bytes_whatever_the_threads(posters, tmp_path):
    for threads in (1, 3):
        with threadpool_limits(threads):
            make_sprites(named(NAMES, posters), tmp_path / str(threads), height=32, sheet_size=128)
    names = sorted(path.name for path in (tmp_path / "1").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "3").iterdir())
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes()


def test_a_poster_that_occurs_twice_is_printed_once(posters, tmp_path):
    table = make_sprites(named([NAMES[0], NAMES[1], NAMES[0]], posters), tmp_path)
    assert table["path"].tolist() == NAMES[:2]
    assert make_sprites(named([], posters), tmp_path / "none").empty
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("options", [{"height": 8}, {"height": 300}, {"sheet_size": 100}])
def test_sizes_out_of_range_are_named(posters, tmp_path, options):
    with pytest.raises(InputError, match="valid are"):
        make_sprites(named(NAMES, posters), tmp_path, **options)

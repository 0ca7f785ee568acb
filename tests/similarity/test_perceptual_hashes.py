"""Perceptual hashes: what they survive, what they tell apart, and files that are none."""

import imagehash
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from threadpoolctl import threadpool_limits

from poster_analysis.collection.images import UnreadableImage
from poster_analysis.collection.posters import read_collection
from poster_analysis.core.errors import InputError
from poster_analysis.similarity.perceptual_hashes import (
    hash_distances,
    part_distances,
    perceptual_hashes,
    poster_bits,
    poster_windows,
)


def picture(seed, size=(240, 360)):
    """A picture of coloured blots."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", size, tuple(rng.integers(60, 200, 3).tolist()))
    pen = ImageDraw.Draw(image)
    for _ in range(40):
        x, y, r = rng.uniform(0, size[0]), rng.uniform(0, size[1]), rng.uniform(8, 60)
        pen.ellipse((x - r, y - r, x + r, y + r), fill=tuple(rng.integers(0, 255, 3).tolist()))
    return image


def distance(image, other, measure=hash_distances):
    bits = np.stack([poster_bits(image), poster_bits(other)])
    return measure(bits, np.array([0]), np.array([1]))[0]


@settings(max_examples=8)
@given(st.integers(0, 10**6), st.lists(st.floats(0.03, 0.08), min_size=4, max_size=4))
def test_a_trimmed_picture_is_the_same_and_another_is_not(seed, trims):
    image = picture(seed)
    left, top, right, bottom = (240 * trim for trim in trims)
    trimmed = image.crop((left, top, 240 - right, 360 - bottom)).resize((200, 300))
    assert distance(image, trimmed) == distance(trimmed, image) < 0.15
    assert distance(image, picture(seed + 1)) > 0.2


def test_size_gray_and_brightness_change_next_to_nothing():
    image = picture(1)
    for other in (
        image.resize((120, 180)),
        image.convert("L").convert("RGB"),
        image.point(lambda level: level * 0.8),
    ):
        assert distance(image, other) < 0.06


@pytest.mark.parametrize("band", [(0, 0, 240, 130), (0, 230, 240, 360)])
def test_a_picture_with_one_end_painted_over_has_the_same_part(band):
    image, painted = picture(2), picture(2)
    ImageDraw.Draw(painted).rectangle(band, fill="white")
    assert distance(image, painted, part_distances) < 0.02
    assert distance(image, painted) > 0.1


def test_distances_are_those_of_the_library():
    images = [picture(seed) for seed in range(6)]
    bits = np.stack([poster_bits(image) for image in images])
    hashes = [[imagehash.phash(part, 16) for part in poster_windows(image)] for image in images]
    rows, others = np.triu_indices(6, 1)
    wanted = [
        min(min(hashes[i][0] - each for each in hashes[j]), min(hashes[j][0] - each for each in hashes[i]))
        for i, j in zip(rows, others, strict=True)
    ]  # fmt: skip
    np.testing.assert_array_equal(hash_distances(bits, rows, others) * 256, wanted)
    none = np.array([], np.int64)
    assert hash_distances(bits, none, none).shape == part_distances(bits, none, none).shape == (0,)


@pytest.mark.parametrize("colour", ["black", "white", "navy"])
def test_a_blank_picture_is_like_nothing(colour):
    with pytest.raises(UnreadableImage, match="blank"):
        poster_bits(Image.new("RGB", (200, 300), colour))


def test_blank_parts_are_like_nothing():
    image = picture(3)
    other = picture(4)
    for each in (image, other):
        ImageDraw.Draw(each).rectangle((0, 140, 240, 360), fill="black")
    assert distance(image, other, part_distances) > 0.1


def test_files_that_cannot_be_hashed_have_a_reason_and_no_hash(tmp_path):
    picture(5).save(tmp_path / "1.jpg")
    picture(5).save(tmp_path / "2.png")
    (tmp_path / "3.jpg").write_bytes((tmp_path / "1.jpg").read_bytes()[:3000])
    (tmp_path / "4.jpg").write_text("<script>alert('$')</script>")
    Image.new("RGB", (200, 300)).save(tmp_path / "5.png")
    (tmp_path / "6.jpg").mkdir()
    paths = ["1.jpg", "2.png", "3.jpg", "4.jpg", "5.png", "6.jpg", "gone.jpg", "1.jpg"]
    index = pd.DataFrame({"imdb_id": [f"film {n}" for n in range(8)], "path": paths})
    index["sha256"] = [""] * 7 + ["0" * 64]
    hashes = perceptual_hashes(index, tmp_path)
    assert (hashes.table["reason"] == "").tolist() == [True, True] + 6 * [False]
    assert hashes.table["n_pixels"].tolist() == [240 * 360] * 2 + [0] * 6
    assert ((hashes.table["hash"] == "") == (hashes.table["reason"] != "")).all()
    whole, part = hashes.distances(np.array([0, 0, 2, 2]), np.array([1, 2, 2, 3]))
    assert whole[0] < 0.05 and whole[1:].tolist() == part[1:].tolist() == [1, 1, 1]


def test_threads_change_nothing(drawn):
    index = read_collection(drawn.posters, drawn.metadata).table.head(12)
    found = []
    for limit in (1, 2):
        with threadpool_limits(limit):
            found.append(perceptual_hashes(index, drawn.posters))
    pd.testing.assert_frame_equal(found[0].table, found[1].table)
    np.testing.assert_array_equal(found[0].bits, found[1].bits)


def test_an_empty_index_and_a_wrong_one(tmp_path):
    index = pd.DataFrame({"imdb_id": [], "path": [], "sha256": []})
    assert len(perceptual_hashes(index, tmp_path)) == 0
    with pytest.raises(InputError, match="sha256"):
        perceptual_hashes(index.drop(columns="sha256"), tmp_path)

"""Measures of many posters: once each, whatever stops them, and the same in the end."""

import io
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from poster_analysis.collection.images import read_image
from poster_analysis.collection.posters import Posters, read_collection
from poster_analysis.core.errors import InputError
from poster_analysis.measures import measured as module
from poster_analysis.measures.measured import measure_posters
from poster_analysis.measures.names import MEASURES
from poster_analysis.measures.poster import (
    STEADY_WITHIN,
    measure_poster,
    measure_with_palette,
    moved,
)


@pytest.fixture(scope="module")
def posters(drawn):
    """Sixteen drawn posters."""
    collection = read_collection(drawn.posters, drawn.metadata, limit=16)
    return Posters(collection.table, collection.posters)


@pytest.fixture(scope="module")
def whole(posters, tmp_path_factory):
    """All of them, measured without a stop."""
    return measure_posters(posters, tmp_path_factory.mktemp("store"), progress=False)


def same(one, other):
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
    pd.testing.assert_frame_equal(one.palettes, other.palettes, check_exact=True)


def test_the_tables_hold_what_each_picture_gives(posters, whole):
    assert whole.table["imdb_id"].tolist() == posters.index["imdb_id"].tolist()
    for place, file in enumerate(posters.files()[:4]):
        values, colours = measure_with_palette(read_image(file))
        np.testing.assert_allclose(
            whole.table.iloc[place][list(MEASURES)].astype(float), list(values.values()), atol=1e-3
        )
        kept = whole.palettes[whole.palettes["imdb_id"] == whole.table["imdb_id"][place]]
        assert kept["colour"].tolist() == colours["colour"].tolist()
        np.testing.assert_allclose(kept["share"], colours["share"], atol=1e-3)
    assert whole.palettes.groupby("imdb_id")["share"].sum().between(0.999, 1.001).all()


class Stopped(Exception):
    """As if the process had been killed."""


def test_what_was_stopped_goes_on_where_it_was(posters, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(module._Measuring, "batch_size", 4)
    transform, n_done = module._Measuring.transform, []

    def stopping(self, images):
        if len(n_done) == 2:
            raise Stopped
        n_done.append(len(images))
        return transform(self, images)

    with monkeypatch.context() as patched, pytest.raises(Stopped):
        patched.setattr(module._Measuring, "transform", stopping)
        measure_posters(posters, tmp_path, progress=False)
    again = measure_posters(posters, tmp_path, progress=False)
    n_pictures = posters.index["sha256"].nunique()
    assert again.n_computed == n_pictures - sum(n_done) and sum(n_done) == 8
    same(again, whole)
    assert measure_posters(posters, tmp_path, progress=False).n_computed == 0


def test_posters_that_cannot_be_read_are_named_and_the_others_measured(posters, tmp_path):
    folder = tmp_path / "posters"
    folder.mkdir()
    for file in posters.files()[:3]:
        shutil.copy(file, folder / file.name)
    index = posters.index.head(3).copy()
    (folder / index["path"][1]).write_bytes(b"something else")
    found = measure_posters(Posters(index, folder), tmp_path / "store", progress=False)
    assert (
        found.unreadable["file"].tolist() == [index["path"][1]]
        and "changed" in found.unreadable["reason"][0]
    )
    assert found.table["lightness"].isna().tolist() == [False, True, False]
    assert index["imdb_id"][1] not in set(found.palettes["imdb_id"])
    for name in index["path"]:
        (folder / name).unlink(missing_ok=True)
    with pytest.raises(InputError, match="none of the 3 posters"):
        measure_posters(Posters(index, folder), tmp_path / "empty", progress=False)


def test_greys_stay_without_a_hue_in_the_store(tmp_path):
    (tmp_path / "posters").mkdir()
    Image.linear_gradient("L").convert("RGB").save(tmp_path / "posters" / "1.png")
    collection = read_collection(tmp_path / "posters")
    found = measure_posters(
        Posters(collection.table, collection.posters), tmp_path / "store", progress=False
    )
    row = found.table.iloc[0]
    assert np.isnan(row["hue"]) and np.isnan(row["hue_concentration"]) and row["chroma"] < 0.01


def smaller_and_encoded(image):
    """The same poster at half its width and height, as a JPEG of quality 60."""
    file = io.BytesIO()
    half = image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)
    half.save(file, "JPEG", quality=60)
    return read_image(file.getvalue())


def check_steady(files):
    images = [read_image(file) for file in files]
    before = pd.DataFrame([measure_poster(image) for image in images])
    after = pd.DataFrame([measure_poster(smaller_and_encoded(image)) for image in images])
    far = moved(before, after)
    far["hue"] = far["hue"].where(before["hue_concentration"] >= 0.2)
    beyond = far.quantile(0.95) > pd.Series(STEADY_WITHIN)
    assert beyond[beyond].index.tolist() == []
    assert (far.quantile(0.95) > 0).sum() > 15  # the pictures are not the same


def test_drawn_posters_keep_their_measures_at_half_size_and_quality_60(posters):
    check_steady(posters.files())


def test_real_posters_keep_their_measures_at_half_size_and_quality_60(real_data):
    check_steady(sorted((real_data / "posters").iterdir())[7::83])


def test_the_smaller_way_round_a_circle():
    before, after = pd.DataFrame({"hue": [350.0, 10]}), pd.DataFrame({"hue": [10.0, 200]})
    assert moved(before, after)["hue"].tolist() == [20, 170]

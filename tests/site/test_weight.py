"""A site weighs little, holds every picture once, and says nothing of the machine it was made on."""

import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

MOST, A_POSTER = 10_000_000, 15_000  # bytes of a site, and more for each of its posters


@pytest.fixture(scope="module")
def files(study):
    """The bytes of every file of the site, by its address."""
    site = study / "site"
    found = (path for path in sorted(site.rglob("*")) if path.is_file())
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in found}


def test_a_site_weighs_ten_megabytes_and_fifteen_kilobytes_a_poster_at_most(files):
    assert sum(map(len, files.values())) <= MOST + 48 * A_POSTER


def seen(data):
    """A digest of what is seen of a picture."""
    with Image.open(io.BytesIO(data)) as image:
        return hashlib.sha256(repr(image.size).encode() + image.convert("RGB").tobytes()).digest()


def test_every_picture_is_there_once_and_no_larger_than_a_page(files):
    kinds = (".webp", ".jpg", ".png")
    pictures = {name: data for name, data in files.items() if name.endswith(kinds)}
    ours = {name: data for name, data in pictures.items() if not name.startswith("_static/")}
    assert len(ours) > 48 and not [name for name in ours if name.startswith("_images/")]
    assert len({seen(data) for data in ours.values()}) == len(ours)
    for name, data in ours.items():
        if "/figures/" in name:
            with Image.open(io.BytesIO(data)) as image:
                assert image.format == "WEBP" and image.width <= 1200, name


def test_no_page_notebook_or_script_holds_a_picture_inside(files):
    texts = {name for name in files if name.endswith((".html", ".ipynb"))}
    for name in texts:
        assert b";base64," not in files[name].replace(b"data:image/svg+xml;base64,", b""), name
    notebooks = [files[name] for name in texts if name.endswith(".ipynb")]
    assert sum(b"../figures/" in notebook for notebook in notebooks) >= 5


def unpacked(files):
    """Every file, and those that lie packed in one of them."""
    for name, data in files.items():
        yield name, data
        if data[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for inner in archive.namelist():
                    yield f"{name}/{inner}", archive.read(inner)


def test_no_file_says_where_the_study_or_somebodys_home_lies(files, study, drawn):
    places = [study, study.resolve(), drawn.posters, drawn.metadata, Path.home()]
    marks = {f"{place}{end}".encode() for place in places for end in ("/", '"', "'", "<")}
    names = []
    for name, data in unpacked(files):
        names.append(name)
        assert not [mark for mark in marks if mark in data], name
    assert any(name.endswith("tables.zip/features_index.csv") for name in names)

"""Manifests as libraries write them, and as nobody should: a table of films, or one line."""

import json

import pandas as pd
import pytest
from PIL import Image

from poster_analysis.cli import main
from poster_analysis.collection.iiif import iiif_table, read_manifest
from poster_analysis.collection.metadata import read_metadata
from poster_analysis.collection.posters import read_collection
from poster_analysis.core.errors import InputError


def v2(label="Metropolis", image="https://a.test/iiif/2/POST%2F17/full/full/0/default.jpg", **more):
    canvas = {"@id": "https://a.test/c/1", "label": "1", "images": [{"resource": {"@id": image}}]}
    return {"@type": "sc:Manifest", "label": label, "sequences": [{"canvases": [canvas]}], **more}


def v3(items, **more):
    return {"type": "Manifest", "label": {"en": ["Posters"]}, "items": items, **more}


def canvas(name, label):
    body = {"type": "Image", "id": f"https://b.test/{name}/full/max/0/default.jpg"}
    return {"type": "Canvas", "label": {"none": [label]}, "items": [{"items": [{"body": body}]}]}


@pytest.fixture
def folder(tmp_path):
    def made(manifests, images):
        for name, value in manifests.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(value if isinstance(value, str) else json.dumps(value))
        for place, name in enumerate(images):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (20, 30), (place * 20, 0, 90)).save(tmp_path / name)
        return tmp_path

    return made


def test_both_versions_become_one_table_that_a_study_reads(folder, tmp_path):
    first = v2(
        metadata=[
            {"label": "Date", "value": "<i>ca.</i> 1927"},
            {"label": "Artist", "value": ["A", "B"]},
        ]
    )
    second = v3([canvas("p1", "M (1931)"), canvas("p2", "recto")], navDate="1930-05-01T00:00:00Z")
    place = folder(
        {"x.json": first, "y.json": second}, ["post_17.jpg", "p1.jpg", "p2.jpg", "no.jpg"]
    )
    table, notes = iiif_table(place)
    assert table["title"].tolist() == ["Metropolis", "M (1931)", "Posters"]
    assert table["year"].tolist() == [1927, 1931, 1930] and table["Artist"].tolist() == [
        "A; B",
        "",
        "",
    ]
    assert notes == [
        "3 images of 4 are in a manifest (1 of version 2 and 1 of version 3); 3 with a year.",
        "1 image in no manifest: no.jpg.",
    ]
    table.to_csv(tmp_path / "films.csv", index=False)
    known = read_metadata(tmp_path / "films.csv", file_column="file")
    assert len(known.table) == 3
    collection = read_collection(place, tmp_path / "films.csv", file_column="file")
    found = dict(zip(collection.table["path"], collection.table["title"], strict=True))
    assert found["p1.jpg"].startswith("M") and found["no.jpg"] == ""


@pytest.mark.parametrize(
    ("manifest", "images"),
    [
        ({"film.json": v2()}, ["film.jpg"]),
        ({"film/manifest.json": v2()}, ["film/a.jpg"]),
        ({"film.json": v2()}, ["film/0001.jpg"]),
        ({"film.json": v3([canvas("a", "x"), canvas("b", "y")])}, ["film_1.jpg", "film_2.jpg"]),
        (
            {"film.json": v3([canvas("a", "x"), canvas("b", "y")])},
            ["film/img2.jpg", "film/img10.jpg"],
        ),
    ],
)
def test_files_are_found_by_the_name_of_the_manifest_or_in_their_order(folder, manifest, images):
    table, _ = iiif_table(folder(manifest, images))
    assert table["file"].tolist() == images


def test_a_file_is_of_one_picture_only(folder):
    table, _ = iiif_table(folder({"a.json": v2("A"), "b.json": v2("B")}, ["post_17.jpg"]))
    assert len(table) == 1 and table["file"].tolist() == ["post_17.jpg"]


HOSTILE = [
    None, 1, "x", [], {}, {"type": "Collection", "items": []}, {"type": "Manifest"},
    {"type": "Manifest", "items": {"a": 1}, "label": 3, "metadata": [1, {"label": None}]},
    {"type": "Manifest", "items": [None, 1, {"items": [{"items": [{"body": "x"}]}]}], "label": {"en": {"x": []}}},
    {"@type": "sc:Manifest", "sequences": [{"canvases": [{"images": [{"resource": {"@id": 7}}]}]}]},
    {"@type": "sc:Manifest", "sequences": "x", "metadata": {"label": {"@value": "Date"}, "value": True}},
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_no_json_stops_it(value):
    found = read_manifest(value)
    assert found is None or all(isinstance(one.label, str) for one in found.canvases)


def test_what_cannot_be_used_is_said_in_one_line(folder, tmp_path, capsys):
    place = folder(
        {"broken.json": "{", "deep.json": "[" * 100_000, "bytes.json": "\x00"}, ["a.jpg"]
    )
    with pytest.raises(InputError, match="holds no IIIF manifest among 3 files of JSON"):
        iiif_table(place)
    (place / "m.json").write_text(json.dumps(v3([canvas("zzz", "x"), canvas("yyy", "y")])))
    assert main(["iiif", str(place), "--table", str(tmp_path / "t.csv")]) == 2
    assert "none of the 1 image" in capsys.readouterr().err and not (tmp_path / "t.csv").exists()
    Image.new("RGB", (9, 9)).save(place / "zzz.jpg")
    assert main(["iiif", str(place), "--table", str(tmp_path / "t.csv")]) == 0
    assert "next: poster-analysis study" in capsys.readouterr().out
    assert pd.read_csv(tmp_path / "t.csv")["file"].tolist() == ["zzz.jpg"]

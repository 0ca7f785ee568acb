"""A study taken along: as a research object, with a citation, and for VIKUS Viewer."""

import csv
import json
import re
import shutil

import pytest

from poster_analysis.cli import main
from poster_analysis.core.files import file_digest
from poster_analysis.reports.pages import provenance
from poster_analysis.study.citation import software_citation, study_citation
from poster_analysis.study.run import Run
from poster_analysis.study.vikus import _name, write_vikus


@pytest.fixture(scope="module")
def copied(study, tmp_path_factory):
    """A study in a folder of its own, which may be written to."""
    out = tmp_path_factory.mktemp("along") / "study"
    return shutil.copytree(study, out)


def test_a_crate_names_every_file_with_its_digest(copied, capsys):
    pytest.importorskip("rocrate")
    words = [
        "export",
        "ro-crate",
        "--out",
        str(copied),
        "--author",
        "A. Scholar",
        "--license",
        "https://creativecommons.org/licenses/by/4.0/",
    ]
    assert main(words) == 0
    path = copied / "ro-crate-metadata.json"
    assert capsys.readouterr().out.strip() == str(path)
    text = path.read_text(encoding="utf-8")
    graph = {entity["@id"]: entity for entity in json.loads(text)["@graph"]}
    files = [one for one in graph.values() if one["@type"] == "File"]
    assert len(files) > 50
    for one in files[::7]:
        assert one["sha256"] == file_digest(copied / one["@id"])
        assert one["contentSize"] == str((copied / one["@id"]).stat().st_size)
    root = graph["./"]
    assert {"name", "description", "datePublished", "license", "author"} <= {*root}
    assert graph[root["author"][0]["@id"]]["name"] == "A. Scholar"
    named = {one["@id"] for one in root["hasPart"]}
    assert {one["@id"] for one in files} <= named and "site/" in named
    for value in re.findall(r'"@id": "([^"]*)"', text):
        assert value in graph or value.startswith("https://"), value
    run = graph["#study"]
    assert run["instrument"] == {"@id": "#poster_analysis"} and {"@id": "run.json"} in run["result"]
    assert graph["#study-k_max"]["value"] == "5" and str(copied.parent) not in text
    first = path.read_bytes()
    assert main(words) == 0 and path.read_bytes() == first


def test_a_crate_is_what_its_library_reads(copied):
    rocrate = pytest.importorskip("rocrate.rocrate")
    main(["export", "ro-crate", "--out", str(copied)])
    crate = rocrate.ROCrate(copied)
    assert crate.root_dataset["license"]["name"] == "No licence was given"
    assert crate.dereference("#study").type == "CreateAction"


def test_a_crate_of_a_study_that_lacks_a_file_is_refused(copied, capsys):
    pytest.importorskip("rocrate")
    place = copied / "tables" / "neighbours.csv"
    moved = place.rename(place.with_suffix(".away"))
    try:
        assert main(["export", "ro-crate", "--out", str(copied)]) == 2
    finally:
        moved.rename(place)
    assert "neighbours.csv is missing" in capsys.readouterr().err


def test_every_report_and_the_site_say_how_to_cite(study):
    cited = study_citation(Run(study))
    assert software_citation() in cited and "48" not in software_citation()
    assert "Cite as: Study of" in provenance(Run(study))._repr_html_()
    for path in (study / "notebooks").glob("*.ipynb"):
        assert "Cite as: Study of" in path.read_text(encoding="utf-8"), path.name
    assert "Cite as: Study of" in (study / "site" / "study" / "index.html").read_text(
        encoding="utf-8"
    )


def test_the_citation_of_the_project_is_that_of_the_package():
    from pathlib import Path

    import yaml

    root = Path(__file__).resolve().parents[2]
    cited = yaml.safe_load((root / "CITATION.cff").read_text())
    said = software_citation()
    assert cited["authors"][0]["name"] in said and f"Version {cited['version']}." in said
    assert cited["license"] in said


@pytest.fixture(scope="module")
def viewer(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("viewer")
    write_vikus(Run(study), folder)
    return folder / "data"


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_viewer_finds_a_sprite_and_a_picture_for_every_row(viewer):
    items = rows(viewer / "data.csv")
    assert {"id", "keywords", "year"} <= {*items[0]}
    assert all(name in ("id", "keywords", "year") or name[0] == "_" for name in items[0])
    manifest = json.loads((viewer / "sprites" / "spritesheet.json").read_text())
    assert manifest["meta"] == {"type": "pixi-packer", "version": 1}
    sprites = {one["name"]: one for sheet in manifest["spritesheets"] for one in sheet["sprites"]}
    assert {*sprites} == {item["id"] for item in items}
    assert all(
        (viewer / "sprites" / sheet["image"]).is_file() for sheet in manifest["spritesheets"]
    )
    assert {path.stem for path in (viewer / "1024").iterdir()} == {*sprites}
    assert {row["id"] for row in rows(viewer / "map.csv")} == {*sprites}
    assert all(re.fullmatch(r"(\d{4}|no year)", item["year"]) for item in items)


def test_the_viewer_is_told_where_everything_lies(viewer):
    config = json.loads((viewer / "config.json").read_text())
    items, loader = rows(viewer / "data.csv"), config["loader"]
    for address in (
        loader["items"],
        loader["timeline"],
        loader["info"],
        loader["textures"]["medium"]["url"],
    ):
        assert (viewer.parent / address).is_file()
    for layout in loader["layouts"]:
        assert (
            (viewer.parent / layout["url"]).is_file()
            if "url" in layout
            else layout["groupKey"] in items[0]
        )
    assert [one["title"] for one in loader["layouts"]] == ["Years", "Decades", "Clusters", "Map"]
    assert all(one["source"] in items[0] for one in config["detail"]["structure"])
    assert {row["year"] for row in rows(viewer / "timeline.csv")} == {
        item["year"] for item in items
    }
    assert set(loader["textures"]) == {"medium", "detail"} and config["projection"]["columns"]


def test_nothing_is_written_over_or_left_half(study, viewer, tmp_path, capsys):
    assert main(["export", "vikus", "--out", str(study), "--to", str(viewer.parent)]) == 2
    assert "is there and not empty" in capsys.readouterr().err
    assert main(["export", "vikus", "--out", str(study)]) == 2
    assert (
        main(["export", "vikus", "--out", str(tmp_path / "no"), "--to", str(tmp_path / "v")]) == 2
    )
    assert not (tmp_path / "v").exists()


@pytest.mark.parametrize("imdb_id", ["../../x", "a/b", "CON" * 40, "é", "a b", "", ".hidden"])
def test_an_id_that_cannot_be_a_file_is_replaced(imdb_id):
    assert re.fullmatch(r"[0-9a-f]{16}", _name(imdb_id)) and _name("tt0113277") == "tt0113277"

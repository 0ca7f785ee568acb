"""A study is a folder: reports hold their posters and no path, and a copy is a study of its own."""

import base64
import dataclasses
import io
import re
import shutil

import nbformat
import papermill
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from PIL import Image

from poster_analysis.core.files import file_digest, read_json
from poster_analysis.reports.run import report_path
from poster_analysis.study.run import open_run

POSTER = re.compile(r'src="data:image/jpeg;base64,([A-Za-z0-9+/=]+)"')


def contents(folder):
    """The digest of every file below a folder, and when it was written."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, file_digest(path)) for path in files}


def posters_in(page):
    """The sizes of the JPEG pictures inside a page, each of which can be read and is not blank."""
    pictures = [Image.open(io.BytesIO(base64.b64decode(one))) for one in POSTER.findall(page)]
    assert all(len(picture.convert("RGB").getcolors(10**6)) > 20 for picture in pictures)
    return [picture.size for picture in pictures]


def html_outputs(notebook):
    return "".join(
        output.get("data", {}).get("text/html", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )


@pytest.fixture(scope="module")
def original(study, drawn, tmp_path_factory):
    """A study whose posters lie in its own folder, as those of the demo do."""
    out = tmp_path_factory.mktemp("original") / "study"
    shutil.copytree(study, out)
    posters = shutil.copytree(drawn.posters, out / "collection" / "posters")
    metadata = shutil.copy(drawn.metadata, out / "collection" / "films.csv")
    run = open_run(out)
    run.start(dataclasses.replace(run.parameters, posters=str(posters), metadata=str(metadata)))
    return out


def test_reports_and_tables_hold_no_path_of_the_machine(study, drawn):
    places = [str(drawn.posters.parent.parent), str(study.resolve().parent)]
    files = [*study.glob("notebooks/*"), *study.rglob("*.csv"), *study.glob("site/**/*.html")]
    assert len(files) > 20
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not [place for place in places if place in text], path
    for path in study.glob("notebooks/*.ipynb"):
        notebook = nbformat.read(path, 4)
        assert notebook.metadata.papermill.parameters.study == ".."


def test_the_record_has_no_path_but_that_of_posters_elsewhere(original, study):
    parameters = read_json(original / "run.json")["parameters"]
    assert parameters["posters"] == "./collection/posters"
    assert parameters["metadata"] == "./collection/films.csv"
    assert str(original.parent) not in (original / "run.json").read_text()
    assert read_json(study / "run.json")["parameters"]["posters"].startswith("/")


def test_a_report_in_a_copy_works_on_the_copy(original, tmp_path):
    copy = tmp_path / "renamed" / "copy of it"
    shutil.copytree(original, copy)
    (original / "collection").rename(original / "gone")
    before = contents(original)
    assert open_run(copy).parameters.posters == str(copy.resolve() / "collection" / "posters")
    path = copy / "notebooks" / "clustering_pca.ipynb"
    notebook = nbformat.read(path, 4)
    given = next(cell for cell in notebook.cells if cell.metadata.get("tags") == ["injected-parameters"])  # fmt: skip
    assert 'study = ".."' in given.source and "k_max = 5" in given.source
    given.source = given.source.replace("k_max = 5", "k_max = 4.0")
    folder = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, kernel_name="python3", resources=folder).execute()
    (original / "gone").rename(original / "collection")
    assert (copy / "runs" / "k_max=4" / "figures" / "cluster_cards_pca.png").is_file()
    assert {path.name: value for path, value in contents(original).items()} == {
        path.name: value for path, value in before.items()
    }
    assert not (original / "runs").exists()


def test_posters_are_inside_a_report_wherever_it_is_run(study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copy = shutil.copytree(study, tmp_path / "study")
    papermill.execute_notebook(
        str(report_path("similarity")), "out.ipynb", {"study": copy.name}, kernel_name="python3"
    )
    notebook = nbformat.read("out.ipynb", 4)
    page = html_outputs(notebook)
    sizes = posters_in(page)
    assert len(sizes) >= 7 and max(map(max, sizes)) <= 160 and "../thumbnails" not in page
    html, _ = HTMLExporter().from_notebook_node(notebook)
    assert [size for size in posters_in(html) if max(size) <= 160] == sizes  # others are figures
    assert len(page) < 400_000


def test_the_site_keeps_posters_as_files(study):
    page = (study / "site" / "study" / "similarity.html").read_text(encoding="utf-8")
    assert "data:image/jpeg" not in page and "data-thumbnail" not in page
    names = re.findall(r'src="(\.\./thumbnails/[^"]+\.jpg)"', page)
    assert len(names) >= 7 and all((study / "site" / "study" / name).is_file() for name in names)

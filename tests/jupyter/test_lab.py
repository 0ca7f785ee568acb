"""The reports in a real JupyterLab: they run, what they show is to be seen, there and in the page exported from it."""

import os
from pathlib import Path

import pytest
from lab import exported

pytestmark = pytest.mark.skipif(
    "POSTER_ANALYSIS_LAB" not in os.environ,
    reason="a real JupyterLab is tried by: make test-lab",
)

ROOT = Path(__file__).resolve().parents[2]
OWN = {"k_min": 2, "k_max": 5, "n_clusters": 4}  # what the study has, so that nothing is computed
BLANK = 3  # of 255, how far the brightness of a picture may vary that shows nothing

WIDGET = """
import anywidget
import traitlets


class Pad(anywidget.AnyWidget):
    _esm = '''
    export default {render({model, el}) {
        const pad = document.createElement("canvas");
        pad.className = "pad";
        const paint = () => { pad.style.background = model.get("color"); };
        model.on("change:color", paint);
        paint();
        let line = null;
        pad.onpointerdown = (event) => { line = [[event.offsetX, event.offsetY]]; };
        pad.onpointermove = (event) => { line?.push([event.offsetX, event.offsetY]); };
        pad.onpointerup = () => { model.set("line", line); model.save_changes(); line = null; };
        el.append(pad);
    }};
    '''
    line = traitlets.List().tag(sync=True)
    color = traitlets.Unicode("rgb(200, 20, 20)").tag(sync=True)


pad = Pad()
pad
"""


def embedded(pictures):
    """The pictures that a page holds itself."""
    return [one for one in pictures if one["source"].startswith("data:")]


def not_drawn(pictures):
    """The pictures that show nothing, or that are not there."""
    return [one for one in pictures if not one["width"] or one["spread"] < BLANK]


@pytest.mark.parametrize(
    ("report", "parameters", "n_figures", "heading"),
    [
        ("clustering", OWN, 8, "Clustering"),
        ("similarity", {}, 3, "Neighbours"),
    ],
)
def test_a_report_runs_and_shows_its_pictures(lab, browser, report, parameters, n_figures, heading):
    lab.copy(ROOT / "reports" / f"{report}.ipynb", **parameters)
    before = {path for path in (lab.files / "_demo").rglob("*") if path.is_file()}
    lab.open(f"{report}.ipynb")
    assert lab.run() == []
    assert lab.value("name") == ""
    after = {path for path in (lab.files / "_demo").rglob("*") if path.is_file()}
    assert after == before, "with the study's own parameters nothing is new"
    there = lab.pictures()
    assert len(embedded(there)) >= n_figures
    assert not_drawn(embedded(there)) == []
    warned = lab.stderr()
    browser.open(exported(lab.save()).as_uri())
    assert browser.evaluate("document.querySelector('h1').textContent").startswith(heading)
    page = lab.pictures("body")
    assert len(page) == len(there)
    assert [(one["source"], one["width"]) for one in embedded(page)] == [
        (one["source"], one["width"]) for one in embedded(there)
    ]
    assert not_drawn(embedded(page)) == []
    assert not_drawn(there) == not_drawn(page) == []  # what is not embedded too
    assert warned == [], "what is said on pink is for what went wrong"


def test_an_error_in_a_cell_and_a_cell_that_has_not_run_are_found(lab):
    lab.write("wrong.ipynb", "1 + 1", "1 / 0", "2 + 2")
    lab.open("wrong.ipynb")
    assert lab.run() == [
        ("ZeroDivisionError", "division by zero", "1 / 0"),
        ("not run", "", "2 + 2"),
    ]


def test_a_widget_hears_the_mouse_and_the_kernel(lab):
    pytest.importorskip("anywidget")
    lab.write("widget.ipynb", WIDGET)
    lab.open("widget.ipynb")
    assert lab.run() == []
    lab.wait("document.querySelector('.pad')", 20)
    assert lab.pixels(".pad")[75, 150].tolist() == [200, 20, 20]
    lab.drag(".pad", (0.25, 0.2), (0.75, 0.2), (0.75, 0.8), (0.25, 0.8))
    line = lab.value("pad.line")
    _, _, width, height = lab.box(".pad")
    assert len(line) == 4
    for (x, y), place in zip(
        line, ((0.25, 0.2), (0.75, 0.2), (0.75, 0.8), (0.25, 0.8)), strict=True
    ):
        assert (x / width, y / height) == pytest.approx(place, abs=0.02)
    lab.execute("pad.color = 'rgb(10, 120, 40)'")
    lab.wait(
        "getComputedStyle(document.querySelector('.pad')).backgroundColor === 'rgb(10, 120, 40)'",
        20,
    )
    assert lab.pixels(".pad")[75, 150].tolist() == [10, 120, 40]


def test_a_line_around_posters_is_a_selection_in_the_kernel_and_the_other_way_round(lab, browser):
    pytest.importorskip("anywidget")
    lab.write(
        "map.ipynb", "import poster_analysis as pa", "view = pa.open_study('_demo').map()\nview"
    )
    lab.open("map.ipynb")
    assert lab.run() == []
    lab.wait("document.querySelector('.poster-map')?.dataset.drawn", 30)
    pixels = lab.pixels(".poster-map >>> #map")
    assert (
        len({tuple(one) for one in pixels.reshape(-1, 3)[::7].tolist()}) > 500
    )  # posters, not points
    around = [(0.99, 0.02), (0.01, 0.02), (0.01, 0.98), (0.99, 0.98), (0.99, 0.05)]
    half = [(x / 2, y) for x, y in around]
    chosen = "view.selection['imdb_id'].tolist()"
    lab.drag(".poster-map >>> #map", *half, shift=True)
    some = lab.value(chosen)
    assert 0 < len(some) < lab.value("len(pa.open_study('_demo').posters)")
    lab.execute(f"view.selection = {some[:2]}")
    assert lab.value(chosen) == some[:2]
    heading = (
        "document.querySelector('.poster-map').shadowRoot.querySelector('aside h2').textContent"
    )
    lab.wait(f"{heading}.startsWith('2 posters')", 20)
    browser.open(exported(lab.save()).as_uri())
    page = lab.pictures("body")
    assert len(page) >= 1 and not_drawn(page) == []

"""The reports in a real JupyterLab: they run, what they show is to be seen, there and in the page exported from it."""

from pathlib import Path

import pytest
from lab import exported

ROOT = Path(__file__).resolve().parents[2]
OWN = {
    "k_min": 2,
    "k_max": 5,
    "n_clusters": 4,
    "n_null": 99,
}  # what the study has, so that nothing is computed
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


def shown_and_exported(lab, browser):
    """The pictures of the notebook in front, those of the page exported from it, and the heading of that."""
    there, saved = lab.pictures(), lab.save()
    page = exported(saved)
    with browser.aside():
        browser.open(page.as_uri())
        heading = browser.evaluate("document.querySelector('h1').textContent")
        return there, lab.pictures("body"), heading


@pytest.mark.parametrize(
    ("report", "parameters", "n_figures", "heading"),
    [
        ("clustering", OWN, 8, "Clustering"),
        ("similarity", {}, 3, "Neighbours"),
        ("reduction", {"n_components": 8}, 2, "Fewer dimensions"),
        ("extraction", {}, 1, "The posters and their features"),
        ("comparison", {}, 3, "Comparison of runs"),
    ],
)
def test_a_report_runs_and_shows_its_pictures(lab, browser, report, parameters, n_figures, heading):
    lab.copy(ROOT / "reports" / f"{report}.ipynb", **parameters)
    before = {path for path in (lab.files / "_demo").rglob("*") if path.is_file()}
    lab.open(f"{report}.ipynb")
    assert lab.run() == []
    after = {path for path in (lab.files / "_demo").rglob("*") if path.is_file()}
    if report != "comparison":  # which is not among what a study makes by itself
        assert after == before, "with the study's own parameters nothing is new"
    warned = lab.stderr()
    there, page, title = shown_and_exported(lab, browser)
    assert len(embedded(there)) >= n_figures
    assert title.startswith(heading)
    assert len(page) == len(there)
    assert [(one["source"], one["width"]) for one in embedded(page)] == [
        (one["source"], one["width"]) for one in embedded(there)
    ]
    assert not_drawn(there) == not_drawn(page) == []
    assert warned == [], "what is said on pink is for what went wrong"


def test_the_example_runs_as_written(lab, browser):
    lab.copy(ROOT / "nbs" / "index.ipynb")
    lab.open("index.ipynb")
    assert lab.run() == []
    lab.wait("document.querySelector('.poster-map')?.dataset.drawn")
    assert lab.value("len(view.selection)") == 3
    assert lab.stderr() == []
    outside_widgets = lab.pictures(":is(.jp-RenderedHTMLCommon, .jp-RenderedImage)")
    there, page, title = shown_and_exported(lab, browser)
    assert title.startswith("A collection of film posters")
    assert len(there) > len(outside_widgets) > 60 and not_drawn(there) == []
    assert len(page) >= len(outside_widgets) and not_drawn(page) == []


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
    lab.wait("document.querySelector('.pad')")
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
    )
    assert lab.pixels(".pad")[75, 150].tolist() == [10, 120, 40]

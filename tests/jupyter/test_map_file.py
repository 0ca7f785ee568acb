"""The map as one file, and the picture that a map leaves behind: in JupyterLab, by a program, and without a kernel."""

import nbformat
import numpy as np
import pytest
from lab import exported
from nbclient import NotebookClient

pytest.importorskip("anywidget")

MAP = "import poster_analysis as pa\npa.open_study('_demo').map()"
FILE = """
import poster_analysis as pa
from IPython.display import IFrame
page = pa.open_study('_demo').map().save_html('map.html')
IFrame(page.name, 900, 600)
"""


def posters_come(look):
    """Wait until many colours are seen, as on posters and not on points."""
    return any(len(np.unique(look().reshape(-1, 3), axis=0)) > 500 for _ in range(300))


def test_one_file_is_a_map_in_a_frame_and_by_itself(lab, browser):
    lab.write("framed.ipynb", FILE)
    lab.open("framed.ipynb")
    assert lab.run() == []
    frame = ".jp-OutputArea-output iframe"
    lab.wait(f"document.querySelector('{frame}')?.clientWidth")
    assert posters_come(lambda: lab.pixels(frame))
    browser.forget()
    with browser.aside():
        browser.open((lab.files / "map.html").as_uri())
        browser.wait("document.documentElement.classList.contains('live')")
        assert posters_come(lambda: browser.look(0, 60, 900, 600))
        assert browser.complaints == []
    assert len(list(lab.files.glob("map*.html"))) == 1


def test_a_map_that_a_program_executes_keeps_a_picture_and_no_state(lab):
    path = lab.write("alone.ipynb", MAP)
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(lab.files)}}
    NotebookClient(notebook, resources=where, timeout=600).execute()
    assert "widgets" not in notebook.metadata
    (shown,) = [one for one in notebook.cells[0].outputs if one.output_type != "stream"]
    assert set(shown.data) == {"text/html", "text/plain"}
    nbformat.write(notebook, path)
    assert path.stat().st_size < 500_000
    assert "data:image/jpeg" in exported(path).read_text(encoding="utf-8")


def test_a_live_map_opened_again_without_its_kernel_is_a_picture(lab, browser):
    lab.write("again.ipynb", MAP)
    lab.open("again.ipynb")
    assert lab.run() == []
    lab.wait("document.querySelector('.poster-map')?.dataset.drawn")
    picture = "document.querySelector('.map-stand-in img')"
    assert not browser.evaluate(f"{picture}.checkVisibility()")  # the map itself is there
    lab.save()
    lab.write("other.ipynb", "1")
    lab.open("other.ipynb")
    lab.open("again.ipynb")  # with another kernel, which knows no widget
    lab.wait(f"{picture}?.checkVisibility() && {picture}.naturalWidth === 880")
    gone = "one.checkVisibility() && one.textContent.includes('model not found')"
    outputs = "[...document.querySelectorAll('.jp-OutputArea-output')]"
    assert not browser.evaluate(f"{outputs}.some((one) => {gone})")

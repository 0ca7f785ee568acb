"""The live map and the explorer in a real JupyterLab: by mouse, by kernel, and in the page exported from it."""

import numpy as np
import pytest
from lab import exported

pytest.importorskip("anywidget")

STUDY = "from poster_analysis.api.study import open_study\nstudy = open_study('_demo')"
MAP = "document.querySelector('.poster-map')"
INSIDE = f"{MAP}.shadowRoot"
AROUND = ((0.99, 0.12), (0.01, 0.12), (0.01, 0.99), (0.99, 0.99), (0.99, 0.15))  # below its head


def opened(lab, name, *cells):
    """Open a notebook, run it, and wait until its map is drawn."""
    lab.write(name, STUDY, *cells)
    lab.open(name)
    assert lab.run() == []
    lab.wait(f"{MAP}?.dataset.drawn")


def test_what_is_drawn_round_is_a_table_in_the_kernel(lab, browser):
    opened(lab, "live.ipynb", "view = study.map(color='genre', height=500)\nview", "seen = 1")
    pixels = lab.pixels(".poster-map")
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 1000  # posters, not points
    lab.drag(".poster-map", *AROUND, shift=True)
    lab.wait(f"{INSIDE}.querySelector('aside h2')?.textContent === '48 posters listed'")
    assert lab.value("len(view.selection)") == 48
    selected = "document.querySelectorAll('.jp-Cell.jp-mod-selected').length"
    assert browser.evaluate(selected) <= 1  # the Shift key selected no cells
    lab.execute("view.selection = view.selection['imdb_id'][:3]; view.color = 'decade'")
    lab.wait(f"{INSIDE}.querySelector('aside h2').textContent === '3 posters listed'")
    lab.wait(f"{INSIDE}.getElementById('legend-title').textContent === 'decade'")
    cells = "document.querySelectorAll('.jp-Cell').length"
    before = browser.evaluate(cells)
    browser.evaluate(f"{INSIDE}.getElementById('search').focus()")
    for _ in range(2):
        browser.command("Input.dispatchKeyEvent", type="keyDown", key="d", code="KeyD", text="d")
        browser.command("Input.dispatchKeyEvent", type="keyUp", key="d", code="KeyD")
    assert browser.evaluate(f"{INSIDE}.getElementById('search').value") == "dd"
    assert browser.evaluate(cells) == before  # no cell was deleted
    page = exported(lab.save())
    with browser.aside():
        browser.open(page.as_uri())
        (picture,) = [
            one for one in lab.pictures("body") if one["source"].startswith("data:image/jpeg")
        ]
    assert picture["width"] == 880 and picture["spread"] > 3


def test_the_slider_takes_map_and_cards_along(lab, browser):
    opened(lab, "explorer.ipynb", "view = study.explore('pca')\nview")
    entries = f"{INSIDE}.querySelectorAll('#entries li').length"
    assert browser.evaluate(entries) == lab.value("view.slider.value") == 4
    browser.evaluate("document.querySelector('.widget-slider .noUi-handle').focus()")
    browser.press("ArrowLeft")
    lab.wait(f"{entries} === 3")
    assert lab.value("len(view.groups)") == 3
    lab.drag(".poster-map", *AROUND, shift=True)
    lab.wait(f"{INSIDE}.querySelector('.films button')")
    browser.evaluate(f"{INSIDE}.querySelector('.films button').click()")
    lab.wait("document.querySelectorAll('.widget-html')[0].querySelectorAll('img').length > 3")
    assert lab.value("view.map.chosen") == lab.value("str(view.map.selection['imdb_id'].iloc[0])")

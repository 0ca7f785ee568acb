"""What several tests share: real data where there is some, and one small finished study."""

import importlib.util
import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser
from filelock import FileLock
from hypothesis import settings
from lab import Lab, study_for_reports

# as the package asks for it where it imports TensorFlow first, which among many tests it may not
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# the same examples every time: a failure is a failure of the change, not of the day
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def real_data():
    """The folder of real posters and their metadata; tests that need it are skipped without it."""
    folder = os.environ.get("POSTER_ANALYSIS_DATA")
    if not folder:
        pytest.skip("POSTER_ANALYSIS_DATA names no folder of real posters")
    return Path(folder)


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A folder that all processes of one run of the tests share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def drawn(shared):
    """A small drawn collection; tests must not change it."""
    from poster_analysis.drawing.collection import draw_collection

    with FileLock(shared / "drawn.lock"):  # it is found there by the second process
        return draw_collection(shared / "collection", n_posters=48)


@pytest.fixture(scope="session")
def small_parameters(drawn):
    """Parameters of a study of the small collection that takes seconds."""
    from poster_analysis.study.parameters import (
        Parameters,
    )

    return Parameters(
        str(drawn.posters),
        metadata=str(drawn.metadata),
        backbone="colour",
        n_components=8,
        k_min=2,
        k_max=5,
        n_clusters=4,
        n_splits=2,
        map_method="pca",  # UMAP compiles for seconds in every process
    )


@pytest.fixture(scope="session")
def study(shared, small_parameters):
    """The folder of a finished study; tests must not change it."""
    from poster_analysis.workflow.pipeline import run_study

    out = shared / "study"
    with FileLock(shared / "study.lock"):  # one process makes it, the others wait
        if not (out / "site" / "shows.txt").is_file():
            run_study(small_parameters, out)
    return out


class Quiet(SimpleHTTPRequestHandler):
    """A server that keeps no log."""

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def server(study):
    """The address of the site on a static server."""
    handler = partial(Quiet, directory=study / "site")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        thread = threading.Thread(target=served.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()


@pytest.fixture(params=["server", "files"])
def site(request, study):
    """The address of the site: once on a server, once in the file system."""
    if request.param == "server":
        return request.getfixturevalue("server")
    return (study / "site").resolve().as_uri()


@pytest.fixture
def files(study):
    """The address of the site in the file system."""
    return (study / "site").resolve().as_uri()


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A headless browser; tests that need one are skipped, and say so, where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; install the package chromium to look at the site")
    browser = Browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


@pytest.fixture
def reader(browser):
    """The browser with a light window of 1280 pixels; whoever uses it must hear no complaint."""
    browser.show()
    browser.forget()
    yield browser
    browser.evaluate("try { sessionStorage.clear() } catch { /* a page that may keep nothing */ }")
    assert browser.complaints == []
    elsewhere = [
        address
        for address in browser.requests
        if not address.startswith(("file:///", "http://127.0.0.1:", "data:", "blob:"))
    ]
    assert elsewhere == []


@pytest.fixture(scope="session")
def jupyterlab(browser, study, tmp_path_factory):
    """A JupyterLab with a small study where reports look for it, one for all tests of a process."""
    if importlib.util.find_spec("jupyterlab") is None:
        pytest.skip('no JupyterLab here; run: pip install ".[dev]"')
    lab = Lab(tmp_path_factory.mktemp("jupyterlab"), browser)
    try:
        study_for_reports(study, lab.files / "_demo")
        yield lab
    finally:
        lab.close()


@pytest.fixture
def lab(jupyterlab, browser):
    """JupyterLab in a light window of 1280 pixels; whatever is opened in it must ask nobody else for anything."""
    browser.show()
    browser.forget()
    yield jupyterlab
    jupyterlab.leave()
    here = (jupyterlab.address, "file:///", "data:", "blob:", "about:")
    # an exported page asks for these two by itself, also without this package
    nbconvert = "https://cdnjs.cloudflare.com/ajax/libs/"
    asked = [one for one in browser.requests if not one.startswith((*here, nbconvert))]
    assert asked == []


# What takes long, in the order in which three processes begin: the first alone starts a JupyterLab and the study that others
# wait for, so the others begin with what needs neither.
FIRST = (
    ("jupyter/",),
    ("test_wheel", "test_soak", "test_networks"),
    ("test_hostile_study", "test_batches", "test_verdict"),
)


def pytest_collection_modifyitems(items):
    """What takes long comes first in a share: begun last, it would keep one process busy and the others waiting.

    Of n processes each begins with one n-th of the tests, and who has done gets from the end of another's.
    """
    begun = [[one for one in items if any(name in one.nodeid for name in names)] for names in FIRST]
    taken = {one for some in begun for one in some}
    others = [one for one in items if one not in taken]
    ordered = []
    for left, some in zip(range(len(FIRST), 0, -1), begun, strict=True):
        share = (len(items) - len(ordered)) // left
        n_others = max(share - len(some), 0) if left > 1 else len(others)
        ordered += [*some, *others[:n_others]]
        del others[:n_others]
    items[:] = ordered

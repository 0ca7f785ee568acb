"""A JupyterLab on this machine with nothing of its user's, and what tests do in it through the browser.

A test opens a notebook, runs its cells, looks at what they show, and asks its kernel for values:

    lab.write("mine.ipynb", "import poster_analysis as pa", "view = pa.open_study('_demo').map(); view")
    lab.open("mine.ipynb")
    assert lab.run() == []  # no cell had an error
    lab.drag(".poster-map >>> #map", (0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.1), shift=True)
    assert len(lab.value("view.selection['imdb_id'].tolist()")) > 3
"""

import ast
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 360  # seconds for a server to come up or for a notebook to have run
TRIES = 3  # how often a notebook is opened until that is held to have failed

# a JupyterLab that follows the colours of the system, asks nobody for news, and draws all cells at once
SETTINGS = {
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "apputils-extension/themes": {"adaptive-theme": True},
    "notebook-extension/tracker": {"windowingMode": "none", "recordTiming": False},
}
OPTIONS = [
    "--no-browser",
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--ServerApp.allow_remote_access=False",
    "--LabApp.expose_app_in_browser=True",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
]

# what every picture below some element is: its size, and how far its brightness varies
PICTURES = """(async (selector) => {
    const found = [];
    for (const image of document.querySelectorAll(`${selector} img`)) {
        image.loading = "eager"; // or what is far down would never come
        const late = new Promise((done) => setTimeout(done, 5000));
        await Promise.race([image.decode().catch(() => 0), late]); // of a broken one the width stays 0
        const canvas = document.createElement("canvas"), at = image.getBoundingClientRect();
        canvas.width = canvas.height = 64;
        const context = canvas.getContext("2d", {willReadFrequently: true});
        let spread = 0;
        if (image.naturalWidth) {
            context.drawImage(image, 0, 0, 64, 64);
            const {data} = context.getImageData(0, 0, 64, 64), light = [];
            for (let i = 0; i < data.length; i += 4) light.push((data[i] + data[i + 1] + data[i + 2]) * data[i + 3] / 765);
            const mean = light.reduce((a, b) => a + b) / light.length;
            spread = Math.sqrt(light.reduce((a, b) => a + (b - mean) ** 2, 0) / light.length);
        }
        found.push({source: image.src.slice(0, 60), width: image.naturalWidth, height: image.naturalHeight,
                    shown: at.width, spread});
    }
    return found;
})"""

# open a notebook; the launcher, which comes when it likes, must not be taken for it
OPEN = """(() => {
    globalThis.notebook = null;
    const open = {path: %s, factory: "Notebook", kernel: {name: "python3"}};
    jupyterapp.commands.execute("docmanager:open", open).then((widget) => { globalThis.notebook = widget; });
})()"""
IN_FRONT = """(() => {
    const {notebook, jupyterapp: {shell}} = globalThis;
    if (!notebook?.context.isReady) return false;
    for (const other of [...shell.widgets("main")]) if (other.id !== notebook.id) other.dispose();
    if (shell.currentWidget !== notebook) shell.activateById(notebook.id);
    const status = notebook.sessionContext.session?.kernel?.status;
    return shell.currentWidget === notebook && ["idle", "busy"].includes(status);
})()"""

# the errors of the cells of the notebook in front, and what they wrote to the standard error
OUTPUTS = """notebook.content.widgets.filter((cell) => cell.model.type === "code").map((cell) => ({
    source: cell.model.sharedModel.getSource(), count: cell.model.executionCount, outputs: cell.model.outputs.toJSON(),
}))"""


class Lab:
    """A JupyterLab server, and the tab of a browser in which it is used.

    Parameters
    ----------
    folder
        Where its settings and its notebooks go; the notebooks into ``folder / "files"``.
    browser
        A `Browser`.

    Attributes
    ----------
    files
        The folder in which JupyterLab opens notebooks.
    """

    def __init__(self, folder, browser):
        self.files, self._browser = Path(folder) / "files", browser
        self._log = Path(folder) / "jupyterlab.log"
        self._loaded = False
        self.files.mkdir(parents=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self._token = secrets.token_hex(16)
        self.address = f"http://127.0.0.1:{port}"
        words = [f"--ServerApp.port={port}", f"--IdentityProvider.token={self._token}"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *OPTIONS, *words],
                cwd=self.files,
                env=os.environ | self._surroundings(Path(folder)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self._wait(self._answers, "JupyterLab did not start")
        except BaseException:
            self.close()
            raise
        stay = "addEventListener('beforeunload', (event) => event.stopImmediatePropagation(), true)"
        browser.command("Page.addScriptToEvaluateOnNewDocument", source=stay)  # no dialogue

    @staticmethod
    def _surroundings(folder):
        """Variables that keep a user's settings out, and those of the tests in."""
        for name, values in SETTINGS.items():
            path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))
        names = {
            "HOME": "home",
            "IPYTHONDIR": "home/ipython",
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        }
        for name in names.values():
            (folder / name).mkdir(parents=True, exist_ok=True)
        there = {name: str(folder / value) for name, value in names.items()}
        return there | {"JUPYTER_PREFER_ENV_PATH": "1", "PYTHONPATH": str(ROOT)}

    def _ask(self, address, method="GET"):
        """What the server itself answers."""
        headers = {"Authorization": f"token {self._token}"}
        request = urllib.request.Request(self.address + address, method=method, headers=headers)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            request, timeout=20
        ) as got:
            return json.loads(got.read() or "null")

    def _answers(self):
        """Whether the server has come up."""
        assert self._process.poll() is None, self._log.read_text()
        try:
            return self._ask("/api/status")
        except OSError:
            return False

    @staticmethod
    def _wait(get, complaint, patience=PATIENCE, pause=0.1):
        """What `get` gives, as soon as it gives something."""
        end = time.monotonic() + patience
        while not (found := get()):
            assert time.monotonic() < end, complaint
            time.sleep(pause)
        return found

    def wait(self, expression, patience=PATIENCE):
        """Wait until an expression is true on the page."""
        asked = f"Boolean({expression})"
        self._wait(lambda: self._browser.evaluate(asked), f"never true: {expression}", patience)

    def close(self):
        """End the server and its kernels."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    # Notebooks

    def write(self, name, *cells):
        """Write a notebook of these cells."""
        notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
        return self._write(name, notebook)

    def copy(self, path, name=None, **parameters):
        """Copy a notebook without its outputs, with other parameters in the cell below its own."""
        notebook = nbformat.read(path, as_version=4)
        place = 0
        for number, cell in enumerate(notebook.cells):
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
            if "parameters" in cell.metadata.get("tags", []):
                place = number + 1
        if parameters:
            assert place, f"{path} has no cell of parameters"
            lines = [f"{key} = {value!r}" for key, value in parameters.items()]
            given = new_code_cell("\n".join(lines), metadata={"tags": ["injected-parameters"]})
            notebook.cells.insert(place, given)
        return self._write(name or Path(path).name, notebook)

    def _write(self, name, notebook):
        notebook.metadata["kernelspec"] = {
            "display_name": "python3",
            "language": "python",
            "name": "python3",
        }
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        return path

    def open(self, name):
        """Open a notebook, alone, and wait until its kernel is there; JupyterLab itself is loaded once.

        What did not open in time is tried again in a JupyterLab loaded anew.
        """
        for left in reversed(range(TRIES)):
            try:
                self._load()
                self._open(name)
                return
            except AssertionError:
                self._loaded = False
                if not left:
                    raise

    def _load(self):
        """Load JupyterLab with an empty workspace, unless it is loaded."""
        if self._loaded:
            return
        # `?reset` would clear the state while the page comes up and go to its address a second time
        workspace = f"/lab/workspaces/{secrets.token_hex(4)}"
        self._browser.open(f"{self.address}{workspace}?token={self._token}")
        self.wait("globalThis.jupyterapp?.restored")
        self._browser.evaluate(
            "jupyterapp.restored.then(() => { globalThis.labRestored = true; }), 0"
        )
        self.wait("globalThis.labRestored && document.querySelector('#jupyterlab-splash') === null")
        self._loaded = True

    def _open(self, name):
        """Open a notebook by command, and close all else until it is what stands in front."""
        self.leave()
        self._browser.evaluate(OPEN % json.dumps(name))
        self.wait(IN_FRONT, PATIENCE / TRIES)
        self._browser.evaluate(
            "jupyterapp.commands.execute('application:set-mode', {mode: 'single-document'}).then(() => 0)"
        )
        self._browser.evaluate("jupyterapp.shell.collapseLeft(), 0")

    def leave(self):
        """End all kernels, so that none keeps memory or works on."""
        for session in self._ask("/api/sessions"):
            self._ask(f"/api/sessions/{session['id']}", "DELETE")

    def run(self, patience=PATIENCE):
        """Run all cells and wait until done; the errors of cells, as name, value and beginning of the cell."""
        self._browser.evaluate(
            """(() => {
                globalThis.cellsRun = false;
                const done = () => { globalThis.cellsRun = true; };
                jupyterapp.commands.execute("notebook:run-all-cells").then(done, done);
            })()"""
        )
        self.wait("globalThis.cellsRun", patience)
        return self.errors()

    def outputs(self):
        """The code cells of the notebook in front: source, count and outputs as the page has them."""
        return self._browser.evaluate(OUTPUTS)

    def errors(self):
        """What went wrong in cells; a cell that has not run is an error too."""
        found = []
        for cell in self.outputs():
            start = cell["source"][:80]
            if cell["source"].strip() and cell["count"] is None:
                found.append(("not run", "", start))
            found += [
                (output["ename"], output["evalue"], start)
                for output in cell["outputs"]
                if output["output_type"] == "error"
            ]
        return found

    def stderr(self):
        """What cells wrote to the standard error, which JupyterLab shows on pink."""
        texts = (
            output["text"]
            for cell in self.outputs()
            for output in cell["outputs"]
            if output["output_type"] == "stream" and output["name"] == "stderr"
        )
        return ["".join(text) for text in texts]

    def _request(self, code, expressions):
        """Have the kernel execute code and evaluate expressions; its answer, when it has done both."""
        asked = {"code": code, "store_history": False, "user_expressions": expressions}
        return self._browser.evaluate(
            f"""(async () => {{
                const {{kernel}} = notebook.sessionContext.session;
                return (await kernel.requestExecute({json.dumps(asked)}).done).content;
            }})()"""
        )

    def execute(self, code):
        """Execute code in the kernel of the notebook in front, beside its cells."""
        answer = self._request(code, {})
        assert answer["status"] == "ok", (code, answer)

    def value(self, expression):
        """The value of an expression in the kernel of the notebook in front, which JSON must be able to hold."""
        answer = self._request("", {"it": f"__import__('json').dumps({expression})"})
        got = answer["user_expressions"]["it"]
        assert got["status"] == "ok", (expression, got)
        return json.loads(ast.literal_eval(got["data"]["text/plain"]))

    def save(self):
        """Save the notebook in front; the path of its file."""
        self._browser.evaluate("jupyterapp.commands.execute('docmanager:save').then(() => 0)")
        return self.files / self._browser.evaluate("notebook.context.path")

    # What is to be seen

    def pictures(self, selector=".jp-OutputArea-output"):
        """Every picture below elements: the beginning of its address, its size, its width as shown, its spread."""
        return self._browser.evaluate(f"{PICTURES}({json.dumps(selector)})")

    def box(self, selector):
        """Left, top, width and height of an element, which is scrolled into the window; ``>>>`` leads into a shadow root."""
        return self._browser.evaluate(
            f"""(() => {{
                const into = (root, one) => (root.shadowRoot ?? root).querySelector(one);
                const element = {json.dumps(selector)}.split(" >>> ").reduce(into, document);
                element.scrollIntoView({{block: "center", behavior: "instant"}});
                const {{x, y, width, height}} = element.getBoundingClientRect();
                return [x, y, width, height];
            }})()"""
        )

    def drag(self, selector, *places, shift=False):
        """Press the mouse and move it over an element: places are shares of its width and height.

        Two places are a drag, one is a click, and several are a line, as for a lasso.
        """
        left, top, width, height = self.box(selector)
        self._browser.drag(*[(left + x * width, top + y * height) for x, y in places], shift=shift)

    def screenshot(self, path, *, scheme="light", width=1280):
        """Save a picture of the whole notebook in front, in a light or a dark JupyterLab."""
        self._browser.show(width=width, scheme=scheme)
        high = self._browser.evaluate(
            "document.querySelector('.jp-Notebook-footer').getBoundingClientRect().bottom - "
            "document.querySelector('.jp-Cell').getBoundingClientRect().top"
        )
        self._browser.show(width=width, height=int(high) + 150, scheme=scheme)
        light = str(scheme == "light").lower()
        self.wait(f"document.body.dataset.jpThemeLight === '{light}'")
        time.sleep(0.5)  # a theme is a stylesheet, which comes after its name
        self._browser.screenshot(path)
        self._browser.show(width=width, scheme=scheme)

    def pixels(self, selector):
        """The pixels of an element as it is seen: rows, columns, red, green and blue."""
        return self._browser.look(*self.box(selector))


def exported(path):
    """A notebook as the HTML page that ``jupyter nbconvert --to html`` makes of it."""
    from nbconvert import HTMLExporter

    page = path.with_suffix(".html")
    page.write_text(HTMLExporter().from_filename(path)[0], encoding="utf-8")
    return page


def study_for_reports(study, folder):
    """Copy a finished study to where reports look for one, and give it a second run to compare."""
    import poster_analysis as pa

    shutil.copytree(study, folder)
    pa.open_study(folder).sweep("pca", k=range(2, 5), n_null=0)

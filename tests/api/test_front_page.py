"""The example of a notebook: on the front page of the book it runs as it is written, and that of README runs too."""

import ast
import json
import re
import shutil
from pathlib import Path

import pytest

from poster_analysis.examples import drawn_collection

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = """
import poster_analysis as pa

study = pa.open_study("_demo")
study
study.posters
study.sheet(n=24)
sweep = study.sweep("pca", k=range(2, 16), n_null=0)
sweep.plot()
sweep.table
groups = study.clusters("pca", k=8)
groups[3]
groups[3].films
groups.plot_sizes()
study["mine"] = groups.labels
study.similar("Otto's Big Whale", n=6)
study.similar(image="elsewhere.jpg").table
study.verdict("pca")
study.reduce("nmf", 30).components[0]
view = study.map(color="mine")
view.selection
study.explore("pca")
study.report("clustering", k_min=5, k_max=12).save_html("clusters.html")
"""


def statements(code):
    """The statements of some code, without its comments."""
    return [ast.unparse(one) for one in ast.parse(code).body]


def cells():
    """The code cells of the front page."""
    notebook = json.loads((ROOT / "nbs" / "index.ipynb").read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_the_front_page_has_every_line_of_the_example():
    there = [one for cell in cells() for one in statements("".join(cell["source"]))]
    assert [one for one in statements(EXAMPLE) if one not in there] == []


def test_every_cell_of_the_front_page_is_short_and_what_is_shown_is_a_picture_or_a_table():
    shown = [cell for cell in cells() if not "".join(cell["source"]).startswith("#| hide")]
    assert max(len("".join(cell["source"]).splitlines()) for cell in shown) <= 5
    kinds = [set(cell["outputs"][0]["data"]) - {"text/plain"} for cell in shown if cell["outputs"]]
    assert len(kinds) == len(shown) and sum(map(bool, kinds)) >= len(shown) - 1
    assert sum("data:image" in str(cell["outputs"]) or "image/" in str(cell["outputs"]) for cell in shown) >= 8  # fmt: skip


def readme():
    """The example of README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"## In JupyterLab\n.*?```python\n(.*?)```", text, re.S)
    return code


def test_the_example_of_readme_is_a_dozen_lines_with_one_import():
    lines = [line for line in readme().splitlines() if line.strip()]
    assert len(lines) <= 12
    assert [line for line in lines if "import" in line] == ["import poster_analysis as pa"]


def test_the_example_of_readme_runs(tmp_path, monkeypatch):
    pytest.importorskip("anywidget")
    import poster_analysis as pa

    drawn = drawn_collection(120)  # as the front page, which has drawn them
    shutil.copytree(drawn.posters, tmp_path / "posters")
    options = {"backbone": "colour", "n_null": 0, "n_init": 2, "n_splits": 1, "map_method": "pca"}
    monkeypatch.chdir(tmp_path)
    pa.create_study(
        "posters", metadata=drawn.metadata, out="study", k_min=2, k_max=12, n_clusters=4, n_components=30, **options
    )  # fmt: skip
    names = {}
    exec(readme(), names)
    assert names["study"]["mine"].nunique() == 8
    assert len(names["sweep"].table) == 14 and names["view"].color == "mine"
    assert "data:image" in (tmp_path / "clusters.html").read_text(encoding="utf-8")

"""The project as it is installed: imports, pins, and the two ways to an environment."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "poster_analysis").rglob("[!_]*.py")
)


def test_importing_any_room_but_the_command_line_leaves_tensorflow_alone():
    code = f"""
import importlib, json, sys
for name in {MODULES!r}:
    importlib.import_module(name)
print(json.dumps(sorted({{"tensorflow", "keras", "nbdev", "fastcore"}} & set(sys.modules))))
"""
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert json.loads(printed.stdout) == []


def test_importing_the_package_imports_nothing_else():
    code = "import sys; before = set(sys.modules); import poster_analysis; print(len(set(sys.modules) - before))"
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert int(printed.stdout) == 1


@pytest.mark.parametrize("requirement", PROJECT["project"]["dependencies"])
def test_every_dependency_is_pinned(requirement):
    name = re.match(r"[A-Za-z0-9-]+", requirement)[0].lower()
    pins = re.findall(r"^([a-z0-9-]+)==", (ROOT / "constraints.txt").read_text(), flags=re.M)
    assert name in pins


def test_conda_users_get_the_same_pins():
    text = (ROOT / "environment.yml").read_text()
    assert "--constraint constraints.txt" in text and "--editable .[dev]" in text
    python = re.search(r"python=(\d+\.\d+)", text)[1]
    assert PROJECT["project"]["requires-python"].startswith(f">={python}")


def test_what_is_installed_is_what_is_pinned():
    code = "import importlib.metadata as m; print(*(f'{d.name}=={d.version}' for d in m.distributions()))"
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    installed = {word.lower().replace("_", "-") for word in printed.stdout.split()}
    for name in ("numpy", "pandas", "scikit-learn", "papermill", "tensorflow", "keras", "nbdev"):
        lines = re.findall(
            rf"^{name}==([^ ;\n]+)", (ROOT / "constraints.txt").read_text(), flags=re.M
        )
        assert any(f"{name}=={version}" in installed for version in lines), name

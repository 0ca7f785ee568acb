"""The project as it is installed: imports, pins, and the two ways to an environment."""

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from poster_analysis.core.extras import EXTRAS
from poster_analysis.drawing.lettering import FONTS
from poster_analysis.study.run import open_run

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "poster_analysis").rglob("[!_]*.py")
)
PINS = [Requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines()]
REQUIREMENTS = [
    *PROJECT["project"]["dependencies"],
    *(one for ones in PROJECT["project"]["optional-dependencies"].values() for one in ones),
]
# the modules that come with extras, or with what they need
OPTIONAL = [
    *("fontpkg", *{f"fontpkg_{package}" for package, _ in FONTS.values()}),
    *("sphinx", "docutils", "myst_nb", "myst_parser", "pydata_sphinx_theme", "nbconvert", "pygments"),
    *("papermill", "nbclient", "ipykernel", "IPython", "jupyter_client", "pyarrow"),
    *("umap", "pynndescent", "numba", "llvmlite", "keras", "tensorflow", "h5py"),
    *("anywidget", "ipywidgets", "playwright", "pillow_heif", "pillow_jxl", "rocrate", "arcp"),
    *("dask", "distributed", "fsspec"),
]  # fmt: skip


def holds(pin, platform):
    """Whether a pin is for this Python."""
    return pin.marker is None or pin.marker.evaluate(platform)


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


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_every_dependency_is_pinned(requirement):
    assert Requirement(requirement).name.lower() in {pin.name for pin in PINS} | {"poster-analysis"}


def test_all_stands_for_every_extra_and_those_who_work_on_it_have_them():
    extras = PROJECT["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    assert Requirement(everything).extras == {*extras} - {"all", "dev", "formats"}
    assert {*EXTRAS} == {*extras} - {
        "all",
        "dev",
    }  # formats is under other licences, and asked for by name
    assert {"poster-analysis[all]", "poster-analysis[formats]"} <= {*extras["dev"]}
    assert '".[all,dev]"' in (ROOT / "Makefile").read_text()
    assert 'pip install -c constraints.txt ".[all]"' in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_is_known_by_packages_that_it_installs_and_nothing_else_does(extra):
    extras = {
        name: {Requirement(one).name for one in ones}
        for name, ones in PROJECT["project"]["optional-dependencies"].items()
    }
    base = {Requirement(one).name for one in PROJECT["project"]["dependencies"]}
    for package in EXTRAS[extra]:
        assert any(one.split("-")[0] == package or one == package for one in extras[extra])
        assert package not in base


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("machine", ["x86_64", "aarch64", "arm64", "AMD64"])
def test_every_platform_has_one_tensorflow(system, machine):
    networks = PROJECT["project"]["optional-dependencies"]["networks"]
    platform = {"sys_platform": system, "platform_machine": machine}
    found = [one for one in map(Requirement, networks) if one.name.startswith("tensorflow")]
    (chosen,) = (one.name for one in found if one.marker.evaluate(platform))
    assert chosen == (
        "tensorflow-cpu" if (system, machine) == ("linux", "x86_64") else "tensorflow"
    )
    pins = [pin for pin in PINS if pin.name == chosen and pin.marker.evaluate(platform)]
    assert len(pins) == 1


def public_functions(path):
    """The public functions of a module, and the methods of its public classes, by their names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    public = {
        name.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for name in node.value.elts
    }
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in public:
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and node.name in public:
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name[0] != "_":
                    yield f"{node.name}.{method.name}", method


@pytest.mark.parametrize("module", MODULES)
def test_public_functions_say_what_they_take_and_give(module):
    unsaid = []
    for name, function in public_functions(ROOT / f"{module.replace('.', '/')}.py"):
        arguments = function.args
        taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        taken += filter(None, [arguments.vararg, arguments.kwarg])
        own = "." in name  # the first argument of a method is its object
        unsaid += [f"{name}({one.arg})" for one in taken[own:] if one.annotation is None]
        unsaid += [name] if function.returns is None else []
    assert unsaid == []


def test_whoever_uses_the_package_may_check_types_against_it():
    assert (ROOT / "poster_analysis" / "py.typed").is_file()
    assert PROJECT["tool"]["setuptools"]["package-data"]["poster_analysis"] == ["py.typed"]


def test_conda_users_get_the_same_pins():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *packages, through_pip = environment["dependencies"]
    assert through_pip == {"pip": ["--constraint constraints.txt", "--editable .[all,dev]"]}
    named = dict(package.partition("=")[::2] for package in packages)
    python = named.pop("python")
    assert PROJECT["project"]["requires-python"].startswith(f">={python}")
    assert named.pop("pip") == ""
    compiled = {"numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "matplotlib-base", "pillow"}
    assert compiled | {"numba"} <= {*named}
    here = {"python_full_version": f"{python}.7", "python_version": python}
    for name, version in named.items():
        name = name.removesuffix("-base")
        (pin,) = (pin for pin in PINS if pin.name == name and holds(pin, here))
        assert str(pin.specifier) == f"=={version}", name


def test_what_is_installed_is_what_is_pinned():
    code = "import importlib.metadata as m; print(*(f'{d.name}=={d.version}' for d in m.distributions()))"
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    installed = {word.lower().replace("_", "-") for word in printed.stdout.split()}
    pinned = {(pin.name, f"{pin.name}{pin.specifier}") for pin in PINS}
    for name in ("numpy", "pandas", "scikit-learn", "papermill", "keras", "nbdev"):
        assert any(pin in installed for known, pin in pinned if known == name), name
    assert {"tensorflow-cpu==2.21.0", "tensorflow==2.21.0"} & installed


# what hides the modules that come with extras, as if they were not installed
HIDE = f"""
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] not in {set(OPTIONAL)!r}:
            return PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
"""


# it imports every module, and then answers each line of commands with one of exit codes and what was said
PROGRAM = f"""
{HIDE}
import contextlib, importlib, io, json
for name in {MODULES!r}:
    importlib.import_module(name)
from poster_analysis.cli import main
print(json.dumps(sorted(name for name in sys.modules if name.startswith("poster_analysis."))), flush=True)
for line in sys.stdin:
    answers = []
    for words in json.loads(line):
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            answers.append((main(words), out.getvalue(), err.getvalue()))
    print(json.dumps(answers), flush=True)
"""


@pytest.fixture(scope="module")
def without_extras(tmp_path_factory):
    """A function that runs commands as if no extra were installed; of each the exit code and what it says.

    Without commands it says which modules were imported. All run in one process, because to start it takes seconds.
    """
    log = tmp_path_factory.mktemp("without") / "errors.txt"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with log.open("w") as errors:
        process = subprocess.Popen([sys.executable, "-c", PROGRAM], stderr=errors, **pipes)
    modules = process.stdout.readline()

    def run(*commands):
        assert modules, log.read_text()
        if not commands:
            return json.loads(modules)
        process.stdin.write(json.dumps([[str(word) for word in words] for words in commands]))
        process.stdin.write("\n")
        process.stdin.flush()
        answers = process.stdout.readline()
        assert answers, log.read_text()
        return json.loads(answers)

    yield run
    process.communicate()


def test_every_module_imports_without_extras(without_extras):
    assert set(MODULES) <= set(without_extras())


@pytest.fixture(scope="module")
def small_study(drawn, tmp_path_factory, without_extras):
    """A study of which there are only the features, made without any extra."""
    out = tmp_path_factory.mktemp("base") / "study"
    posters = ["--posters", drawn.posters, "--metadata", drawn.metadata]
    ((code, _, said),) = without_extras(["extract", *posters, "--backbone", "colour", "--out", out])
    assert code == 0, said
    return out


def test_without_extras_colour_sweep_and_similar_do_their_work(small_study, without_extras):
    run = open_run(small_study)
    run.start(run.parameters.changed(n_null=0, n_components=4))  # what takes long is not tried here
    study = ["--out", small_study]
    swept, asked = without_extras(
        ["sweep", "--space", "pca", "--k-min", 2, "--k-max", 3, "--n-clusters", 2, *study],
        ["similar", "0", "--index", "-n", 2, "--json", *study],
    )
    assert swept[0] == 0, swept[2]
    assert asked[0] == 0, asked[2]
    assert len(json.loads(asked[1])["neighbours"]) == 2


REFUSED = [
    (["demo", "--out", "OUT"], "demo,site,networks"),
    (["demo", "--backbone", "colour", "--out", "OUT"], "demo,site"),
    (["study", "--posters", "POSTERS", "--backbone", "colour", "--out", "OUT"], "site"),
    (["study", "--posters", "POSTERS", "--map-method", "umap", "--out", "OUT"], "site,networks,map"),
    (["extract", "--posters", "POSTERS", "--out", "OUT"], "networks"),
    (["report", "clustering", "--out", "STUDY"], "site"),
    (["report", "clustering", "--html", "report.html", "--out", "STUDY"], "site"),
    (["report", "clustering", "--pdf", "report.pdf", "--out", "STUDY"], "site,pdf"),
    (["publish", "--out", "STUDY"], "site"),
]  # fmt: skip


def test_what_needs_an_extra_says_so_in_one_line_and_leaves_nothing(
    small_study, drawn, tmp_path, without_extras
):
    out = tmp_path / "out"
    places = {"OUT": out, "POSTERS": drawn.posters, "STUDY": small_study}
    answers = without_extras(*([places.get(word, word) for word in words] for words, _ in REFUSED))
    for (words, extras), (code, printed, said) in zip(REFUSED, answers, strict=True):
        assert (code, printed) == (2, ""), words
        (line,) = said.splitlines()
        assert "not installed" in line, words
        assert f'run: pip install "poster-analysis[{extras}]"' in line, words
    assert not out.exists()

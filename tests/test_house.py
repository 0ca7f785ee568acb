"""The house: parts in an order, no circles, rooms of a size that one can take in."""

import ast
import json
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "poster_analysis"
#: What imports only from what stands before it; the drawing of the demo imports nothing but core.
PARTS = (
    "core", "tasks", "collection", "extraction", "measures", "distances", "reduction", "clustering", "similarity", "labels", "trends", "explanations", "words",
    "figures",
    "study", "reports", "site", "workflow", "api", "cli",
)  # fmt: skip
ASIDE = {"drawing": {"core", "drawing"}, "examples": {*PARTS, "drawing"} - {"cli"}}
LARGEST = 445  # lines of a module: about four hundred
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if not path.name.startswith("_"))
CHAPTERS = sorted((ROOT / "nbs").rglob("[!.]*.ipynb"))


def name_of(path):
    """The name of a module below the package."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def imported(path):
    """The modules of the package that a module imports, at its top or inside a function."""
    own, known = name_of(path).split("."), {name_of(module) for module in MODULES}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            start = own[: -node.level]
        elif (node.module or "").split(".")[0] == "poster_analysis":
            start = []
        else:
            continue
        rest = (node.module or "").split(".") if node.module else []
        base = ".".join([*start, *(rest if node.level else rest[1:])])
        for alias in node.names:
            whole = f"{base}.{alias.name}".strip(".")
            if whole in known or base in known:
                yield whole if whole in known else base


NEEDS = {name_of(path): set(imported(path)) for path in MODULES}


@pytest.mark.parametrize("module", NEEDS)
def test_a_module_imports_from_its_part_and_from_parts_above_it(module):
    part = module.split(".")[0]
    above = ASIDE[part] if part in ASIDE else {*PARTS[: PARTS.index(part) + 1]}
    above |= {"drawing"} if part == "workflow" else set()  # the demo draws its posters
    assert {need for need in NEEDS[module] if need.split(".")[0] not in above} == set()


def test_no_module_needs_itself_by_way_of_others():
    reached = {module: set(needs) for module, needs in NEEDS.items()}
    for _ in reached:
        for module in reached:
            reached[module] |= {far for near in reached[module] for far in reached[near]}
    assert [module for module, needs in reached.items() if module in needs] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_fits_on_a_few_screens(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LARGEST


def exported_cells(path):
    """The exported cells of a notebook, without the lines that nbdev reads."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        lines = "".join(cell["source"]).splitlines()
        if cell["cell_type"] == "code" and "#| export" in lines:
            yield [line for line in lines if not line.startswith("#|")]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_exported_cell_fits_on_a_screen(path):
    assert [cell[0] for cell in exported_cells(path) if len(cell) > 60] == []


def test_exported_cells_are_short():
    sizes = [len(cell) for path in CHAPTERS for cell in exported_cells(path)]
    assert statistics.median(sizes) <= 20


def public_names(path):
    """What a chapter offers: the names that its module lists in __all__."""
    folder = path.relative_to(ROOT / "nbs").parent
    stem = path.stem.partition("_")[2] if path.stem[:2].isdigit() else path.stem
    module = PACKAGE / folder / f"{stem}.py"
    if not module.is_file():
        return []
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__":
            return ast.literal_eval(node.value)
    return []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_chapter_shows_every_public_name(path):
    used = set()
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and "#| export" not in source.splitlines():
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Name):
                    used.add(node.id)
                elif isinstance(node, ast.Attribute):
                    used.add(node.attr)
    assert sorted(set(public_names(path)) - used) == []

"""Put together the pages that Sphinx turns into the documentation.

Pages lie where a reader of the repository looks for them: `docs/`, `nbs/`, the change log, the
benchmarks. Here they are copied into one folder, and links between them are set to their places
in it. Lists that can be made from the notebooks are made here, so that they are never out of date.
"""

import ast
import base64
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import nbformat
from nbformat.v4 import new_markdown_cell

from poster_analysis.site.notebooks import without_directives

ROOT = Path(__file__).resolve().parents[1]

#: The parts in the order in which they are read; a part imports only from parts before it.
PARTS = {
    "Research": [
        "core",
        "tasks",
        "collection",
        "extraction",
        "measures",
        "distances",
        "reduction",
        "clustering",
        "similarity",
        "labels",
        "trends",
        "explanations",
    ],
    "Words and figures": ["words", "figures"],
    "Running and publishing": ["study", "reports", "site", "workflow", "api", "cli"],
    "Drawn posters": ["drawing", "examples"],
}
#: Parts whose figures are shown in the gallery.
SHOWN = ("reduction", "clustering", "similarity", "labels", "figures")


@dataclass(frozen=True)
class Chapter:
    """A notebook: where it is, how it opens, and the module it is exported to, if any."""

    path: PurePosixPath
    title: str
    sentence: str
    module: str

    @property
    def part(self) -> str:
        """The folder in `nbs/`, or the name of a notebook that lies there by itself."""
        return self.path.parts[1].removesuffix(".ipynb")

    @property
    def api(self) -> PurePosixPath:
        """Where in the documentation the module stands."""
        return PurePosixPath("api", *self.module.split(".")).with_suffix(".md")


def chapters() -> list[Chapter]:
    """Every notebook of `nbs/`, the parts in their order."""
    order = [part for parts in PARTS.values() for part in parts]
    found = []
    for path in sorted((ROOT / "nbs").rglob("[!._]*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        title, _, rest = cells[0].source.removeprefix("# ").partition("\n")
        sentence = re.match(r"\s*>?\s*(.+?)(\n\s*\n|\Z)", rest, re.DOTALL)
        exports = [re.match(r"#\|\s*default_exp\s+(\S+)", cell.source) for cell in cells]
        found.append(
            Chapter(
                PurePosixPath(path.relative_to(ROOT).as_posix()),
                title.strip(),
                " ".join(re.sub(r"^> ?", "", sentence[1], flags=re.MULTILINE).split()),
                next((match[1] for match in exports if match), ""),
            )
        )
    unknown = {one.part for one in found} - {*order, "index"}
    if unknown:
        raise SystemExit(f"docs/assemble.py does not know the part {', '.join(sorted(unknown))}")

    def place(one: Chapter) -> tuple:
        folder, name = one.path.parent, one.path.name
        return [*order, "index"].index(one.part), str(folder), name != "index.ipynb", name

    return sorted(found, key=place)


def places(book: list[Chapter]) -> dict[str, str]:
    """Where in the documentation a file of the repository stands."""
    found = {f"docs/{path}": path for path in _below(ROOT / "docs", "*.md")}
    found |= {str(one.path): str(one.path) for one in book}
    for one in book:
        if one.module:
            found[f"poster_analysis/{one.module.replace('.', '/')}.py"] = str(one.api)
    found |= {
        f"benchmarks/{path}": f"benchmarks/{path}" for path in _below(ROOT / "benchmarks", "*.md")
    }
    found["benchmarks/README.md"] = "benchmarks/index.md"
    found |= {f"{name}.md": f"{name.lower()}.md" for name in ("CHANGELOG", "CONTRIBUTING")}
    return found


def _below(folder: Path, pattern: str) -> list[str]:
    """The files below a folder that fit a pattern."""
    files = (path for path in folder.rglob(pattern) if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in files)


_LINK = re.compile(
    r"(?P<picture>!?)\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\]\([^()]*\))*)\]\((?P<target>[^()\s]+)\)"
)
_CODE = re.compile(r"(^ *```.*?^ *```|`[^`\n]+`)", re.DOTALL | re.MULTILINE)


def relinked(text: str, path: str, where: dict[str, str]) -> str:
    """Markdown of the file at `path` with its links set to the places of pages in the documentation.

    A link to a file that is no page (`LICENSE`, a script) becomes plain text, and one to nothing
    at all ends the build.
    """
    folder = PurePosixPath(where[path]).parent

    def replace(link: re.Match) -> str:
        target, mark, anchor = link["target"].partition("#")
        anchor = mark + anchor.lower()  # as Sphinx names places; Jupyter keeps capitals
        if re.match(r"[a-z]+:", target):
            return link[0]
        if not target:
            return f"[{relink(link['text'])}]({anchor})"
        start = PurePosixPath() if target.startswith("/") else PurePosixPath(path).parent
        file = os.path.normpath(start / target.lstrip("/"))
        if f"{file}/index.ipynb" in where:
            file = f"{file}/index.ipynb"
        if not (ROOT / file).exists():
            raise SystemExit(f"{path}: the link to {link['target']} leads nowhere")
        if link["picture"]:
            place = file.removeprefix("docs/")
        elif file in where:
            place = where[file]
        else:
            return relink(link["text"])
        there = os.path.relpath(place, folder)
        return f"{link['picture']}[{relink(link['text'])}]({there}{anchor})"

    def relink(prose: str) -> str:
        return _LINK.sub(replace, prose)

    parts = _CODE.split(text)
    # A link may have code as its text: those are put back together before links are looked for.
    kept = [part for part in parts[1::2]]
    marked = "".join(part if n % 2 == 0 else f"\0{n // 2}\0" for n, part in enumerate(parts))
    return re.sub(r"\0(\d+)\0", lambda mark: kept[int(mark[1])], relink(marked))


def _toctree(entries: list[str], *, caption: str = "", hidden: bool = True) -> str:
    options = [":hidden:"] * hidden + [f":caption: {caption}"] * bool(caption)
    return "\n".join(["```{toctree}", *options, "", *entries, "```"])


def _link(one: Chapter) -> str:
    return f"[{one.title}](/{one.path})"


class Site:
    """The folder that Sphinx reads; files that have not changed are not written again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.written = folder, set()

    def write(self, place: str, content: str | bytes) -> None:
        """Write a file if it is new or has changed."""
        data = content.encode() if isinstance(content, str) else content
        path = self.folder / place
        self.written.add(path)
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def remove_others(self) -> None:
        """Remove what earlier builds wrote and this one did not."""
        for path in sorted(self.folder.rglob("*"), reverse=True):
            if path.is_file() and path not in self.written:
                path.unlink()
            elif path.is_dir() and not any(path.iterdir()):
                path.rmdir()


def assemble(folder: Path) -> None:
    """Write all pages of the documentation into `folder`."""
    book = chapters()
    where, site = places(book), Site(folder)
    made = {
        "<!-- parts -->": relinked(_parts_table(book), "docs/architecture.md", where),
        "<!-- contents -->": relinked(_contents(book), "docs/architecture.md", where),
        "<!-- modules -->": _modules(book, site),
        "<!-- figures -->": _gallery(book, site),
    }
    for path, place in where.items():
        if path.endswith(".md"):
            text = relinked((ROOT / path).read_text(encoding="utf-8"), path, where) + _more(path)
            for mark, listed in made.items():
                text = text.replace(mark, listed)
            site.write(place, text)
    for path in _below(ROOT / "docs" / "pictures", "*"):
        site.write(f"pictures/{path}", (ROOT / "docs" / "pictures" / path).read_bytes())
    for one in book:
        site.write(str(one.path), _notebook(one, book, where))
    site.remove_others()


def _more(path: str) -> str:
    """What a page lacks because it is no page in the repository: a list of those below it."""
    if path != "benchmarks/README.md":
        return ""
    return "\n" + _toctree(
        [f"results/{name}" for name in _below(ROOT / "benchmarks/results", "*.md")]
    )


def _notebook(one: Chapter, book: list[Chapter], where: dict[str, str]) -> str:
    """A notebook as a page: nbdev's directives obeyed, links set, its part's chapters below it."""
    notebook = without_directives(nbformat.read(ROOT / one.path, as_version=4))
    notebook.metadata.setdefault("language_info", {"name": "python", "pygments_lexer": "ipython3"})
    cells, words = [], one.title
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            words = _heading(cell) or words
            cell.source = relinked(cell.source, str(one.path), where)
        elif _only_imports(cell.source):
            if cells and _only_imports(cells[-1].source):
                cells[-1].source += f"\n\n{cell.source}"
                continue
            cell.metadata.update(tags=["hide-input"], mystnb={"code_prompt_show": "Imports"})
        elif any(_picture(output) for output in cell.get("outputs", [])):
            cell.metadata.mystnb = {"image": {"alt": words}}
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output.data["text/html"] = _without_links(output.data["text/html"])
        cells.append(cell)
    if one.module:
        there = os.path.relpath(one.api, one.path.parent)
        cells[0].source += f"\n\n{{.module}}\n[`poster_analysis.{one.module}`]({there})"
    below = _pages_below(one, book)
    if below:
        cells.append(new_markdown_cell("\n\n".join(below), id="contents"))
    notebook.cells = cells
    return nbformat.writes(notebook)


def _picture(output: nbformat.NotebookNode) -> tuple[str, str] | None:
    """The ending and the data of the picture of an output, if it is one."""
    kinds = {"png": "image/png", "jpg": "image/jpeg"}
    found = ((end, output.get("data", {}).get(kind)) for end, kind in kinds.items())
    return next((one for one in found if one[1]), None)


def _without_links(html: str) -> str:
    """HTML that an example shows, without links to pages that only a study has."""
    return re.sub(r'(<a\b[^>]*?)\shref="(?!#|https?:)[^"]*"', r"\1", html)


def _heading(cell: nbformat.NotebookNode) -> str:
    """The last heading below the title in a cell of text, as plain words; empty if there is none."""
    found = re.findall(r"^##+ +(.+)$", cell.source, re.MULTILINE)
    return re.sub(r"[`*$]", "", found[-1]) if found and cell.cell_type == "markdown" else ""


def _only_imports(code: str) -> bool:
    """Whether a cell does nothing but import: it is folded away."""
    try:
        statements = ast.parse(code).body
    except SyntaxError:  # text, or a magic
        return False
    return bool(statements) and all(
        isinstance(one, ast.Import | ast.ImportFrom) for one in statements
    )


def _pages_below(one: Chapter, book: list[Chapter]) -> list[str]:
    """The trees of pages below an index."""
    if one.path.name != "index.ipynb":
        return []
    folder = one.path.parent
    if one.part == "index":
        openings = {each.part: each for each in book if each.path.stem in ("index", each.part)}
        return [
            _toctree(
                [
                    os.path.relpath(openings[part].path, folder)
                    for part in parts
                    if part in openings
                ],
                caption=group,
            )
            for group, parts in PARTS.items()
        ]
    inside = [each for each in book if folder in each.path.parents and each is not one]
    nested = {
        each.path.parent
        for each in inside
        if each.path.stem == "index" and each.path.parent != folder
    }
    listed = [
        each for each in inside if each.path.parent not in nested or each.path.stem == "index"
    ]
    return [_toctree([os.path.relpath(each.path, folder) for each in listed])]


def _contents(book: list[Chapter]) -> str:
    """All chapters by parts, each with its sentence."""
    lines = []
    for group, parts in PARTS.items():
        lines.append(f"\n### {group}\n")
        for part in parts:
            for one in (each for each in book if each.part == part):
                depth = 0 if one.path.stem in ("index", part) else len(one.path.parts) - 2
                lines.append(f"{'  ' * depth}- {_link(one)}: {one.sentence}")
    return "\n".join(lines)


def _imports_of(part: str) -> set[str]:
    """The parts that the modules of a part import from."""
    place = ROOT / "poster_analysis" / part
    module = place.with_suffix(".py")
    found = set()
    for path in [module] if module.is_file() else place.rglob("*.py"):
        package = path.relative_to(ROOT).parent.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                start = package[: len(package) - node.level + 1] if node.level else ()
                names = [(*start, *(node.module or "").split("."))]
            elif isinstance(node, ast.Import):
                names = [one.name.split(".") for one in node.names]
            else:
                continue
            found |= {name[1] for name in names if name[0] == "poster_analysis" and len(name) > 1}
    return found - {part}


def _parts_table(book: list[Chapter]) -> str:
    """A row for every part: what it is for, and the parts it imports from."""
    order = [part for parts in PARTS.values() for part in parts]
    lines = ["| part | what it is for | imports from |", "| --- | --- | --- |"]
    for part in order:
        for one in (
            each for each in book if each.part == part and each.path.stem in ("index", part)
        ):
            used = ", ".join(sorted(_imports_of(part) & {*order}, key=order.index)) or "nothing"
            lines.append(f"| [{part}](/{one.path}) | {one.sentence} | {used} |")
    return "\n".join(lines)


def _modules(book: list[Chapter], site: Site) -> str:
    """Write a page for every module, and one for every part; return the list of all."""
    entries, lists = [], []
    for part in (part for parts in PARTS.values() for part in parts):
        modules = [one for one in book if one.part == part and one.module]
        rows = "\n".join(f"- [{one.module}](/{one.api}): {one.sentence}" for one in modules)
        for one in modules:
            site.write(str(one.api), _module_page(one))
        if len(modules) == 1 and modules[0].module == part:
            entries.append(f"{part} <{part}>")
            lists.append(f"## {part}\n\n{rows}")
        elif modules:
            opening = next(one for one in book if one.part == part)
            names = [
                f"{one.module.partition('.')[2]} </{one.api.with_suffix('')}>" for one in modules
            ]
            text = "\n\n".join([opening.sentence, rows])
            site.write(f"api/{part}/index.md", f"# {part}\n\n{text}\n\n{_toctree(names)}\n")
            entries.append(f"{part} <{part}/index>")
            lists.append(f"## {part}\n\n{text}")
    return "\n\n".join([*lists, _toctree(entries)])


#: Modules in which a public class inherits what it offers from a private one.
IN_TWO_STEPS = {"study.run"}


def _module_page(one: Chapter) -> str:
    """The page of a module: a link to its chapter, and what its docstrings say."""
    directive = f".. automodule:: poster_analysis.{one.module}\n   :members:"
    if one.module in IN_TWO_STEPS:
        directive += "\n   :inherited-members:"
    parts = [f"# {one.module}", f"Chapter: {_link(one)}", f"```{{eval-rst}}\n{directive}\n```"]
    return "\n\n".join(parts) + "\n"


def _gallery(book: list[Chapter], site: Site) -> str:
    """The figures that chapters show, each with a link to the chapter it is drawn in."""
    lines = []
    for part in SHOWN:
        figures = [line for one in book if one.part == part for line in _figures(one, site)]
        opening = next(one for one in book if one.part == part)
        if figures:
            lines += [f"## {opening.title}\n", ":::::{container} gallery", *figures, ":::::\n"]
    return "\n".join(lines)


def _figures(one: Chapter, site: Site) -> list[str]:
    """The pictures in the outputs of a notebook, and the headings above them."""
    notebook = without_directives(nbformat.read(ROOT / one.path, as_version=4))
    heading, found = "", []
    for cell in notebook.cells:
        heading = _heading(cell) or heading
        for number, output in enumerate(cell.get("outputs", [])):
            if picture := _picture(output):
                end, data = picture
                place = f"gallery/{one.part}-{one.path.stem}-{cell.id}-{number}.{end}"
                site.write(place, base64.b64decode(data))
                words = f"{one.title}: {heading}" if heading else one.title
                words = words.replace("[", "(").replace("]", ")")
                found.append(
                    f"::::{{container}} picture\n[![{words}]({place})]({one.path})\n\n{words}\n::::"
                )
    return found


if __name__ == "__main__":
    target = ROOT / "_build" / "docs-source"
    shutil.rmtree(target, ignore_errors=True)
    assemble(target)

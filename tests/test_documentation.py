"""What the documentation says exists: places, links, commands, targets and names."""

import ast
import configparser
import importlib
import re
import shlex
import sys
from pathlib import Path

import click
import pytest
import yaml

import poster_analysis
from poster_analysis.cli import cli

ROOT = Path(__file__).resolve().parents[1]
PROSE = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks/README.md"])
NOWHERE = re.compile(r"example[.]org|github[.]com/poster-analysis", re.I)
FOLDERS = ("benchmarks", "docs", "nbs", "poster_analysis", "reports", "tests")


def name(path):
    return path.relative_to(ROOT).as_posix()


def blocks(language):
    """The blocks of code in that language, with the page that each is on."""
    for path in PROSE:
        text = path.read_text(encoding="utf-8")
        yield from (
            (path, code) for code in re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)
        )
        if language == "sh":  # the other form of a block
            yield from ((path, code[1:]) for code in re.findall(r"\n\n((?:    .+\n)+)", text))


def commands():
    """Every line of a block for the shell, without a prompt and assigned variables."""
    for path, code in blocks("sh"):
        for line in code.splitlines():
            yield path, re.sub(r"^\s*(\$ )?([A-Z_]+=\S+ )*", "", line)


@pytest.fixture
def assemble():
    sys.path.insert(0, str(ROOT / "docs"))
    yield importlib.import_module("assemble")
    sys.path.remove(str(ROOT / "docs"))


def test_no_place_is_named_that_does_not_exist():
    files = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]
    files += [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in set(files):
        if path.suffix not in (".png", ".jpg", ".pyc", ".npz"):
            found = NOWHERE.search(path.read_text(encoding="utf-8", errors="replace"))
            assert not found, f"{name(path)}: {found[0]}"


def test_every_page_can_be_assembled_and_every_link_in_it_leads_somewhere(assemble, tmp_path):
    assemble.assemble(tmp_path)
    assert (tmp_path / "index.md").is_file()
    for one in assemble.chapters():
        assert (tmp_path / one.path).is_file()
        assert not one.module or (tmp_path / one.api).is_file()


def test_a_link_that_leads_nowhere_ends_the_build(assemble):
    where = {"docs/index.md": "index.md", "docs/numbers.md": "numbers.md"}
    found = assemble.relinked(
        "[a](numbers.md#B), [x](#Y), [c](../LICENSE), `[d](e)`", "docs/index.md", where
    )
    assert found == "[a](numbers.md#b), [x](#y), c, `[d](e)`"
    with pytest.raises(SystemExit, match=r"docs/index\.md: the link to e\.md leads nowhere"):
        assemble.relinked("[d](e.md)", "docs/index.md", where)


@pytest.mark.parametrize("path", [path for path in PROSE if path.parent == ROOT], ids=name)
def test_links_of_the_pages_at_the_root_lead_somewhere(path):
    for target in re.findall(r"\]\((?![a-z]+:|#)([^)#\s]+)", path.read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target


def test_links_are_checked_in_a_built_site(tmp_path):
    sys.path.insert(0, str(ROOT / "docs"))
    broken_links = importlib.import_module("check_links").broken_links
    sys.path.remove(str(ROOT / "docs"))
    (tmp_path / "a.html").write_text('<p id="x"><a href="b.html#y">b</a><a href="#x">x</a></p>')
    (tmp_path / "b.html").write_text('<p id="y"><a href="https://www.python.org">p</a></p>')
    assert broken_links(tmp_path) == []
    (tmp_path / "b.html").write_text(
        '<script src="https://www.python.org/x.js"></script><a href="c.html">c</a>'
    )
    assert broken_links(tmp_path) == [
        "a.html: b.html#y names a place that the page does not have",
        "b.html: c.html leads nowhere",
        "b.html: loads https://www.python.org/x.js from another host",
    ]


def test_every_command_and_every_option_exists():
    seen = set()
    for path, line in commands():
        command, *words = shlex.split(line, comments=True) or [""]
        if command.endswith("poster-analysis") and words != ["--help"]:
            seen.add(words[0])
            assert words[0] in cli.commands, f"{name(path)}: {line}"
            one = cli.commands[words[0]]
            try:
                one.make_parser(click.Context(one)).parse_args(words[1:])
            except click.UsageError as error:
                pytest.fail(f"{name(path)}: {line}: {error.message}")
    assert seen == set(cli.commands), "a command that no page shows"


def test_every_target_of_make_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    text = {path: path.read_text(encoding="utf-8") for path in PROSE}
    lines = [(path, line) for path, line in commands() if line.startswith("make ")]
    lines += [
        (path, f"make {one}")
        for path in PROSE
        for one in re.findall(r"`make ([a-z]+)`", text[path])
    ]
    assert len(lines) > 5
    for path, line in lines:
        assert line.split()[1] in targets, f"{name(path)}: {line}"


def test_what_the_pages_import_from_the_package_exists():
    found = 0
    for path, code in blocks("python"):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("poster_analysis"):
                module = importlib.import_module(node.module)
                for one in node.names:
                    assert hasattr(module, one.name), f"{name(path)}: {node.module}.{one.name}"
                    found += 1
    assert found


def test_the_citation_has_the_version_of_the_package():
    settings = configparser.ConfigParser()
    settings.read(ROOT / "settings.ini")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert str(citation["version"]) == settings["DEFAULT"]["version"] == poster_analysis.__version__


def test_hooks_are_local():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [one["repo"] for one in hooks["repos"]] == ["local"]

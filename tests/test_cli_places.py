"""Where a command is to write: refused in one line with exit code 2 before any work, whatever the command."""

import json
import os
import stat

import pytest

from poster_analysis.cli import cli, main

NEEDS = {
    "demo": [],
    "study": ["--posters", "POSTERS", "--backbone", "colour"],
    "extract": ["--posters", "POSTERS", "--backbone", "colour"],
    "similar": ["7"],
    "report": ["clustering"],
}


@pytest.fixture
def bad(tmp_path, drawn):
    """Places in which no study can be."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "esc\x1b[31m\n").write_text("mine")
    return tmp_path


def refused(capsys, *words):
    """Run a command that must be refused; return the one line it says."""
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    assert (code, said.out) == (2, ""), said
    (line,) = said.err.strip().splitlines()
    assert line.startswith("poster-analysis: ") and line.isprintable()
    return line


def words_of(command, drawn):
    """What a command needs beside its folder."""
    words = NEEDS.get(command, [])
    return [command, *(str(drawn.posters) if word == "POSTERS" else word for word in words)]


@pytest.mark.parametrize("command", [name for name in cli.commands])
@pytest.mark.parametrize("place", ["file", "file/below", "dangling", "dangling/below", "x" * 300, "esc\x1b[31m\n", "", "/proc/study"])  # fmt: skip
def test_out_that_cannot_be(capsys, bad, drawn, command, place):
    if command == "check":
        pytest.skip("it writes nothing")
    before = sorted(bad.rglob("*"))
    out = str(bad / place) if place else ""
    words = words_of(command, drawn)
    line = refused(capsys, *words, *([out] if command == "serve" else ["--out", out]))
    assert "Errno" not in line and "Traceback" not in line
    assert sorted(bad.rglob("*")) == before and (bad / "file").read_text() == "mine"


@pytest.mark.parametrize(
    "part", ["tables", "figures", "store", "runs", "site", "exports", "notebooks"]
)
def test_a_part_of_out_that_is_a_file(capsys, tmp_path, drawn, part):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / part).write_text("mine")
    line = refused(capsys, *words_of("study", drawn), "--out", tmp_path / "out")
    assert part in line and "file" in line
    assert [path.name for path in (tmp_path / "out").iterdir()] == [part]


@pytest.mark.parametrize("store", ["file", "file/below", ""])
def test_a_store_that_cannot_be(capsys, bad, drawn, store):
    line = refused(
        capsys,
        *words_of("extract", drawn),
        "--out",
        bad / "out",
        "--store",
        bad / store if store else "",
    )
    assert "store" in line and not (bad / "out").exists()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(capsys, tmp_path, drawn):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    line = refused(capsys, *words_of("study", drawn), "--out", tmp_path / "out")
    tmp_path.chmod(stat.S_IRWXU)
    assert "permission denied" in line


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["report", "clustering", "--html", "BAD/a.html"], "file"),
        (["report", "clustering", "--html", ""], "report.html"),
        (["similar", "--matrix", "BAD/a.npy"], "file"),
        (["similar", "--matrix", ""], "similarities.npy"),
        (["report", "--new", "BAD/a.ipynb"], "file"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_work(capsys, study, bad, words, named):
    before = json.loads((study / "run.json").read_text())["stages"].keys()
    words = [word.replace("BAD", str(bad / "file")) for word in words]
    assert named in refused(capsys, *words, "--out", study)
    assert json.loads((study / "run.json").read_text())["stages"].keys() == before


def test_a_title_reaches_neither_terminal_nor_json_raw(capsys, monkeypatch):
    from poster_analysis.workflow import questions

    title = "Heat\x1b[2J\x9b\u202e"
    row = {"rank": 1, "similarity": 0.5, "imdb_id": "7\x1b", "title": title, "genre": "\x07"}
    answer = {"query": {"title": title, "imdb_id": "7"}, "neighbours": [row]}
    monkeypatch.setattr(questions, "similar_to_each", lambda *_, **__: [answer])
    assert main(["similar", "7", "--out", "x"]) == 0
    assert all(line.isprintable() for line in capsys.readouterr().out.splitlines())
    assert main(["similar", "7", "--json", "--out", "x"]) == 0
    printed = capsys.readouterr().out
    assert all(line.isprintable() for line in printed.splitlines())
    assert json.loads(printed) == answer


def test_posters_with_control_characters_are_named_and_break_no_table(tmp_path, drawn):
    from poster_analysis.collection.posters import read_collection
    from poster_analysis.core.files import read_table, write_table

    file = next(drawn.posters.rglob("*.jpg"))
    names = [
        "1.jpg",
        "two\nlines.jpg",
        "a\x1b[31m.jpg",
        "a\tb.jpg",
        "\x9b.jpg",
        "\u202egpj.2.jpg",
        "fold\x07er/3.jpg",
    ]
    for name in names:
        (tmp_path / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "p" / name).write_bytes(file.read_bytes())
    found = read_collection(tmp_path / "p")
    assert found.table["path"].tolist() == ["1.jpg"] and len(found.skipped) == len(names) - 1
    path = write_table(found.skipped, tmp_path / "skipped.csv")
    assert all(line.isprintable() for line in path.read_text().splitlines())
    assert read_table(path).to_numpy().tolist() == found.skipped.to_numpy().tolist()
    assert "two\\nlines.jpg" in found.skipped["path"].tolist()
    assert found.skipped["reason"].str.contains("control characters").all()

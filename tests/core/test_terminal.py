"""What is written never ends a command, and never steers a terminal."""

import errno
import io
import json
import os
import sys

import pytest

from poster_analysis.core import terminal
from poster_analysis.core.terminal import PLAINER, _Lasting, echo, json_text, last_words, plainer
from poster_analysis.core.text import printable

AWKWARD = "Żywot – “Amélie” 映画 🎬 \udcff\x1b[31m\x9b\u202e"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "koi8-r", "shift_jis"])
def test_any_title_can_be_written_in_any_encoding(encoding):
    assert AWKWARD.encode(encoding, PLAINER)
    assert json.loads(json_text({"title": AWKWARD}, encoding)) == {"title": AWKWARD}
    json_text({"title": AWKWARD}, encoding).encode(encoding)


def test_a_letter_is_replaced_by_the_nearest_that_there_is():
    assert "Łódź – …".encode("cp1252", PLAINER).decode("cp1252") == "Lódz – …"
    assert [plainer(letter) for letter in "ßﬁ映\u0301"] == ["ss", "fi", "?", "?"]


@pytest.mark.parametrize(
    "letter", [*map(chr, (*range(32), *range(127, 160))), "\u2028", "\u202e", "\u2066"]
)
def test_no_letter_that_a_terminal_obeys_is_printed(letter, capsys):
    assert printable(letter).isprintable() and printable(letter).isascii()
    echo(f"a{letter}b")
    assert capsys.readouterr().out == f"a{printable(letter)}b\n"
    assert letter == "\n" or letter not in json_text({"title": letter})


@pytest.mark.parametrize(
    "text", ["Amélie", "नमस्ते", "می\u200cخواهم", "👨\u200d👩", "עברית\u200f", "a\u00a0%"]
)
def test_letters_of_any_language_stay(text):
    assert printable(text) == text


def stream_without_reader(**options):
    """A text stream into a pipe that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    raw = _Lasting(writer, **options)
    return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8"), writer


@pytest.mark.parametrize("only_gone", [True, False])
def test_a_pipe_that_nobody_reads_takes_whatever_is_written(only_gone):
    stream, writer = stream_without_reader(only_gone=only_gone)
    for _ in range(3):
        stream.write("x" * 100_000)
        stream.flush()
    stream.detach()
    os.close(writer)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device here")  # noqa: PTH110
def test_a_full_disk_is_an_error_for_results_and_none_for_progress():
    number = os.open("/dev/full", os.O_WRONLY)
    progress = io.BufferedWriter(_Lasting(number, only_gone=False))
    progress.write(b"90 %")
    progress.flush()
    os.close(number)
    number = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(OSError) as caught:
        _Lasting(number, only_gone=True).write(b"a result")
    assert caught.value.errno == errno.ENOSPC
    os.close(number)


def test_what_could_not_be_written_in_the_end_is_said(monkeypatch, tmp_path):
    class Full(io.StringIO):
        def flush(self):
            raise OSError(errno.ENOSPC, "No space left on device")

        def fileno(self):
            return number

    number = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    monkeypatch.setattr(sys, "stdout", Full())
    assert last_words() == "No space left on device"
    monkeypatch.undo()
    os.close(number)


def test_streams_that_were_closed_are_replaced(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    terminal.lasting_streams()
    print("nobody hears this")
    assert not sys.stderr.isatty()

"""A report as a PDF, where a page can be printed."""

import shutil

import pytest
from browser import CHROMIUM

from poster_analysis.cli import main
from poster_analysis.core import extras
from poster_analysis.core.errors import RunError
from poster_analysis.site import single_file
from poster_analysis.site.single_file import single_pdf


def test_without_playwright_nothing_is_run_and_one_line_says_what_is_missing(
    study, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(extras.EXTRAS, "pdf", ("no-such-printer",))
    target = tmp_path / "report.pdf"
    assert main(["report", "extraction", "--out", str(study), "--pdf", str(target)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert 'needs no-such-printer, which is not installed; run: pip install "poster-analysis[pdf]"' in line  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_a_folder_and_each_do_not_go_with_it(study, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(extras.EXTRAS, "pdf", ())
    words = ["report", "clustering", "--out", str(study), "--pdf", str(tmp_path)]
    assert main(words) == 2 and "is a folder" in capsys.readouterr().err
    words[-1] = str(tmp_path / "report.pdf")
    assert main([*words, "--each"]) == 2 and "leave out --each" in capsys.readouterr().err


def test_a_report_is_printed_with_its_pictures(study, tmp_path):
    pytest.importorskip("playwright", reason="the extra pdf is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    target = single_pdf(study / "notebooks" / "similarity.ipynb", tmp_path / "report.pdf")
    data = target.read_bytes()
    assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF")
    assert data.count(b"/Subtype /Image") >= 8
    assert [path.name for path in tmp_path.iterdir()] == ["report.pdf"]


def test_a_browser_that_does_not_start_is_one_line(study, tmp_path, monkeypatch):
    pytest.importorskip("playwright", reason="the extra pdf is not installed")
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/false\n")
    broken.chmod(0o755)
    monkeypatch.setattr(single_file, "_BROWSERS", (str(broken),))
    with pytest.raises(RunError, match="playwright install chromium") as caught:
        single_pdf(study / "notebooks" / "extraction.ipynb", tmp_path / "report.pdf")
    assert "\n" not in str(caught.value) and not (tmp_path / "report.pdf").exists()
    assert shutil.which(str(broken)) is not None

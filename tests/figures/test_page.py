"""The page: words as data, one look, files that are whole and never blank."""

import gc
import io
import logging
import subprocess
import sys
import warnings
import weakref

import matplotlib
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from poster_analysis.core.errors import InputError, RunError
from poster_analysis.core.text import (
    percent_text,
    score_text,
)
from poster_analysis.figures.page import (
    PAPER,
    checked_table,
    figure_bytes,
    new_page,
    plain_text,
    save_figure,
    space_line,
    styled,
    text_width,
    wrap_text,
)

ANY_TEXT = st.text(st.characters(), max_size=60)


@styled
def bars(title="A finding", *, photographs=False):
    page, _ = new_page(title, "2 posters", width=4, height=2, photographs=photographs)
    axes = page.add_axes([0.2, 0.2, 0.7, 0.4])
    axes.bar([1, 2], [3, 4])
    axes.set_xlabel(title)
    return page


@given(ANY_TEXT)
def test_plain_text_is_one_printable_line(text):
    plain = plain_text(text)
    assert all(character.isprintable() or character in "\u00a0\u202f" for character in plain)
    assert plain == plain_text(plain)
    plain.encode()


@settings(deadline=None, max_examples=60)
@given(ANY_TEXT, st.floats(0.3, 3), st.integers(1, 4))
def test_wrapped_text_keeps_to_its_column(text, width, lines):
    rows = wrap_text(text, width=width, size=8, lines=lines).split("\n")
    assert len(rows) <= lines
    assert all(len(row) <= 2 or text_width(row, size=8) <= width for row in rows)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text("abcdefgh", min_size=1, max_size=9), min_size=1, max_size=8))
def test_wrapping_loses_nothing_where_there_is_room(words):
    assert wrap_text(" ".join(words), width=0.9, size=8, lines=99).split() == words


def test_long_words_are_broken_and_long_titles_end_in_their_year():
    rows = wrap_text("x" * 500, width=1, size=8, lines=3).split("\n")
    assert len(rows) == 3
    assert rows[-1].endswith("x…")
    assert wrap_text("Very " * 100 + "(1999)", width=1.5, size=8).endswith("… (1999)")
    assert wrap_text("Very " * 100 + "(1999)", width=0.3, size=8).endswith("…")
    assert wrap_text("", width=1, size=8) == ""


def test_bold_is_measured_as_bold():
    assert text_width("Mammoth", size=9, weight="bold") > text_width("Mammoth", size=9)


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0, "0"), (0.004, "under 1"), (0.5, "50"), (0.996, "over 99"), (1, "100")],
)
def test_percent_never_rounds_to_all_or_nothing(fraction, text):
    assert percent_text(fraction) == f"{text}\u00a0%"


def test_numbers_in_words():
    assert score_text(-0.00041) == "−0.0004"
    assert score_text(-0.0) == "0"


def test_other_spaces_have_lines_of_their_own():
    lines = [space_line(space, place=place) for place, space in enumerate(["raw", "umap", "map"])]
    assert len({line["color"] for line in lines}) == 3
    assert len({str(line["linestyle"]) for line in lines}) == 3


def test_settings_of_the_reader_change_nothing():
    expected = figure_bytes(bars())
    ours = {
        "font.size": 30, "font.family": "serif", "savefig.facecolor": "red", "savefig.dpi": 10,
        "savefig.bbox": "tight", "axes.grid": False, "savefig.transparent": True,
        "text.antialiased": False,
    }  # fmt: skip
    with matplotlib.rc_context(ours):
        kept = {name: matplotlib.rcParams[name] for name in ours}
        assert figure_bytes(bars()) == expected
        assert {name: matplotlib.rcParams[name] for name in ours} == kept


def test_letters_that_no_typeface_has_are_drawn_in_silence(caplog):
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        figure_bytes(bars("🎬 日本 \u0b95 שלום عربي \u2fff $x_1^2$ \\frac{} %"))
    assert not caplog.records


def test_a_dollar_starts_no_formula():
    assert figure_bytes(bars("$x$")) != figure_bytes(bars("x"))
    page = bars("$\\undefined{$")
    figure_bytes(page)
    assert page.texts[0].get_text() == "$\\undefined{$"


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".svg", ".pdf", ".PNG"])
def test_same_figure_same_bytes(tmp_path, suffix):
    paths = [save_figure(bars(), tmp_path / f"{name}{suffix}") for name in ("one", "two")]
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert b"Matplotlib" not in first[:2000]
    assert [path.name for path in sorted(tmp_path.iterdir())] == [f"one{suffix}", f"two{suffix}"]


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_paper_is_opaque(tmp_path, suffix):
    with Image.open(save_figure(bars(), tmp_path / f"page{suffix}")) as image:
        corner = image.convert("RGBA").getpixel((2, 2))
    expected = (*(int(PAPER[start : start + 2], 16) for start in (1, 3, 5)), 255)
    assert max(abs(one - other) for one, other in zip(corner, expected, strict=True)) <= 2


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_blank_figure_is_not_saved(tmp_path, suffix):
    path = tmp_path / f"old{suffix}"
    path.write_text("as it was")
    with pytest.raises(RunError, match=r"old.* would be blank"):
        save_figure(Figure(), path)
    assert path.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["figure", "figure.gif", "figure.csv"])
def test_other_kinds_of_files_are_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"\.png, \.jpg, \.svg or \.pdf"):
        save_figure(bars(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_ordinary_matplotlib_figures_are_saved_too(tmp_path):
    figure = Figure()
    figure.add_subplot().plot([1, 2])
    assert save_figure(figure, tmp_path / "new folder" / "plain.png").exists()


@pytest.mark.parametrize(("photographs", "kind"), [(False, "PNG"), (True, "JPEG")])
def test_a_page_shows_itself_in_a_notebook(photographs, kind):
    data, sizes = bars(photographs=photographs)._repr_mimebundle_()
    ((name, content),) = data.items()
    assert name == f"image/{kind.lower()}"
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == (kind, (480, 240))
    assert sizes[name] == {"width": 384, "height": 192}


def test_figures_are_forgotten_when_they_are_no_longer_needed():
    pages = [bars(f"Page {number}") for number in range(10)]
    for page in pages:
        page.set_dpi(20)
        figure_bytes(page)
    left = [weakref.ref(page) for page in pages]
    del pages, page
    gc.collect()
    assert not [page for page in left if page() is not None]


def test_pyplot_is_not_needed():
    code = "import sys, poster_analysis.figures.sheets, poster_analysis.figures.sweep; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "poster_analysis.figures.page" in loaded
    assert not {"matplotlib.pyplot", "tensorflow", "keras", "sklearn"} & loaded


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "many"])
def test_a_table_with_a_hole_is_refused(value):
    table = pd.DataFrame({"k": [5, 6], "inertia": [1.0, value]})
    with pytest.raises(InputError, match=r"inertia .*finite number"):
        checked_table(table, ["k"], numbers=["inertia"])


def test_numbers_given_as_text_become_numbers():
    table = pd.DataFrame({"k": ["5", "10"]}, index=[7, 7])
    checked = checked_table(table, [], numbers=["k"])
    assert checked["k"].tolist() == [5, 10]
    assert checked.index.tolist() == [0, 1]
    assert table["k"].tolist() == ["5", "10"]

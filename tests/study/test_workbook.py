"""The workbook: every value with its type, whatever it looks like, and nothing that a spreadsheet would compute."""

import numpy as np
import openpyxl
import pandas as pd
import pytest

from poster_analysis.core.errors import InputError
from poster_analysis.study.exports import write_workbook

TITLES = ["=1+1", "+1", "-1", "@SUM(A1)", "#N/A", "#REF!", "3-4", "1E5", "0113277", "TRUE", "", "nan", "two\nlines", "映画 🎬", "=cmd|' /C calc'!A0"]  # fmt: skip


def cells(path):
    """The rows of the only sheet, as values and as the types that the file gives them."""
    (sheet,) = openpyxl.load_workbook(path).worksheets
    return [[(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows()]


def test_text_stays_text(tmp_path):
    path = write_workbook(pd.DataFrame({"imdb_id": "007", "title": TITLES}), tmp_path / "a.xlsx")
    header, *rows = cells(path)
    assert [name for name, _ in header] == ["imdb_id", "title"]
    for title, (film, found) in zip(TITLES, rows, strict=True):
        assert film == ("007", "s")
        assert found == ((title, "s") if title else (None, "n"))


def test_numbers_are_numbers_and_what_is_missing_is_empty(tmp_path):
    table = pd.DataFrame(
        {
            "year": pd.array([1995, None], dtype="Int64"), "silhouette": [0.25, np.nan], "rank": np.array([1, 2], np.int32),
            "share": np.array([np.inf, 0.5], np.float32), "known": [True, False], "large": [10**20, 7], "none": [None, pd.NaT],
        }
    )  # fmt: skip
    _, first, second = cells(write_workbook(table, tmp_path / "a.xlsx"))
    assert [value for value, _ in first] == [1995, 0.25, 1, None, True, str(10**20), None]
    assert [value for value, _ in second] == [None, None, 2, 0.5, False, 7, None]
    assert [kind for _, kind in first][:3] == ["n", "n", "n"] and first[4][1] == "b"


def test_characters_that_a_workbook_cannot_hold_are_replaced(tmp_path):
    titles = pd.Series(["a\x00b\x1b\ud800", "x" * 40_000], dtype=object)
    table = pd.DataFrame({"title": titles, "a\x01b": 1})
    header, first, second = cells(write_workbook(table, tmp_path / "a.xlsx"))
    assert first[0][0] == "a\ufffdb\ufffd\ufffd" and len(second[0][0]) == 32_767
    assert header[1][0] == "a\ufffdb"


def test_the_same_table_gives_the_same_bytes_and_a_header_that_stays(tmp_path):
    table = pd.DataFrame({"imdb_id": ["1", "2"], "title": "Heat"})
    first, second = (write_workbook(table, tmp_path / name) for name in ("a.xlsx", "b.xlsx"))
    assert first.read_bytes() == second.read_bytes()
    (sheet,) = openpyxl.load_workbook(first).worksheets
    assert sheet.freeze_panes == "B2" and sheet.auto_filter.ref == "A1:B3" and sheet["A1"].font.bold


@pytest.mark.parametrize("shape", [(0, 2), (2, 0)])
def test_a_table_without_rows_is_a_header_and_one_without_columns_is_refused(tmp_path, shape):
    table = pd.DataFrame("x", index=range(shape[0]), columns=[f"c{n}" for n in range(shape[1])])
    if shape[1]:
        assert len(cells(write_workbook(table, tmp_path / "a.xlsx"))) == 1
    else:
        with pytest.raises(InputError, match="CSV"):
            write_workbook(table, tmp_path / "a.xlsx")
        assert not (tmp_path / "a.xlsx").exists()


def test_the_workbook_of_a_study_has_the_rows_and_columns_of_its_table(study):
    header, *rows = cells(study / "exports" / "posters.xlsx")
    table = pd.read_csv(study / "tables" / "posters.csv", dtype={"imdb_id": str})
    assert [name for name, _ in header] == [*table]
    assert [row[0] for row in rows] == [(film, "s") for film in table["imdb_id"]]

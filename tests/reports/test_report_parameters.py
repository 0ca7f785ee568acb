"""What a report may be given: text and values, names, tags."""

import copy
import json

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from poster_analysis.core.errors import InputError
from poster_analysis.reports.parameters import check_parameters, parameters_of, read_notebook

TAGS = {"tags": ["parameters"]}


def write(path, *cells):
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    source = 'text = ""\nnumber = 1\nshare = 0.5\nflag = False\nids = [""]\nks = [1]\nfree = None'
    return write(
        tmp_path_factory.mktemp("report") / "r.ipynb", new_code_cell(source, metadata=TAGS)
    )


@given(
    values=st.fixed_dictionaries(
        {},
        optional={
            "text": st.text(),
            "number": st.integers(-(10**20), 10**20),
            "share": st.floats(allow_nan=False, allow_infinity=False),
            "flag": st.booleans(),
            "ks": st.lists(st.integers(), max_size=3),
            "ids": st.lists(st.from_regex(r"[a-z0-9]{1,9}", fullmatch=True), max_size=3),
        },
    )
)
def test_a_value_means_the_same_from_python_and_from_the_command_line(report, values):
    typed = {
        name: json.dumps(value) if isinstance(value, list) else str(value)
        for name, value in values.items()
    }
    used = check_parameters(report, typed)
    assert used == check_parameters(report, values) == parameters_of(report) | values
    assert [type(used[name]) for name in values] == [type(value) for value in values.values()]


@given(st.text())
def test_any_text_for_a_number_is_a_number_or_one_line_that_says_so(report, text):
    try:
        assert type(check_parameters(report, {"number": text})["number"]) is int
    except InputError as error:
        assert "whole number" in str(error) and "\n" not in str(error)


@pytest.mark.parametrize("value", ["0113277", "1e5", "+5", "-0", "0x10", "1_000", " 7", "²"])
def test_text_without_a_type_stays_text_unless_it_is_exactly_a_number(report, value):
    assert check_parameters(report, {"free": value})["free"] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", True),
        ("number", 1.5),
        ("number", "1.0"),
        ("share", float("inf")),
        ("share", True),
        ("flag", 1),
        ("text", None),
        ("text", False),
        ("ks", ["one"]),
        ("ks", None),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_the_default(report, name, value):
    with pytest.raises(InputError, match=rf"^{name} of the report r must be .*the default is"):
        check_parameters(report, {name: value})


def test_the_cell_is_read_and_not_run(tmp_path):
    source = (
        "raise SystemExit\nimport os\nname: str = 'a = b'\nk_min = k_max = 3\n"
        "here = os.getcwd()\na, b = 1, 2\nnested = {'x': [1]}"
    )
    path = write(tmp_path / "r.ipynb", new_code_cell(source, metadata=TAGS))
    assert parameters_of(path) == {
        "name": "a = b",
        "k_min": 3,
        "k_max": 3,
        "here": None,
        "nested": {"x": [1]},
    }


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([], "no cell tagged"),
        ([new_code_cell("k = 1", metadata=TAGS)] * 2, "2 cells tagged"),
        ([new_markdown_cell("k = 1", metadata=TAGS)], "a cell of text tagged"),
        ([new_code_cell("k = ", metadata=TAGS)], "not Python"),
        ([new_code_cell("%matplotlib inline", metadata=TAGS)], "not Python"),
    ],
)
def test_parameters_that_papermill_would_pass_over_are_refused(tmp_path, cells, reason):
    cells = [copy.deepcopy(cell) for cell in cells]
    for number, cell in enumerate(cells):
        cell.id = f"c{number}"
    with pytest.raises(InputError, match=reason):
        check_parameters(write(tmp_path / "r.ipynb", *cells), {})


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\xff\xfe", b"[1]", b'{"nbformat": 4}', b"<html>"]
)
def test_what_is_no_notebook_is_named(tmp_path, content):
    path = tmp_path / "file.ipynb"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"file\.ipynb is not a Jupyter notebook$"):
        read_notebook(path)

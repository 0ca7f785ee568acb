"""What a report may be given: text and values, names, tags."""

import copy
import json

import nbformat
import papermill
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from poster_analysis.core.errors import InputError
from poster_analysis.reports.parameters import (
    check_parameters,
    parameters_of,
    read_notebook,
    report_parameters,
)
from poster_analysis.reports.run import report_names, report_path, run_report

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


@pytest.fixture(scope="module")
def typed(tmp_path_factory):
    source = (
        'title: str = ""\nk: int = 5\nshare: float = 0.5\nflag: bool = False\nfilms: list[str] = []\n'
        "ks: list[int] = []\nlimit: int | None = None\nlater: 'Optional[int]' = 3"
    )
    work = (
        "from poster_analysis.reports.parameters import report_parameters\n"
        "print(report_parameters(globals()))\nlater = 'something'.partition"
    )
    path = tmp_path_factory.mktemp("typed") / "typed.ipynb"
    cells = new_code_cell(source, metadata=TAGS), new_code_cell(work), new_code_cell(work)
    return write(path, *cells)


EXACT = [
    ("k", 25.0, 25),
    ("k", "25", 25),
    ("share", 1, 1.0),
    ("share", "0.25", 0.25),
    ("title", 2026, "2026"),
    ("flag", "yes", True),
    ("films", 113277, ["113277"]),
    ("films", ["0113277", 25], ["0113277", "25"]),
    ("ks", [2.0, "3"], [2, 3]),
    ("limit", "None", None),
    ("limit", None, None),
    ("limit", "12", 12),
    ("limit", 12.0, 12),
]
REFUSED = [
    ("k", 2.5, "a whole number, not 2.5"),
    ("k", "2.5", "a whole number, not '2.5'"),
    ("k", None, "a whole number, not None"),
    ("k", True, "a whole number, not True"),
    ("k", "9" * 5000, "a whole number"),
    ("share", None, "a number, not None"),
    ("share", 10**400, "a number"),
    ("title", None, "a text, not None"),
    ("flag", 1, "true or false, not 1"),
    ("films", None, "a list, not None"),
    ("ks", [2, 2.5], "a list, each item a whole number"),
    ("ks", "[" * 10**5, "a list, each item|given as JSON"),
    ("limit", 2.5, "a whole number or None, not 2.5"),
    ("limit", "all", "a whole number or None, not 'all'"),
]


def variables_of(path, **given):
    """What a notebook's variables are after papermill's cell."""
    variables = {}
    exec(nbformat.read(path, 4).cells[0].source, variables)
    return variables | given


@pytest.mark.parametrize(("name", "value", "used"), EXACT)
def test_an_annotation_decides_what_a_value_becomes(typed, name, value, used):
    variables = variables_of(typed, **{name: value})
    in_the_notebook = report_parameters(variables)
    assert check_parameters(typed, {name: value}) == in_the_notebook
    assert variables[name] == used and type(variables[name]) is type(used)
    if isinstance(used, list):
        assert list(map(type, variables[name])) == list(map(type, used))


@pytest.mark.parametrize(("name", "value", "reason"), REFUSED)
def test_a_value_that_cannot_be_converted_is_one_line_everywhere(
    typed, tmp_path, name, value, reason
):
    for refuse in (
        lambda: check_parameters(typed, {name: value}),
        lambda: report_parameters(variables_of(typed, **{name: value})),
        lambda: run_report(typed, tmp_path / "out.ipynb", parameters={name: value}),
    ):
        with pytest.raises(InputError, match=reason) as caught:
            refuse()
        assert len(str(caught.value)) < 250 and "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_report_may_be_run_again_after_it_has_used_the_name_of_a_parameter(typed):
    class Study: ...

    variables = variables_of(typed, title=(study := Study()), In=["", "extra = 5", "now"])
    assert "title" not in report_parameters(variables | {"extra": 5})
    assert variables["title"] is study


def by_papermill(path, output, **parameters):
    return papermill.execute_notebook(
        str(path), str(output), parameters, kernel_name="python3", language="python"
    )


def test_papermill_alone_converts_too_and_cells_can_be_run_again(typed, tmp_path):
    executed = by_papermill(typed, tmp_path / "out.ipynb", k=25.0, films=113277)
    first, again = (cell.outputs[0].text for cell in executed.cells[-2:])
    assert "'k': 25," in first and "'films': ['113277']" in first and "'later': 3" in first
    assert "'k': 25," in again and "later" not in again


@pytest.mark.parametrize(
    ("report", "given", "line"),
    [
        ("clustering", {"k_min": 2.5}, "k_min must be a whole number, not 2.5"),
        ("clustering", {"kmin": 5}, "this report has no parameter 'kmin'; did you mean k_min?"),
        ("similarity", {"n_neighbors": None}, "n_neighbors must be a whole number, not None"),
    ],
)
def test_papermill_alone_is_refused_in_one_line_before_anything_is_made(
    tmp_path, monkeypatch, report, given, line
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(papermill.PapermillExecutionError) as caught:
        by_papermill(report_path(report), "out.ipynb", **given)
    assert caught.value.ename == "InputError" and caught.value.evalue.startswith(line)
    assert [path.name for path in tmp_path.iterdir()] == ["out.ipynb"]
    errors = [
        output
        for cell in nbformat.read("out.ipynb", 4).cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]
    assert [len(error.traceback) for error in errors] == [1]


@pytest.mark.parametrize("report", report_names())
def test_papermill_knows_the_type_and_the_meaning_of_every_parameter(report):
    known = papermill.inspect_notebook(report_path(report))
    assert list(known) == list(parameters_of(report_path(report)))
    for one in known.values():
        assert one["inferred_type_name"] in {"str", "int", "float", "list[str]", "list[int]", "list[float]"}  # fmt: skip
        assert one["help"]

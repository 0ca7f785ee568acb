"""A table of films, however it was saved, is read right or refused in one line."""

import csv
import io

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from poster_analysis.collection.film_cells import COLUMNS
from poster_analysis.collection.metadata import read_metadata
from poster_analysis.collection.values import normalise_id
from poster_analysis.core.errors import InputError

once = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def refusal(path, **options) -> str:
    with pytest.raises(InputError) as caught:
        read_metadata(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert "\r" not in message
    assert path.name in message
    return message


@pytest.fixture
def written(tmp_path):
    def write(text: str | bytes, encoding: str = "utf-8"):
        path = tmp_path / "films.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


HEADER = "imdbId,Title,Genre\n"


# Ids


@settings(deadline=None)
@given(st.integers(0, 10**12), st.integers(0, 5), st.sampled_from(["", ".0", ".00"]))
def test_every_spelling_of_a_number_is_one_id(number, zeros, point):
    spelling = "0" * zeros + str(number)
    for text in (spelling, f" {spelling}{point}\t", f"tt{spelling}", f"TT{spelling}", number):
        assert normalise_id(text) == str(number)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=30), st.integers(), st.floats()))
def test_an_id_brought_to_its_spelling_stays(value):
    imdb_id = normalise_id(value)
    assert normalise_id(imdb_id) == imdb_id == imdb_id.strip()


@pytest.mark.parametrize(
    "text",
    [
        "nm0000151",
        "١٢٣",
        "1.5",
        "-7",
        "1e5",
        "metropolis 1927",
        "t113277",
        "tt",
        "ttx",
        "0x10",
        "0.123",
        "12,34",
        "'71",
        "AC/DC",
        "a.b",
    ],
)
def test_other_text_is_kept(text):
    assert normalise_id(f"  {text} ") == text


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, pd.NaT, "", "  \n"])
def test_nothing_is_an_empty_id(nothing):
    assert normalise_id(nothing) == ""


def test_composed_and_decomposed_accents_are_one_id():
    assert normalise_id("Amélie") == normalise_id("Ame\u0301lie")


def test_an_id_of_thousands_of_digits_is_an_id():
    assert normalise_id("0" * 9000 + "7" * 9000) == "7" * 9000


# Encodings

titles = st.sampled_from(
    [
        "Amélie",
        "Das weiße Band",
        "El espíritu de la colmena",
        "Être et avoir",
        "Åse",
        "São Jorge",
        "Røde øye",
        "Ran",
    ]
)


@once
@given(titles=st.lists(titles, min_size=1, max_size=5))
@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("iso-8859-1", "ISO-8859-1"),
    ],
)
def test_titles_survive_every_recognised_encoding(written, titles, encoding, name):
    assume(any(not title.isascii() for title in titles))
    rows = "".join(f"{row},{title},\n" for row, title in enumerate(titles))
    metadata = read_metadata(written(HEADER + rows, encoding))
    assert metadata.table["title"].tolist() == titles
    assert f"The metadata was read as {name}." in metadata.notes
    assert metadata.parameters["encoding"] == name


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le", "mac-roman", "UTF8", "latin1"])
def test_an_encoding_can_be_given(written, encoding):
    path = written(HEADER + "1,Amélie,\n", encoding)
    assert read_metadata(path, encoding=encoding).table["title"].tolist() == ["Amélie"]


@pytest.mark.parametrize("encoding", ["UTF8", "utf-8", "auto", "", None])
def test_a_byte_order_mark_is_no_part_of_the_first_name(written, encoding):
    path = written(HEADER + "1,Amélie,\n", "utf-8-sig")
    assert len(read_metadata(path, encoding=encoding).table) == 1


def test_curly_quotes_mean_windows(written):
    metadata = read_metadata(written(HEADER + "1,“Heat” – café,\n", "cp1252"))
    assert metadata.table["title"].tolist() == ["“Heat” – café"]
    assert metadata.parameters["encoding"] == "Windows-1252"


def test_an_encoding_that_does_not_fit_is_named_with_its_line(written):
    message = refusal(written(HEADER + "1,Heat,\n2,Amélie,\n", "latin1"), encoding="utf-8")
    assert "utf-8 (line 3)" in message
    assert "leave the encoding out" in message


@pytest.mark.parametrize("encoding", ["latin-42", "rot13", "base64", "x\0y", "../../etc"])
def test_an_unknown_encoding_is_named(written, encoding):
    with pytest.raises(InputError, match="encoding") as caught:
        read_metadata(written(HEADER + "1,Heat,\n"), encoding=encoding)
    assert "\n" not in str(caught.value)


def test_what_is_no_text_is_refused(written):
    assert "NUL" in refusal(written(b"\x7fELF\0\0\0\1" * 50))
    assert "damaged" in refusal(written(b"PK\x03\x04" + b"x" * 100))
    assert "spreadsheet" in refusal(written(b"\xd0\xcf\x11\xe0" + b"x" * 100))


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.binary(max_size=60), st.sampled_from([b"", HEADER.encode(), b"\xff\xfe", b"imdbId;"]))
def test_any_bytes_are_a_table_or_one_line(written, data, start):
    path = written(start + data)
    try:
        table = read_metadata(path, title_column=None, genre_column=None).table
    except InputError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert table["imdb_id"].is_unique
        assert (table["imdb_id"] != "").all()


# Separators, rows, columns


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(written, separator, line_end):
    rows = [["imdbId", "Title", "Genre"], ["1", "Stuff, The; Part | 2", "A"], ["2", "x", "B"]]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=separator, lineterminator=line_end).writerows(rows)
    metadata = read_metadata(written(buffer.getvalue()))
    assert metadata.table["title"].tolist() == ["Stuff, The; Part | 2", "x"]
    assert any("separated by" in note for note in metadata.notes) == (separator != ",")


@once
@given(
    cells=st.lists(
        st.tuples(st.text(max_size=15), st.text(max_size=15)), min_size=1, max_size=6, unique=True
    )
)
def test_any_cells_come_back_as_one_line(written, cells):
    assume("\0" not in "".join(a + b for a, b in cells))
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerows([["imdbId", "Title", "Note"], *([i, a, b] for i, (a, b) in enumerate(cells))])
    try:
        data = buffer.getvalue().encode()
    except UnicodeEncodeError:
        assume(False)
    table = read_metadata(written(data), genre_column=None).table
    assert len(table) == len(cells)
    for (a, b), title, note in zip(cells, table["title"], table["Note"], strict=True):
        for before, after in ((a, title), (b, note)):
            assert len(after.splitlines()) <= 1
            assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in after)
            assert [c for c in after if c.isalnum()] == [c for c in before if c.isalnum()]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2,Stuff, The,Horror", "4 cells where the header has 3"),
        ("2,Heat", "2 cells where the header has 3"),
        ("2", "1 cell where"),
        ('2,"Heat,Crime', "a quotation mark that is not closed"),
        ('2,"Croc" Dundee,Comedy,', "',' expected after"),
        (f"2,{'x' * 200_000},", "field larger than field limit"),
        ("imdbId,Title,Genre", "the header again"),
    ],
)
def test_a_row_that_cannot_be_right_costs_no_other(written, row, words):
    metadata = read_metadata(written(f"{HEADER}1,Ran,Drama\n{row}\n3,Heat,Crime\n"))
    assert metadata.table["imdb_id"].tolist() == ["1", "3"]
    ((line, _, reason),) = metadata.skipped.to_numpy().tolist()
    assert line == 3
    assert words in reason
    assert any("line 3" in note for note in metadata.notes)


def test_a_table_of_which_no_row_fits_is_refused(written):
    assert "none of the 2 rows" in refusal(written("imdbId,Title\n1,a,b\n2,a,b,c\n"))


def test_what_spreadsheets_leave_behind_is_passed_over(written):
    text = "\nimdbId,Title,Genre,,\n\n1,Heat,Crime,,\n ,,,,\n2,Ran,Drama,,\n,,,,\n"
    table = read_metadata(written(text)).table
    assert table["imdb_id"].tolist() == ["1", "2"]
    assert list(table) == ["imdb_id", "title", "genre", "year"]


def test_columns_without_names_or_with_one_name_are_told_apart(written):
    text = "imdbId,Title,Genre,Note,Note,,Note\n1,Heat,Crime,a,b,c,d\n"
    table = read_metadata(written(text)).table
    assert table.iloc[0, 4:].to_dict() == {
        "Note": "a",
        "Note_5": "b",
        "column_6": "c",
        "Note_7": "d",
    }
    text = "imdbId,Note_4,Note,Note\n1,a,b,c\n"
    table = read_metadata(written(text), title_column=None, genre_column=None).table
    assert table.iloc[0, 4:].to_dict() == {"Note_4": "a", "Note": "b", "Note_4_4": "c"}


def test_columns_with_our_names_get_a_prefix(written):
    names = ["imdbId", "Title", "Genre", *COLUMNS, "metadata_path"]
    text = ",".join(names) + "\n" + ",".join(str(n) for n in range(len(names))) + "\n"
    table = read_metadata(written(text)).table
    assert table.columns.is_unique
    assert table["imdb_id"].tolist() == ["0"]
    assert table["metadata_sha256"].tolist() == [str(names.index("sha256"))]
    assert {"metadata_path", "metadata_title"} < set(table)


@pytest.mark.parametrize(
    ("header", "options", "words"),
    [
        ("kind,place", {}, "'kind', 'place'; name the right one with id_column"),
        ("1,Toy Story (1995)", {}, "looks like a film"),
        ("imdbId,Title,Genre", {"title_column": "Name"}, "no column 'Name'"),
        ("imdbId,Title,Genre", {"id_column": "tconst"}, "--id-column"),
        ("imdbId,Title,Genre", {"genre_column": "Genres"}, "--genre-column"),
        (",".join(f"c{n}" for n in range(500)), {}, "and 488 more"),
        ('"a\nb",' + "x" * 999, {}, "'a b'"),
    ],
)
def test_a_missing_column_lists_those_there_are(written, header, options, words):
    message = refusal(written(f"{header}\n"), **options)
    assert words in message
    assert len(message) < 500


@pytest.mark.parametrize("none", [None, ""])
def test_a_table_need_not_have_titles_or_genres(written, none):
    path = written("imdbId,Country\n1,US\n")
    metadata = read_metadata(path, title_column=none, genre_column=none)
    assert metadata.table.iloc[0].tolist()[:3] == ["1", "", ""]
    assert metadata.table["Country"].tolist() == ["US"]
    assert not any("no title" in note for note in metadata.notes)


def test_a_header_alone_is_an_empty_table(written):
    table = read_metadata(written(HEADER)).table
    assert list(table) == ["imdb_id", "title", "genre", "year"]
    assert len(table) == 0
    assert str(table["year"].dtype) == "Int64"


@pytest.mark.parametrize("text", ["", "\n\n", " , , \n"])
def test_an_empty_file_is_refused(written, text):
    assert "is empty" in refusal(written(text))


def test_what_is_no_file_is_refused(tmp_path):
    assert "does not exist" in refusal(tmp_path / "missing.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "not a file" in refusal(tmp_path / "folder.csv")
    assert "cannot be read" in refusal(tmp_path / ("x" * 300))


# Films


def test_rows_that_say_the_same_are_merged_and_counted(written):
    rows = "1,Heat,A\n0001,Heat,A\ntt1,Heat,A\n2,Ran,B\n,Lost,C\n  ,Lost,D\n"
    metadata = read_metadata(written(HEADER + rows))
    assert metadata.table["imdb_id"].tolist() == ["1", "2"]
    assert "2 rows of the metadata say the same as another." in metadata.notes
    assert "2 rows of the metadata have no id and were left out." in metadata.notes
    assert metadata.skipped["line"].tolist() == [3, 4, 6, 7]


def test_films_called_nan_and_none_keep_their_titles(written):
    table = read_metadata(written(HEADER + "1,Nan,NA\n2,None,null\n3,,\n4,NULL,nan\n")).table
    assert table["title"].tolist() == ["Nan", "None", "", "NULL"]
    assert table["genre"].tolist() == ["", "", "", ""]


@pytest.mark.parametrize(
    ("cell", "separator", "expected"),
    [
        ("Crime|Drama", "|", "Crime|Drama"),
        ("Crime, Drama", ",", "Crime|Drama"),
        ("Crime / Drama / Crime", "/", "Crime|Drama"),
        ("|Crime||", "|", "Crime"),
        ("(no genres listed)", "|", ""),
        ("Crime, Drama", "", "Crime, Drama"),
    ],
)
def test_genres_are_joined_by_one_separator(written, cell, separator, expected):
    path = written(f'imdbId,Title,Genre\n1,Heat,"{cell}"\n')
    assert read_metadata(path, genre_separator=separator).table["genre"].tolist() == [expected]


@pytest.mark.parametrize(
    ("title", "year"),
    [
        ("Heat (1995)", 1995),
        ("Heat (1995) ", 1995),
        ("Twin Peaks (1990-1991)", 1990),
        ("Twin Peaks (1990– )", 1990),
        ("1917", pd.NA),
        ("Heat (1995) remastered", pd.NA),
        ("Heat (0000)", pd.NA),
        ("Heat (12345)", pd.NA),
        ("Heat (19٩٥)", pd.NA),
    ],
)
def test_the_year_at_the_end_of_a_title(written, title, year):
    found = read_metadata(written(f"{HEADER}1,{title},\n")).table["year"].tolist()
    assert found == [year] or (found[0] is pd.NA and year is pd.NA)


@pytest.mark.parametrize("name", ["year", "Year", "YEAR"])
def test_a_year_column_comes_first(written, name):
    rows = "1,Heat (1995),,1996\n2,Ran (1985),,\n3,M,,1931.0\n4,X,,soon\n"
    table = read_metadata(written(f"imdbId,Title,Genre,{name}\n{rows}")).table
    assert table["year"].tolist() == [1996, 1985, 1931, pd.NA]
    assert list(table) == ["imdb_id", "title", "genre", "year"]

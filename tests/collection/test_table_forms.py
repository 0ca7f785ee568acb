"""Tables of films in every form that people have them: each with the values that it means."""

import bz2
import gzip
import io
import json
import lzma
import zipfile
from datetime import datetime

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poster_analysis.collection.genres import as_list, read_genres
from poster_analysis.collection.metadata import read_metadata
from poster_analysis.collection.values import normalise_id, read_year, split_title
from poster_analysis.core.errors import InputError

HEADER = "imdbId,Title,Genre,Year\n"
ROWS = "113277,Heat,Crime|Drama,1995\n114709,Toy Story,Comedy,1995\n"


@pytest.fixture
def read(tmp_path):
    """Reads a table that is written to a file first."""

    def read(text, name="films.csv", **options):
        path = tmp_path / name
        path.write_bytes(
            text if isinstance(text, bytes) else text.encode(options.pop("written", "utf-8"))
        )
        return read_metadata(path, **options)

    return read


@pytest.fixture
def refused(read):
    """The one line with which a table is refused."""

    def refused(text, name="films.csv", **options):
        with pytest.raises(InputError) as caught:
            read(text, name, **options)
        assert len(str(caught.value).splitlines()) == 1
        return str(caught.value)

    return refused


def genres_of(read, *cells, **options):
    """The genres and the notes for these cells, each in a row of its own."""
    frame = pd.DataFrame({"imdbId": range(1, len(cells) + 1), "Title": "x", "Genre": cells})
    frame["Title"] = [f"T{n}" for n in range(len(cells))]
    found = read(frame.to_csv(index=False), **options)
    return found.table["genre"].tolist(), " ".join(found.notes)


# Genres

LISTS = [
    '["Drama", "Crime"]', "['Drama', 'Crime']", "['Drama' 'Crime']", "[Drama, Crime]", "{Drama,Crime}", '{"Drama","Crime"}', "('Drama', 'Crime')", "[ 'Drama' ,'Crime', None, 'nan', '' ]",
    '[{"id": 18, "name": "Drama"}, {"id": 80, "name": "Crime"}]', "[{'id': 18, 'name': 'Drama'}, {'id': 80, 'name': 'Crime'}]", '{"/m/1": "Drama", "/m/2": "Crime"}', 'c("Drama", "Crime")',
    "array(['Drama', 'Crime'], dtype=object)", '[["Drama"], ["Crime"]]', '["Drama", "Crime", "drama"]', '{"genres": ["Drama", "Crime"]}', '{"Drama": true, "War": false, "Crime": 1}',
    "['Drama'\n 'Crime']",
]  # fmt: skip


@pytest.mark.parametrize("cell", LISTS)
def test_lists_in_a_cell(read, cell):
    genres, notes = genres_of(read, cell, "[]")
    assert genres == ["Drama|Crime", ""]
    assert "'[]' (1)" in notes


NOTHING = [
    r"\N",
    "nan",
    "NaN",
    "N/A",
    "n/a",
    "NA",
    "[]",
    "{}",
    "-",
    "–",
    "",
    " ",
    "None",
    "null",
    "NULL",
    "?",
    "unknown",
    "(no genres listed)",
    "#N/A",
    "#REF!",
    "[None]",
    "['']",
    "<NA>",
    "n.a.",
]


def test_nothing_in_all_its_dresses(read):
    genres, notes = genres_of(read, "Drama", *NOTHING)
    assert genres == ["Drama"] + [""] * len(NOTHING)
    assert "Taken for no genre:" in notes


def test_the_table_of_the_issue(read):
    found = read(
        'imdbId,Title,Genre\n101,A,"[""Drama"", ""Crime""]"\n102,B,[]\n103,C,nan\n104,D,\\N\n'
    )
    assert found.table["genre"].tolist() == ["Drama|Crime", "", "", ""]


def test_a_list_that_was_cut_is_named_with_its_line(read):
    genres, notes = genres_of(read, '["Drama"]', '["Drama", "Cri')
    assert genres == ["Drama", ""]
    assert "(line 3)" in notes


@pytest.mark.parametrize(
    "cell",
    [
        "Drama|Crime",
        "Drama,Crime",
        "Drama, Crime",
        "Drama; Crime",
        "Drama / Crime",
        "Drama/Crime",
        "Drama\nCrime",
        "Drama • Crime",
        "Drama、Crime",
        "Drama Crime",
        "Drama\tCrime",
        "|Drama||Crime|",
    ],
)
def test_separators_are_recognised(read, cell):
    genres, _ = genres_of(read, cell, "Drama", "Science Fiction")
    assert genres == ["Drama|Crime", "Drama", "Science Fiction"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (
            ["Drama|Arts, Entertainment and Culture", "Drama|War"],
            ["Drama|Arts, Entertainment and Culture", "Drama|War"],
        ),
        (["Drama, Crime", "Drama|War", "Crime, War"], ["Drama|Crime", "Drama|War", "Crime|War"]),
        (["Drama; Crime", "Drama, War", "War; Crime"], ["Drama|Crime", "Drama|War", "War|Crime"]),
        (["Action & Adventure", "Sci-Fi & Fantasy"], ["Action & Adventure", "Sci-Fi & Fantasy"]),
        (["Film noir", "Dark comedy"], ["Film noir", "Dark comedy"]),
        (
            ["Action Science Fiction Film-Noir", "Drama"],
            ["Action|Science Fiction|Film-Noir", "Drama"],
        ),
        (["Drama / Krimi", "Krimi / Komödie"], ["Drama|Krimi", "Krimi|Komödie"]),
    ],
)
def test_what_only_looks_like_a_separator(read, cells, expected):
    assert genres_of(read, *cells)[0] == expected


def test_a_separator_that_never_occurs_while_another_does(read):
    genres, notes = genres_of(read, "Drama, Crime", "War", genre_separator="|")
    assert genres == ["Drama|Crime", "War"]
    assert "The separator '|' stands in no genre of the metadata; commas" in notes
    genres, notes = genres_of(read, "Drama", "War", genre_separator=";")
    assert genres == ["Drama", "War"]
    assert "separator" not in notes


def test_one_genre_has_one_spelling(read):
    genres, notes = genres_of(
        read, "Comedy", "comedy ", " COMEDY", "Comedy|film noir", "Film-Noir", "Film-Noir"
    )
    assert genres == ["Comedy", "Comedy", "Comedy", "Comedy|Film-Noir", "Film-Noir", "Film-Noir"]
    assert "'comedy' as 'Comedy'" in notes


@pytest.mark.parametrize("names", [("Drama", "Crime"), ["Drama", "Crime"], ("drama", "CRIME")])
def test_a_column_for_each_genre(read, names):
    found = read(
        "imdbId,Title,Drama,Crime\n1,a,1,0\n2,b,TRUE,x\n3,c,,0.0\n4,d,no,yes\n5,e,maybe,1\n",
        genre_columns=names,
    )
    assert found.table["genre"].tolist() == ["Drama", "Drama|Crime", "", "Crime", "Crime"]
    assert "Drama" not in found.table
    assert any("something else than marks" in note and "line 6" in note for note in found.notes)


def test_columns_of_genres_by_a_pattern_and_beside_a_list(read):
    found = read("imdbId,Title,Genre,is_Drama,is_War\n1,a,Crime,1,0\n", genre_columns=["is_*"])
    assert found.table["genre"].tolist() == ["Drama"]
    found = read(
        "imdbId,Title,Genre,is_Drama,is_War\n1,a,Crime,1,0\n",
        genre_columns=["is_*"],
        genre_column="Genre",
    )
    assert found.table["genre"].tolist() == ["Drama|Crime"]


def test_columns_that_look_like_genres_are_offered(read, refused):
    notes = " ".join(read("imdbId,Title,Drama,War,Crime\n1,a,1,0,0\n").notes)
    assert "--genre-columns Drama,War,Crime" in notes
    assert "genre_columns" in refused("imdbId,Title\n1,a\n", genre_columns=["Drama"])


def test_no_id_holds_control_characters(read):
    found = read("imdbId,Title\nt\x85t1,Heat\na\x1b[31m,Ran\n")
    assert found.table["imdb_id"].tolist() == ["t t1", "a [31m"]


@given(st.text("[]{}()'\", \r\nab", max_size=40))
def test_any_list_is_read_or_refused(text):
    try:
        items = as_list(f"[{text}]")
    except ValueError:
        return
    assert items is None or all(isinstance(item, str) for item in items)


@given(st.text(max_size=40))
def test_any_cell_is_a_list_or_none_or_refused(text):
    try:
        items = as_list(text)
    except ValueError:
        return
    assert items is None or all(isinstance(item, str) for item in items)


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5))
def test_any_genres_are_read_each_once_and_as_one_line(cells):
    for text in read_genres(cells).texts:
        genres = text.split("|") if text else []
        assert len(set(genres)) == len(genres)
        assert all(genre == genre.strip() and len(genre.splitlines()) == 1 for genre in genres)


# Years

YEARS = {
    "1995": 1995, "1995.0": 1995, "1995-12-15": 1995, "15/12/1995": 1995, "15.12.1995": 1995, "Dec 15, 1995": 1995, "15 December 1995": 1995, "19951215": 1995, "1995-12-15T00:00:00Z": 1995,
    "1995–1998": 1995, "1995-1998": 1995, "1995–": 1995, "1995-98": 1995, "1995/96": 1995, "c. 1995": 1995, "ca 1995": 1995, "~1995": 1995, "[1995]": 1995, "(1995)": 1995, "1995?": 1995, "1995 (TV)": 1995, "1,995": 1995,
    "'1995": 1995, '="1995"': 1995, "1995年": 1995, "1995 premiere": 1995,
    "1990s": None, "1990's": None, "15.12.95": None, "soon": None, "0": None, "": None, r"\N": None, "N/A": None, "12345": None, "995": None, "19th century": None,
}  # fmt: skip


@pytest.mark.parametrize("cell", YEARS)
def test_years_in_a_column(cell):
    assert read_year(cell) == YEARS[cell]


@pytest.mark.parametrize(
    "name",
    [
        "startYear",
        "release_date",
        "Released",
        "year",
        "Year",
        "YEAR",
        "Release Date",
        "releaseYear",
        "Jahr",
        "année",
        "Año",
        "publicationDate",
        "title_year",
        "first_air_date",
    ],
)
def test_usual_names_of_the_year(read, name):
    found = read(f"imdbId,Title,{name}\n1,Heat,1995-12-15\n2,Ran,soon\n3,M (1931),\n")
    assert found.table["year"].tolist() == [1995, pd.NA, 1931]
    assert found.columns["year"] == name
    assert any("'soon' (line 3)" in note for note in found.notes)
    assert any("no year" in note and "1 row" in note for note in found.notes)
    assert found.table.iloc[0, 4] == "1995-12-15"  # a date says more than its year


def test_a_year_column_is_named_or_refused(read, refused):
    text = "imdbId,Title,Year,Restored\n1,Heat (1995),1995,2020\n"
    assert read(text, year_column="restored").table["year"].tolist() == [2020]
    assert read(text, year_column="").table["year"].tolist() == [1995]
    assert "--year-column" in refused(text, year_column="Premiere")


TITLES = {
    "Heat (1995)": 1995, "Heat (TV Movie 1995)": 1995, "Heat [1995]": 1995, "Heat (1995) (TV)": 1995, "Heat (TV) (1995)": 1995, "Heat (1995) [1080p]": 1995, "Heat (1995/II)": 1995, "Heat (1995 film)": 1995,
    "Heat (TV Series 1995–1998)": 1995, "Heat (1995– )": 1995, "Heat (c. 1995)": 1995, "Heat (1995?)": 1995, "Heat {1995}": 1995, "映画（1995）": 1995, "Heat (1995, TV)": 1995, "Heat (Video Game 1995)": 1995,
    "1917": None, "2001: A Space Odyssey": None, "2001: A Space Odyssey (1968)": 1968, "Heat (1995) remastered": None, "Heat (12345)": None, "Heat (0000)": None, "Heat ()": None, "Heat (Part 2)": None,
}  # fmt: skip


@pytest.mark.parametrize("title", TITLES)
def test_years_in_a_title(title):
    assert split_title(title)[1] == TITLES[title]


def test_a_title_and_its_column_that_give_years_apart_are_said(read):
    found = read("imdbId,Title,Year\n1,Heat (1995),1995\n2,Ran (1985),2005\n3,M (1931),1932\n")
    assert found.table["year"].tolist() == [1995, 2005, 1932]
    assert any(
        "years apart for 1 row" in note and "'Ran (1985)' (line 3)" in note for note in found.notes
    )


# Ids

IDS = [
    "tt0113277", "TT0113277", "0113277", "113277", "113277.0", "113,277", "113.277", "113 277", "113\u00a0277", "113'277", "113,277.00", "'0113277", "'tt0113277", '="0113277"', '="tt0113277"', "“tt0113277”", '"113277"',
    "https://www.imdb.com/title/tt0113277/", "http://www.imdb.com/title/tt0113277/?ref_=fn_tt_tt_1", "imdb.com/title/tt0113277", "//www.imdb.com/title/tt0113277/mediaindex", "https://m.imdb.com/title/tt0113277#x",
    "posters/113277.jpg", "posters\\tt0113277.JPG", "C:\\films\\0113277.png", "113277.jpg", "/home/me/tt0113277.webp", "imdb:tt0113277", "\ufefftt0113277", "tt0113277\u200b", "\u202a113277".replace("\u202a", "\u200e"),
    '=HYPERLINK("https://www.imdb.com/title/tt0113277/","Heat")', "https://www.imdb.com/posters/113277.jpg?w=500",
]  # fmt: skip


@pytest.mark.parametrize("cell", IDS)
def test_ids_in_all_their_spellings(cell):
    assert normalise_id(cell) == "113277"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("https://www.themoviedb.org/movie/949-heat", "949"),
        ("http://www.wikidata.org/entity/Q42198", "Q42198"),
        ("https://letterboxd.com/film/heat-1995/", "heat-1995"),
        ("https://boxd.it/29Oc", "29Oc"),
        ("http://", "http://"),
        ("heat.jpg", "heat"),
    ],
)
def test_other_addresses(cell, expected):
    assert normalise_id(cell) == expected


@pytest.mark.parametrize("cell", [r"\N", "nan", "N/A", "-", "", "#N/A", "null"])
def test_a_row_without_an_id_is_set_aside(read, cell):
    found = read(f"imdbId,Title\n1,Heat\n{cell},Lost\n")
    assert found.table["imdb_id"].tolist() == ["1"]
    assert found.skipped.to_numpy().tolist() == [[3, "", "no id"]]


def test_an_id_that_a_spreadsheet_has_shortened_is_none(read):
    found = read("imdbId,Title\n113277,Heat\n1.13E+05,Lost\n")
    assert "shortened" in found.skipped["reason"][0]


@pytest.mark.parametrize(
    "name",
    [
        "imdbId",
        "IMDBID",
        "imdb_id",
        "IMDb ID",
        "tconst",
        "Const",
        "imdbID",
        "imdb_title_id",
        "id",
        "ID",
        "filmId",
        "movie_imdb_link",
        "Page",
    ],
)
def test_usual_names_of_the_id(read, name):
    cell = (
        "http://www.imdb.com/title/tt0113277/?x=1"
        if name in ("Page", "movie_imdb_link")
        else "tt0113277"
    )
    found = read(f"Rank,{name},Title\n7,{cell},Heat\n")
    assert found.table["imdb_id"].tolist() == ["113277"]
    assert found.columns["id"] == name
    assert name == "imdbId" or any(repr(name) in note for note in found.notes)


def test_other_columns_of_ids_are_said_and_can_be_chosen(read):
    text = "id,imdb_id,title,original_title\n949,tt0113277,Heat,Hitze\n"
    found = read(text)
    assert found.table["imdb_id"].tolist() == ["113277"]
    assert any("others are in 'id' (--id-column)" in note for note in found.notes)
    assert read(text, id_column="ID").table["imdb_id"].tolist() == ["949"]


# Titles


def test_further_titles(read):
    text = "tconst,primaryTitle,originalTitle,aka\n1,Heat,Heat,Hitze\n2,The Ring,Ringu,\\N\n3,\\N,Ran,\n"
    table = read(text, title_column=("primaryTitle", "originalTitle", "aka")).table
    assert table["title"].tolist() == ["Heat", "The Ring", "Ran"]
    assert table["other_titles"].tolist() == ["Hitze", "Ringu", ""]
    assert table["originalTitle"].tolist() == ["Heat", "Ringu", "Ran"]
    assert read(text).table["other_titles"].tolist() == ["Hitze", "Ringu", ""]
    assert "other_titles" not in read(text, title_column="primaryTitle").table
    assert "other_titles" in read(text, title_column=["auto"]).table


def test_films_without_ids_are_known_by_title_and_year(read):
    found = read("Name,Year,Letterboxd\nHeat,1995,4\nHeat,1986,3\nRan (1985),,5\n,1990,1\n")
    assert found.table["imdb_id"].tolist() == ["Heat (1995)", "Heat (1986)", "Ran (1985)"]
    assert any("no column of ids" in note for note in found.notes)
    assert found.skipped["reason"].tolist() == ["neither an id nor a title"]


def test_a_column_of_files(read):
    found = read(
        "Title,Poster\nHeat,posters/113277.jpg\nRan,ran-poster.jpg\nM,\n", file_column="poster"
    )
    assert found.table["imdb_id"].tolist() == ["113277", "ran-poster"]
    assert found.table["file"].tolist() == ["posters/113277.jpg", "ran-poster.jpg"]
    assert found.columns["file"] == "Poster"


# Links

MOVIES = "movieId,title,genres\n6,Heat (1995),Action|Crime\n1,Toy Story (1995),Comedy\n7,Lost (1990),Drama\n8,Twice (1991),\n"
LINKS = "movieId,imdbId,tmdbId\n1,0114709,862\n6,0113277,949\n8,0000008,1\n8,0000009,1\n"


def test_a_second_table_links_the_ids(read, tmp_path):
    (tmp_path / "links.csv").write_text(LINKS)
    found = read(MOVIES, links=tmp_path / "links.csv")
    assert found.table["imdb_id"].tolist() == ["113277", "114709"]
    assert found.table["movieId"].tolist() == ["6", "1"]
    assert found.skipped["line"].tolist() == [4, 5]
    assert found.columns["id"] == "imdbId"
    assert any("'imdbId' in links.csv, found by 'movieId'" in note for note in found.notes)
    by_tmdb = read(MOVIES, links=tmp_path / "links.csv", id_column="tmdbId")
    assert by_tmdb.table["imdb_id"].tolist() == ["949", "862", "1"]
    assert read(MOVIES, links=tmp_path / "links.csv", id_column="movieId").table[
        "imdb_id"
    ].tolist() == ["113277", "114709"]


def test_a_second_table_that_links_nothing_is_refused(refused, tmp_path):
    (tmp_path / "links.csv").write_text("a,b\n1,2\n")
    assert "does not link" in refused(MOVIES, links=tmp_path / "links.csv")
    assert "does not exist" in refused(MOVIES, links=tmp_path / "none.csv")
    (tmp_path / "links.csv").write_text(LINKS)
    assert "no column 'x'" in refused(MOVIES, links=tmp_path / "links.csv", id_column="x")


# Rows


def test_rows_that_differ_only_in_genre_are_merged(read):
    rows = "Q1,Heat,Crime,1995-12-15,US\nQ1,Heat,Drama,1996-02-01,US\nQ1,Heat,Drama,1995-12-15,FR\nQ2,Ran,War,1985,JP\n"
    found = read(
        f"item,itemLabel,genreLabel,publicationDate,country\n{rows}".replace(
            "Q", "http://www.wikidata.org/entity/Q"
        )
    )
    assert found.table["imdb_id"].tolist() == ["Q1", "Q2"]
    assert found.table["genre"].tolist() == ["Crime|Drama", "War"]
    assert found.table["year"].tolist() == [1995, 1985]
    assert found.table["country"].tolist() == ["US|FR", "JP"]
    assert any("3 rows of the metadata are 1 film" in note for note in found.notes)


def test_rows_that_contradict_each_other_are_set_aside_and_cost_no_other(read):
    found = read(
        HEADER
        + "1,Heat,A,\n2,Ran,B,\ntt01,Alien,A,\n3,M (1931),,\n3,m,,1931\n4,Go,,1990\n4,Go,,2010\n"
    )
    assert found.table["imdb_id"].tolist() == ["2", "3", "4"]
    assert found.skipped[["line", "imdb_id"]].to_numpy().tolist() == [[2, "1"], [4, "1"]]
    assert "line 4 has 'Alien'" in found.skipped["reason"][0]
    assert found.table["year"].tolist()[1:] == [1931, pd.NA]
    assert any("years far apart" in note for note in found.notes)


def test_what_other_columns_hold_for_nothing_is_emptied_and_said(read):
    found = read("imdbId,Title,country\n1,Heat,\\N\n2,Ran,nan\n3,M,NA\n4,Z,-\n")
    assert found.table["country"].tolist() == ["", "", "NA", "-"]
    assert any(r"'\N', 'nan' were taken for nothing" in note for note in found.notes)


# Files


def frame():
    """Two films as a table of pandas."""
    return pd.DataFrame(
        {
            "imdbId": [113277, 114709],
            "Title": ["Heat", "Toy Story"],
            "Genre": ["Crime|Drama", "Comedy"],
            "Year": [1995, 1995],
        }
    )


def zipped(*members, extra=b"x"):
    """A ZIP file of these members, with what macOS adds."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
        archive.writestr("__MACOSX/._films.csv", extra)
    return buffer.getvalue()


def workbook(*sheets):
    """A workbook of Excel with these sheets, each a title and rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def bytes_of(write, *arguments, **keywords):
    """What a function writes to a buffer."""
    buffer = io.BytesIO()
    write(buffer, *arguments, **keywords)
    return buffer.getvalue()


CSV = HEADER + ROWS
SHEET = [
    ["imdbId", "Title", "Genre", "Year", None],
    [113277, "Heat", "Crime|Drama", 1995, None],
    ["0114709", "Toy Story", "Comedy", datetime(1995, 11, 22), None],
]
FORMS = {
    "gzip": lambda: gzip.compress(CSV.encode()),
    "bzip2": lambda: bz2.compress(CSV.encode()),
    "xz": lambda: lzma.compress(CSV.encode()),
    "zip": lambda: zipped(("films/films.csv", CSV), ("films/README.txt", "read me")),
    "gzip in zip": lambda: zipped(("films.csv.gz", gzip.compress(CSV.encode()))),
    "Excel": lambda: workbook(("Films", SHEET)),
    "Excel with a title and another sheet": lambda: workbook(("Notes", [["About this list"]]), ("Films", [["My films"], [], *SHEET])),
    "Parquet": lambda: bytes_of(frame().to_parquet),
    "Feather": lambda: bytes_of(frame().to_feather),
    "JSON lines": lambda: frame().to_json(orient="records", lines=True).encode(),
    "JSON": lambda: frame().to_json(orient="records", indent=1).encode(),
    "JSON of a service": lambda: json.dumps({"page": 1, "results": frame().to_dict("records")}).encode(),
    "JSON by id": lambda: json.dumps({str(row.pop("imdbId")): row for row in frame().to_dict("records")}).encode(),
    "JSON of SPARQL": lambda: json.dumps({"head": {"vars": []}, "results": {"bindings": [{name: {"type": "literal", "value": str(value)} for name, value in row.items()} for row in frame().to_dict("records")]}}).encode(),
    "sep=;": lambda: ("sep=;\r\n" + CSV.replace(",", ";").replace("\n", "\r\n")).encode(),
    '"sep=;"': lambda: ('"sep=;"\n' + CSV.replace(",", ";")).encode(),
    "a title above": lambda: ("My favourite films, as of 2024\n\n" + CSV).encode(),
    "two lines above": lambda: ("Films;;;\nexported 2024;;;\n" + CSV.replace(",", ";")).encode(),
    "tabs": lambda: CSV.replace(",", "\t").encode(),
    "row names of R": lambda: b'"imdbId","Title","Genre","Year"\n"1",113277,"Heat","Crime|Drama",1995\n"2",114709,"Toy Story","Comedy",1995\n',
    "an index of pandas": lambda: frame().to_csv().encode(),
    "old Mac line ends": lambda: CSV.replace("\n", "\r").encode(),
    "UTF-16": lambda: CSV.encode("utf-16"),
    "UTF-16 without a mark": lambda: CSV.encode("utf-16-be"),
    "all in quotation marks": lambda: "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in CSV.splitlines()).encode(),
    "two tables joined": lambda: (HEADER + ROWS.splitlines()[0] + "\n" + HEADER + ROWS.splitlines()[1] + "\n").encode(),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_file(read, form):
    found = read(FORMS[form]()).table[["imdb_id", "title", "genre", "year"]]
    assert found.to_numpy().tolist() == [
        ["113277", "Heat", "Crime|Drama", 1995],
        ["114709", "Toy Story", "Comedy", 1995],
    ]


def test_a_file_in_an_archive_and_a_sheet_are_named_behind_it(read, tmp_path):
    (tmp_path / "ml.zip").write_bytes(zipped(("ml/movies.csv", MOVIES), ("ml/links.csv", LINKS)))
    (tmp_path / "films.xlsx").write_bytes(workbook(("A", SHEET), ("B", SHEET[:2])))
    found = read_metadata(
        tmp_path / "ml.zip" / "ml" / "movies.csv", links=tmp_path / "ml.zip" / "links.csv"
    )
    assert found.table["imdb_id"].tolist() == ["113277", "114709"]
    assert len(read_metadata(tmp_path / "films.xlsx" / "B").table) == 1
    assert any("others: 'B'" in note for note in read_metadata(tmp_path / "films.xlsx").notes)


def test_imdb_has_no_quotation_marks(read):
    text = 'tconst\tprimaryTitle\toriginalTitle\tstartYear\tgenres\ntt1\t"Heat\t\\N\t1995\tCrime,Drama\ntt2\t"Ran"\tRan\t\\N\t\\N\ntt3\tM\tM\t1931\tCrime\n'
    table = read(text, "title.basics.tsv").table
    assert table["title"].tolist() == ['"Heat', '"Ran"', "M"]
    assert table["year"].tolist() == [1995, pd.NA, 1931]
    assert table["genre"].tolist() == ["Crime|Drama", "", "Crime"]


def test_one_broken_byte_leaves_the_rest_as_it_is(read):
    found = read(
        "imdbId,Title\n1,Amélie\n2,Être et avoir\n".encode() + b"3,Caf\xe9\n" + "4,Søn\n".encode()
    )
    assert found.table["title"].tolist() == ["Amélie", "Être et avoir", "Caf�", "Søn"]
    assert any("line 4" in note and "UTF-8" in note for note in found.notes)


FOREIGN = {
    "cp1251": [
        "Сталкер",
        "Летят журавли",
        "Броненосец Потёмкин",
        "Андрей Рублёв",
        "Иваново детство",
    ],
    "koi8_r": [
        "Сталкер",
        "Летят журавли",
        "Броненосец Потёмкин",
        "Андрей Рублёв",
        "Иваново детство",
    ],
    "cp1250": [
        "Popiół i diament",
        "Człowiek z marmuru",
        "Nóż w wodzie",
        "Ręce do góry",
        "Życie za życie",
    ],
    "shift_jis": ["千と千尋の神隠し", "羅生門", "七人の侍", "東京物語", "となりのトトロ"],
    "gb18030": ["霸王别姬", "大红灯笼高高挂", "花样年华", "卧虎藏龙", "活着"],
    "euc_kr": ["기생충", "올드보이", "살인의 추억", "봄 여름 가을 겨울 그리고 봄", "아가씨"],
    "cp1253": [
        "Ο Θίασος",
        "Τοπίο στην ομίχλη",
        "Το λιβάδι που δακρύζει",
        "Μια αιωνιότητα και μια μέρα",
    ],
}


@pytest.mark.parametrize("encoding", FOREIGN)
def test_other_encodings_are_recognised_and_said(read, encoding):
    titles = FOREIGN[encoding]
    found = read(
        "imdbId,Title\n" + "".join(f"{n},{title}\n" for n, title in enumerate(titles)),
        written=encoding,
    )
    assert found.table["title"].tolist() == titles
    assert "--encoding" in found.notes[0]


@pytest.mark.parametrize("title", ["AmÃ©lie", "Itâ€™s", "Ð¡Ñ‚Ð°Ð»ÐºÐµÑ€", "Caf\ufffd"])
def test_text_that_looks_wrong_is_said(read, title):
    found = read(f"imdbId,Title\n1,Heat\n2,{title}\n")
    assert found.table["title"].tolist() == ["Heat", title]
    assert any("line 3" in note and "as if" in note for note in found.notes)


OTHERS = {
    "old Excel": (b"\xd0\xcf\x11\xe0" + b"x" * 90, "old format of Excel"),
    "a web page": (b"<!DOCTYPE html><html></html>", "page of the web"),
    "a PDF": (b"%PDF-1.7", "PDF"),
    "a database": (b"SQLite format 3\0" + b"\0" * 90, "database"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
    "a picture": (b"\xff\xd8\xff\xe0" + b"x" * 90, "picture"),
    "half a gzip": (gzip.compress(CSV.encode())[:40], "damaged"),
    "half a zip": (zipped(("films.csv", CSV))[:60], "damaged"),
    "half a Parquet": (b"PAR1" + b"x" * 90, "damaged"),
    "OpenDocument": (
        zipped(("mimetype", "application/vnd.oasis.opendocument.spreadsheet")),
        "content.xml",
    ),
    "Numbers": (zipped(("Index/Document.iwa", "x")), "none of Excel"),
    "an empty workbook": (workbook(("A", [])), "empty"),
    "an empty archive": (zipped(), "nothing"),
    "two tables": (zipped(("a.csv", CSV), ("b.csv", CSV)), "films.csv/a.csv"),
    "JSON without films": (b'{"a": {"b": 1}}\n{', "no"),
    "no rows": (b"\n\n", "empty"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_no_table_is_named(refused, what):
    data, words = OTHERS[what]
    assert words in refused(data)


def test_parquet_without_pyarrow_says_what_to_install(refused, monkeypatch):
    monkeypatch.setattr("poster_analysis.core.extras.missing", lambda extra: ["pyarrow"])
    assert "pip install" in refused(FORMS["Parquet"]())


def test_a_protected_archive_is_named(read, refused, monkeypatch):
    def protected(*arguments):
        raise RuntimeError("File 'films.csv' is encrypted, password required for extraction")

    monkeypatch.setattr(zipfile.ZipFile, "read", protected)
    assert "password" in refused(zipped(("films.csv", CSV)))


# Columns as earlier versions named them


def test_names_of_earlier_studies_are_found_in_any_case(read, refused):
    found = read(
        "IMDBID,title,GENRE\n1,Heat,Crime\n",
        id_column="imdbId",
        title_column="Title",
        genre_column="Genre",
        genre_separator="|",
    )
    assert found.table.iloc[0, :3].tolist() == ["1", "Heat", "Crime"]
    assert "'Kind'" in refused("imdbId,Kind\n1,a\n", genre_column="Genre")


# As encyclopaedias, German spreadsheets and plain typing have them


def test_marks_of_footnotes_are_no_part_of_titles(tmp_path):
    path = tmp_path / "films.csv"
    path.write_text(
        "Film,Year,Genre\nHeat[a],1995[2],Drama[3]\nAlien[note 1][b],1979,Horror[12]\n[REC],2007,Horror\n[•REC]²,2009,Horror\n"
    )
    found = read_metadata(path)
    assert found.table["title"].tolist() == ["Heat", "Alien", "[REC]", "[•REC]²"]
    assert found.table["genre"].tolist() == ["Drama", "Horror", "Horror", "Horror"]
    assert found.table["year"].tolist() == [1995, 1979, 2007, 2009]
    assert any("footnotes were taken away from 4 cells" in note for note in found.notes)


def test_a_mark_that_stands_alone_is_left(tmp_path):
    path = tmp_path / "films.csv"
    path.write_text("imdbId,Title\n1,Rec[2]\n2,Heat\n")
    assert read_metadata(path).table["title"].tolist() == ["Rec[2]", "Heat"]


def test_numbers_with_decimal_commas_are_ids(tmp_path):
    path = tmp_path / "filme.csv"
    path.write_bytes(
        "IMDb-Nr;Titel;Jahr\r\n113277,0;Heat;1995,0\r\n211915,0;Amélie;2001,0\r\n".encode("cp1252")
    )
    found = read_metadata(path).table
    assert found["imdb_id"].tolist() == ["113277", "211915"] and found["year"].tolist() == [
        1995,
        2001,
    ]


@pytest.mark.parametrize("name", ["films.txt", "films.csv"])
def test_columns_between_blanks_are_no_single_column(tmp_path, name):
    path = tmp_path / name
    path.write_text(f"{'imdbId':<12}{'Title':<12}Genre\n{'tt0113277':<12}{'Heat':<12}Drama\n")
    with pytest.raises(InputError, match="separated by blanks"):
        read_metadata(path)
    path.write_text("imdbId\ntt0113277\ntt0114709\n")
    assert len(read_metadata(path).table) == 2


def test_an_address_is_no_file():
    with pytest.raises(InputError, match="address of the web; download"):
        read_metadata("https://datasets.imdbws.com/title.basics.tsv.gz")


OPEN = """<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:body><office:spreadsheet>{}</office:spreadsheet></office:body></office:document-content>"""


def open_document(path, *sheets):
    """A spreadsheet of LibreOffice; a cell is given as the XML of its attributes and content."""
    tables = ""
    for number, rows in enumerate(sheets, start=1):
        inside = "".join(
            "<table:table-row>"
            + "".join(f"<table:table-cell {cell}</table:table-cell>" for cell in row)
            + "</table:table-row>"
            for row in rows
        )
        empty = '<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
        tables += f'<table:table table:name="Sheet{number}">{inside}{empty}</table:table>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", OPEN.format(tables))
    return path


def word(text):
    return f'office:value-type="string"><text:p>{text}</text:p>'


def test_a_spreadsheet_of_libreoffice_is_read(tmp_path):
    path = open_document(
        tmp_path / "films.ods",
        [[word("Notes")]],
        [
            [word("My films")],
            [word("imdbId"), word("Title"), word("Year"), word("Genre"), word("Seen"), word("Date")],
            ['office:value-type="float" office:value="113277">', word("Heat"), 'office:value-type="float" office:value="1995">', word("Crime, Drama"), 'office:value-type="boolean" office:boolean-value="true">', 'office:value-type="date" office:date-value="2020-01-02T00:00:00">'],
            ['office:value-type="float" office:value="211915">', word("Am<text:span>é</text:span>lie"), 'office:value-type="float" office:value="2001">', ">", ">", ">"],
            [">", word("Lost"), ">", ">", ">", ">"],
        ],
    )  # fmt: skip
    found = read_metadata(path)
    assert found.table["imdb_id"].tolist() == ["113277", "211915"]
    assert found.table["title"].tolist() == ["Heat", "Amélie"] and found.table["year"].tolist() == [
        1995,
        2001,
    ]
    assert found.table["genre"].tolist() == ["Crime|Drama", ""]
    assert found.table[["Seen", "Date"]].iloc[0].tolist() == ["true", "2020-01-02"]
    assert found.skipped["line"].tolist() == [5] and found.parameters["encoding"] == "OpenDocument"
    assert any("sheet 'Sheet2'" in note for note in found.notes)
    assert read_metadata(path / "Sheet2").table["title"].tolist() == ["Heat", "Amélie"]


def test_a_damaged_spreadsheet_of_libreoffice_is_refused_in_one_line(tmp_path):
    path = open_document(tmp_path / "films.ods", [[word("imdbId")], [word("1")]])
    path.write_bytes(path.read_bytes().replace(b"<office:body>", b"<office:bod>>"))
    with pytest.raises(InputError, match=r"^[^\n]*cannot be read as a spreadsheet[^\n]*$"):
        read_metadata(path)


def test_letters_as_html_writes_them_are_letters(tmp_path):
    path = tmp_path / "films.csv"
    path.write_text(
        "imdbId,Title,Genre\n1,Am&eacute;lie,R&amp;B\n2,&#1040;&#x41; &lt;3,Drama\n3,AT&T; R&D,Drama\n4,Q&A,Drama\n"
    )
    found = read_metadata(path)
    assert found.table["title"].tolist() == ["Amélie", "АA <3", "AT&T; R&D", "Q&A"]
    assert found.table["genre"].tolist()[0] == "R&B"
    assert any("as HTML writes them were read in 3 cells" in note for note in found.notes)

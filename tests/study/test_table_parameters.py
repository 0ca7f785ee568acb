"""How a table is read is part of a study: given on the command line, kept in its record, and what was not used is listed."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from poster_analysis.cli import cli
from poster_analysis.core.errors import InputError
from poster_analysis.study.parameters import Parameters
from poster_analysis.study.run import open_run


@pytest.fixture
def films(drawn, tmp_path):
    """The table of the drawn posters in another form: other names, a column for each genre, dates, and a bad row."""
    table = pd.read_csv(drawn.metadata, encoding="ISO-8859-1", dtype=str)
    other = pd.DataFrame({"movieId": range(len(table)), "name": table["Title"], "aka": "Other"})
    for genre in ("Drama", "Horror"):
        other[genre] = (
            table["Genre"].str.split("|").map(lambda genres, genre=genre: int(genre in genres))
        )
    other["seen"] = "2019-05-01"
    other.to_csv(tmp_path / "films.csv", index=False, sep=";")
    with (tmp_path / "films.csv").open("a") as file:
        file.write("99;a row that is too short\n")
    links = pd.DataFrame({"movieId": range(len(table)), "imdbId": table["imdbId"]})
    links.to_csv(tmp_path / "links.csv", index=False)
    return tmp_path


def extracted(drawn, films, *options):
    """What the command extract gives for the table."""
    words = [
        "extract",
        "--posters",
        drawn.posters,
        "--metadata",
        films / "films.csv",
        "--backbone",
        "colour",
        "--limit",
        6,
        "--out",
        films / "out",
    ]
    return CliRunner().invoke(cli, [str(word) for word in (*words, *options)])


def test_a_table_is_read_as_the_command_says_and_the_record_keeps_it(drawn, films):
    options = [
        "--links",
        films / "links.csv",
        "--genre-columns",
        "drama,Horror",
        "--title-column",
        "name",
        "--title-column",
        "aka",
        "--year-column",
        "seen",
    ]
    done = extracted(drawn, films, *options)
    assert done.exit_code == 0, done.output
    run = open_run(films / "out")
    index = run.table("features_index")
    assert set(index["year"].dropna()) == {2019}
    assert set(index["other_titles"].dropna()) == {"Other"}
    assert {genre for text in index["genre"] for genre in text.split("|")} - {""} <= {
        "Drama",
        "Horror",
    }
    assert run.parameters.title_column == ("name", "aka")
    assert run.parameters.genre_columns == ("drama", "Horror")
    unused = pd.read_csv(films / "out" / "metadata_skipped.csv")
    assert list(unused) == ["line", "imdb_id", "reason"]
    assert any("cells where the header has" in reason for reason in unused["reason"])
    notes = " ".join(run.record["collection"]["notes"])
    assert "1 row of films.csv was left out" in notes


def test_the_names_of_an_earlier_record_are_read(drawn, films):
    assert extracted(drawn, films, "--links", films / "links.csv").exit_code == 0
    record = json.loads((films / "out" / "run.json").read_text())
    for name in ("genre_columns", "year_column", "links", "file_column"):
        del record["parameters"][name]
    record["parameters"] |= {
        "id_column": "imdbId",
        "title_column": "Title",
        "genre_column": "Genre",
        "genre_separator": "|",
    }
    (films / "out" / "run.json").write_text(json.dumps(record))
    parameters = open_run(films / "out").parameters
    assert (parameters.id_column, parameters.year_column, parameters.links) == (
        "imdbId",
        "auto",
        None,
    )


def test_a_column_that_is_not_there_ends_in_one_line(drawn, films):
    done = extracted(drawn, films, "--genre-columns", "Drama,Western")
    assert isinstance(done.exception, InputError) or done.exit_code == 2
    assert not (films / "out").exists()


def test_names_may_be_given_in_one_text_or_in_a_list():
    assert Parameters("p", genre_columns="Drama, War").genre_columns == ("Drama", "War")
    assert Parameters("p", genre_columns=["Drama,War", "Crime"]).genre_columns == (
        "Drama",
        "War",
        "Crime",
    )
    assert Parameters("p", title_column=["Title"]).title_column == "Title"
    assert Parameters("p", title_column=()).title_column == "auto"
    assert Parameters("p", title_column=None).title_column is None
    assert Parameters("p", title_column=("a", "b", "a")) == Parameters("p", title_column=["a", "b"])

"""Columns by which films are grouped, in the forms in which people have them."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poster_analysis.collection.groups import (
    MOST_KINDS,
    check_groups,
    colour_names,
    named_columns,
    read_values,
    value_lists,
    with_groups,
)
from poster_analysis.core.errors import InputError

TMDB = "[{'iso_3166_1': 'FR', 'name': 'France'}, {'iso_3166_1': 'BE', 'name': 'Belgium'}]"


@pytest.mark.parametrize(
    ("cells", "expected", "separator"),
    [
        (["USA|UK", "UK"], ["USA|UK", "UK"], "vertical bars"),
        (["USA; UK", "UK"], ["USA|UK", "UK"], "semicolons"),
        (["USA / UK", "UK"], ["USA|UK", "UK"], "slashes"),
        (["USA/UK", "UK", "USA"], ["USA|UK", "UK", "USA"], "slashes"),
        (["AC/DC", "Abba", "Queen"], ["AC/DC", "Abba", "Queen"], ""),
        (["USA, UK", "UK", "USA"], ["USA|UK", "UK", "USA"], "commas"),
        (["USA,UK", "USA,UK,France", "Italy,France,UK"], ["USA|UK", "USA|UK|France", "Italy|France|UK"], "commas"),
        (["Coen, Joel", "Coen, Ethan", "Scott, Ridley"], ["Coen, Joel", "Coen, Ethan", "Scott, Ridley"], ""),
        ([TMDB, "[]"], ["France|Belgium", ""], "lists as a program writes them"),
        (['["USA"]', "['UK', 'USA']"], ["USA", "UK|USA"], "lists as a program writes them"),
        (["[USA, UK]", "[UK]"], ["USA|UK", "UK"], "lists as a program writes them"),
        (["{'id': 1, 'name': 'Toy Story Collection'}", ""], ["Toy Story Collection", ""], "lists as a program writes them"),
        (['[{"iso": "fr", "name": ""}]', '[{"iso": "fr"}]'], ["fr", "fr"], "lists as a program writes them"),
        (["['A|B', None]", "[null]"], ["A/B", ""], None),
        ([" usa", "USA ", "USA", "Usa"], ["USA"] * 4, ""),
        (["1.0", "1", "2.00", "1.5"], ["1", "1", "2", "1.5"], ""),
        ([1.0, 2, None, float("nan")], ["1", "2", "", ""], ""),
        ([True, False, pd.NA], ["True", "False", ""], ""),
        (["\\N", "nan", "N/A", "-", "None", "null", " ", "?", "Unknown", "[]", "{}"], [""] * 11, ""),
        (["A\nB", "A  B"], ["A B", "A B"], ""),
        (["USA|usa|UK|", "|"], ["USA|UK", ""], "vertical bars"),
        (["(unrated)", "R", "(a) b (c)"], ["(unrated)", "R", "(a) b (c)"], ""),
        (["{USA,UK}", "{USA}"], ["USA|UK", "USA"], "lists as a program writes them"),
        (["('USA', 'UK')"], ["USA|UK"], "lists as a program writes them"),
    ],
)  # fmt: skip
def test_cells_as_people_have_them(cells, expected, separator):
    read = read_values(pd.Series(cells, dtype=object))
    assert read.texts.tolist() == expected
    if separator is not None:
        assert read.separator == separator


@pytest.mark.parametrize(
    ("cells", "expected", "said"),
    [
        (["US", "NA", "FR", "FR,NA,US"], ["US", "NA", "FR", "FR|NA|US"], "NA (2) is taken for a code"),
        (["['US']", "['NA', 'FR']", "[]"], ["US", "NA|FR", ""], "NA (1) is taken for a code"),
        (["PG", "R", "NA", "NC-17"], ["PG", "R", "", "NC-17"], "NA (1) is taken for nothing"),
        (["USA", "NA", "France|NA"], ["USA", "", "France"], "NA (2) is taken for nothing"),
        (["US", "na", "FR", "N/A"], ["US", "", "FR", ""], ""),
        (["US", "NA", "US"], ["US", "", "US"], "NA (1) is taken for nothing"),
        (["NA", "NA"], ["", ""], "NA (2) is taken for nothing"),
    ],
)  # fmt: skip
def test_na_is_namibia_among_codes_of_countries_and_nothing_elsewhere(cells, expected, said):
    read = read_values(pd.Series(cells))
    assert read.texts.tolist() == expected
    assert read.note.startswith(said) and bool(read.note) == bool(said)


def test_what_na_was_taken_for_is_said_of_a_group():
    films = pd.DataFrame(
        {"imdb_id": list("123456"), "country": ["US", "NA", "FR", "NA", "US", "FR"]}
    )
    (sentence,) = check_groups(["country"], films)
    assert sentence.endswith("NA (2) is taken for a code, as the other values are.")


def test_prose_is_no_list():
    plots = [
        f"A long sentence about a man, who is number {n}, and about {'much else ' * 12}"
        for n in range(4)
    ]
    assert read_values(pd.Series(plots)).texts.tolist() == [" ".join(one.split()) for one in plots]


@given(
    st.lists(st.one_of(st.text(max_size=30), st.text("[]{}()'\",|;/ a1:", max_size=30)), max_size=8)
)
def test_any_cell_is_read_and_what_was_read_stays(cells):
    once = read_values(pd.Series(cells, dtype=object)).texts
    assert len(once) == len(cells)
    assert all(one == "|".join(parts) for one, parts in zip(once, value_lists(once), strict=True))


@pytest.mark.parametrize(
    "cell",
    [
        "[" * 3000,
        "[" * 3000 + "]" * 3000,
        "(" * 3000 + ")" * 3000,
        "{" * 99 + "}" * 99,
        "[1" + "+1" * 5000 + "]",
    ],
)
def test_a_hostile_cell_costs_nothing_else(cell):
    assert read_values(pd.Series([cell, "USA"])).texts[1] == "USA"


@pytest.fixture
def films():
    """Eight films with columns of all kinds."""
    table = pd.DataFrame({"imdb_id": list("12345678"), "title": "", "genre": ["Drama", ""] * 4})
    table["year"] = pd.array([1994, None] * 4, dtype="Int64")
    table["Original Language"] = ["en", "fr"] * 4
    table["Country, first"] = ["USA", "UK", "UK", "N/A"] * 2
    table["metadata_row"] = ["a", "b"] * 4
    return table.assign(studio=list("ABCDEFGH"), silent="no", nothing="\\N", decade="old", path="p")


def test_columns_are_meant_by_names_in_any_spelling(films):
    language = "Original Language"
    for asked in (language, "original_language", "ORIGINAL-LANGUAGE", " original language "):
        assert named_columns([asked], films) == [language]
    assert named_columns(["original language, studio,"], films) == [language, "studio"]
    assert named_columns(["Country, first"], films) == ["Country, first"]
    assert named_columns(["row"], films) == ["metadata_row"]
    assert named_columns(["genre", "Decade", "studio", "Studio", ""], films) == ["studio"]


@pytest.mark.parametrize("asked", ["state", "imdb_id", "title", "path", "Title", "studio, state"])
def test_a_column_that_is_none_is_named_with_those_there_are(films, asked):
    with pytest.raises(InputError, match="cannot be grouped by") as caught:
        named_columns([asked], films)
    said = str(caught.value)
    assert "'Original Language'" in said and "--group-columns" in said and "\n" not in said
    assert "'imdb_id'" not in said.partition("are ")[2]


def test_columns_that_cannot_be_compared_are_refused_together_or_said_in_a_trial(films):
    asked = ["studio", "silent", "nothing", "original language"]
    with pytest.raises(InputError) as caught:
        check_groups(asked, films)
    said = str(caught.value)
    assert "'studio' has no value that two of 8 posters share" in said
    assert "'silent' has one value only ('no')" in said
    assert "'nothing' is empty for all 8 posters" in said and "leave them out" in said
    sentences = check_groups(asked, films, is_trial=True)
    assert len(sentences) == 4 and sum("not grouped" in one for one in sentences) == 3
    assert with_groups(films, asked)[1] == ["genre", "decade", "Original Language"]


def test_what_is_in_a_column_is_said(films):
    films["country"] = ["USA, UK", "USA", "UK", "N/A", "USA", "USA", "usa", "UK"]
    (said,) = check_groups(["country"], films)
    assert (
        "2 values, several in a cell separated by commas; 1 of them with 5 posters or more" in said
    )
    assert said.endswith("1 poster has none.")


def test_a_column_of_the_table_gives_way_to_the_decades(films):
    grouped, names = with_groups(films)
    assert grouped["metadata_decade"].eq("old").all() and names == ["genre", "decade"]
    assert grouped["decade"].tolist() == ["1990s", ""] * 4
    undated, names = with_groups(films.assign(year=pd.NA))
    assert "decade" not in undated and names == ["genre"]


def test_colours_are_clusters_then_groups_then_what_makes_a_legend(films):
    many = pd.DataFrame(
        {
            "imdb_id": map(str, range(200)),
            "genre": "",
            "director": [f"D{n // 2}" for n in range(200)],
        }
    )
    many = many.assign(
        few=["a|b", "b"] * 100, one="x", other=[str(n) for n in range(200)], cluster_pca=range(200)
    )
    many["other_titles"] = ["a", "b"] * 100
    assert colour_names(many) == ["cluster_pca", "few"]
    assert colour_names(many, ["genre", "director"]) == ["cluster_pca", "director", "few"]
    assert many["director"].nunique() > MOST_KINDS


def test_posters_of_one_film_are_one_film_of_a_group():
    films = pd.DataFrame(
        {
            "imdb_id": list("123456"),
            "film_id": list("112234"),
            "country": ["US", "US", "FR", "FR", "US", ""],
            "studio": ["A", "A", "B", "B", "C", ""],
        }
    )
    (sentence,) = check_groups(["country"], films)
    assert "none of them with 5 films or more" in sentence and sentence.endswith("1 film has none.")
    with pytest.raises(InputError, match="no value that two of 3 films share"):
        check_groups(["studio"], films)
    assert with_groups(films, ["studio", "country"])[1] == ["country"]
    assert with_groups(films.drop(columns="film_id"), ["studio"])[1] == ["studio"]

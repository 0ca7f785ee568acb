"""Finding the film a question means."""

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poster_analysis.collection.titles import title_key
from poster_analysis.core.errors import InputError
from poster_analysis.similarity.search import find_film, find_films


def index_of(*titles, ids=None, years=None):
    ids = ids or [str(1000 + row) for row in range(len(titles))]
    table = pd.DataFrame({"imdb_id": ids, "title": list(titles)})
    return table if years is None else table.assign(year=pd.array(years, dtype="Int64"))


def message(index, query, **options):
    with pytest.raises(InputError) as caught:
        find_film(index, query, **options)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    return text


@pytest.mark.parametrize(
    ("title", "question"),
    [
        ("Avengers, The (2012)", "The Avengers"),
        ("Avengers, The (2012)", "avengers, the"),
        ("Avengers, The (2012)", "AVENGERS (2012)"),
        ("The Avengers", "Avengers, The"),
        ("Avventura, L' (a.k.a. Adventure, The) (1960)", "L'avventura"),
        ("Avventura, L' (a.k.a. Adventure, The) (1960)", "L’Avventura (1960)"),
        ("Avventura, L' (a.k.a. Adventure, The) (1960)", "the adventure"),
        ("Fabuleux destin d'Amélie Poulain, Le (2001)", "le fabuleux destin d'amelie poulain"),
        ("Schindler's List (1993)", "schindlers list"),
        ("Fast & Furious (2009)", "fast and furious"),
        ("WALL·E (2008)", "wall e"),
        ("Næste dag, den (1999)", "naeste dag den"),
        ("Me, Myself, I (1999)", "me myself i"),
        ("I, Robot (2004)", "I Robot"),
        ("$ (1971)", "$"),
        ("???", "???"),
        ("1984 (1984)", "1984"),
        ("2012 (2009)", "2012"),
        ("2012 (2009)", "2012 (2009)"),
        ("Blade Runner 2049 (2017)", "blade runner 2049"),
        ("Blade Runner (1982)", "blade runner 1982"),
        ("七人の侍 (1954)", "七人の侍"),
        ("Straße (1958)", "STRASSE"),
        ("Twin Peaks (1990–1991)", "twin peaks"),
        ("Nan (2005)", "nan"),
        ("Der Untergang (2004)", "untergang"),
        ("Untergang, Der (2004)", "der untergang"),
        ("Das Boot", "boot, das"),
        ("Les quatre cents coups (1959)", "quatre cents coups"),
        ("L'Avventura (1960)", "avventura"),
        ("L'Avventura (1960)", "L Avventura"),
        ("La vita è bella (1997)", "vita e bella"),
        ("Gli uccelli", "Uccelli, Gli"),
        ("El laberinto del fauno (2006)", "Laberinto del Fauno"),
        ("Un'altra vita", "altra vita"),
        ("Heat [1995]", "heat 1995"),
        ("Heat (TV Movie 1995)", "Heat (1995)"),
        ("Duel (1971) (TV)", "duel"),
        ("Crash (II) (2004)", "crash 2004"),
    ],
)  # fmt: skip
def test_titles_as_people_write_them(title, question):
    index = index_of("Unlike (1950)", title, "Dislike (1951)")
    assert find_films(index, question) == find_films(index, question, by="title") == [1]


TITLES = st.text(min_size=1, max_size=30).map(lambda text: " ".join(text.split())).filter(bool)


@given(st.lists(TITLES, min_size=1, max_size=5), st.integers(1900, 2030))
def test_a_film_is_found_by_its_own_title(titles, year):
    index = index_of(
        *(f"{title} ({year})" for title in titles), ids=[f"x{n}" for n in range(len(titles))]
    )
    for row, title in enumerate(index["title"]):
        assert row in find_films(index, title, by="title")


@given(st.text(max_size=40))
def test_any_question_gets_films_or_one_line(question):
    index = index_of("Heat (1995)", "300 (2006)", ids=["113277", "416449"])
    try:
        rows = find_films(index, question)
        assert rows and set(rows) <= {0, 1}
    except InputError as error:
        assert len(str(error).splitlines()) == 1


@given(st.text(max_size=40))
def test_a_key_has_one_key(text):
    assert title_key(title_key(text)) == title_key(text)


@pytest.mark.parametrize(
    "question", ["tt0113277", "0113277", "113277", 113277, 113277.0, " TT113277 "]
)
def test_ids_in_any_spelling(question):
    index = index_of("Heat (1995)", "Casino (1995)", ids=["113277", "112641"])
    assert find_films(index, question) == find_films(index, question, by="id") == [0]


def test_words_are_ids_too():
    index = index_of("", "", ids=["my poster", "113277"])
    assert find_film(index, "my poster") == 0


def test_films_of_one_title_are_all_listed_with_their_ids():
    index = index_of("Avengers, The (1998)", "The Avengers (2012)", "Avengers", ids=["1", "2", "3"])
    assert find_films(index, "the avengers") == [0, 1]
    said = message(index, "the avengers")
    assert "Avengers, The (1998) [1]" in said and "The Avengers (2012) [2]" in said
    assert "--id" in said


def test_a_year_tells_remakes_apart_and_the_column_counts_more_than_the_title():
    index = index_of("Heat (1986)", "Heat", "Heat (1995)", years=[1986, 1995, None])
    assert find_films(index, "Heat (1995)") == find_films(index, "heat 1995") == [1, 2]
    assert "did you mean" in message(index, "Heat (1972)")


@pytest.mark.parametrize("question", ["Mother!", "mother!", "MOTHER! (2017)", "mother! 2017"])
def test_a_title_with_the_same_signs_wins_over_its_namesake(question):
    index = index_of("Mother (2009)", "Mother! (2017)", "Mother (1996)", "Mother, The (2003)")
    assert find_films(index, question) == [1]
    assert find_films(index, "mother") == [0, 2]
    assert find_films(index, "the mother") == [3]
    assert find_films(index.iloc[[0, 2]].reset_index(drop=True), "mother!") == [0, 1]


def test_accents_tell_namesakes_apart_and_do_not_hide_a_film():
    index = index_of("El año", "El ano", "Amélie")
    assert find_films(index, "el año") == [0] and find_films(index, "El Ano") == [1]
    assert find_films(index, "amelie") == [2]
    assert find_films(index, "el ano!") == [1]
    assert find_films(index_of("Face/Off", "Face Off", "Face-Off"), "face off") == [1]


def test_years_of_a_column_tell_films_of_one_title_apart():
    index = index_of("Hamlet", "Hamlet", "Hamlet", "Hamlet 2", years=[1948, 1996, None, 2008])
    for question in ("Hamlet (1996)", "hamlet 1996", "Hamlet, 1996", "Hamlet [1996]"):
        assert find_film(index, question) == 1
    said = message(index.iloc[:2], "hamlet")
    assert "Hamlet (1948) [1000], Hamlet (1996) [1001]" in said
    assert "add the year, as in 'Hamlet (1996)'" in said and "--id" in said
    assert "add the year" not in message(index, "hamlet")  # one year is not known
    assert "Hamlet (1948)" in message(index, "Hamlet 1950")
    as_numbers = index.assign(year=[1948.0, 1996.0, float("nan"), 2008.0])  # as a CSV is read
    assert find_film(as_numbers, "Hamlet (1948)") == 0


def test_other_titles_are_searched_too():
    index = index_of("Seven Samurai", "The Shawshank Redemption", "Madeo", years=[1954, 1994, 2009])
    index["other_titles"] = ["七人の侍 | Shichinin no samurai", "Die Verurteilten (1994)", ""]
    for question in ("七人の侍", "shichinin no samurai", "Shichinin no Samurai (1954)"):
        assert find_film(index, question) == 0
    assert find_film(index, "die verurteilten") == find_film(index, "Verurteilten 1994") == 1
    assert "Seven Samurai (1954)" in message(index, "Shichinin samurai")
    index["other_titles"] = [None, "Madeo", None]
    assert find_film(index, "madeo") == 2  # a film's own title comes first


def test_an_article_may_be_left_out_but_not_added():
    assert find_films(index_of("Die Hard", "The Heat"), "heat") == [1]
    for title, question in (("Heat", "The Heat"), ("Robot", "I, Robot"), ("Hard", "Die Hard")):
        message(index_of(title), question)


def test_the_best_reading_wins():
    index = index_of("The Heat", "Feu (Heat)", "Heat")
    assert find_films(index, "heat") == [2]
    assert find_films(index.iloc[:2], "heat") == [0]
    assert find_films(index.iloc[1:2], "heat") == [0]


def test_an_id_that_is_also_a_title_is_settled_by_the_asker():
    index = index_of("Dollie (1908)", "300 (2006)", ids=["300", "416449"])
    assert find_films(index, "300") == [0, 1]
    assert find_film(index, "300", by="id") == 0
    assert find_film(index, "300", by="title") == 1
    said = message(index, "300")
    assert re.search(r"is the id of Dollie .* and the title of 300 \(2006\)", said)
    assert "--id" in said and "--title" in said and "by='title'" in said


def test_an_id_that_is_the_title_of_the_same_film_is_no_question():
    assert find_film(index_of("2046 (2004)", ids=["2046"]), "2046") == 0


def test_the_other_reading_is_pointed_out():
    index = index_of("Dollie (1908)", "Heat (1995)", ids=["300", "113277"])
    assert "use --title" in message(index, "Heat", by="id")
    assert "use --id" in message(index, "300", by="title")


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("Dunkrik", "Dunkirk"),
        ("Casno", "Casino"),
        ("The Lord of the", "Lord of the Rings, The"),
        ("rings", "Lord of the Rings, The"),
        ("Ringz", "Lord of the Rings, The"),
        ("my favourite casino film", "Casino"),
        ("Rings of Power", "Lord of the Rings, The"),
        ("Verurteilten", "Shawshank"),
        ("侍", "七人の侍"),
    ],
)  # fmt: skip
def test_close_titles_are_suggested(question, title):
    index = index_of(
        "Casino (1995)",
        "Lord of the Rings, The (1978)",
        "Dunkirk (2017)",
        "",
        "Up",
        "Shawshank",
        "七人の侍",
    )
    index["other_titles"] = ["", "", "", "", "", "Die großen Verurteilten", ""]
    assert f"did you mean {title}" in message(index, question)


def test_nothing_silly_is_suggested():
    said = message(index_of("Casino (1995)", "", "Up"), "zzzzzzz")
    assert "did you mean" not in said


def test_an_unreadable_poster_is_told_apart():
    index = index_of("Casino (1995)")
    skipped = pd.DataFrame({"imdb_id": ["77"], "path": ["a/77.jpg"], "reason": ["truncated JPEG"]})
    assert "truncated JPEG (a/77.jpg)" in message(index, "tt0077", skipped=skipped)
    assert "truncated" not in message(index, "77", by="title", skipped=skipped)
    assert "truncated" not in message(index, "78", skipped=skipped)


@pytest.mark.parametrize("question", ["", "  ", "\n"])
def test_no_question(question):
    assert "no film was asked for" in message(index_of("Casino"), question)


def test_by_what():
    assert "'id', 'title'" in message(index_of("Casino"), "Casino", by="name")


def test_messages_stay_short():
    index = index_of(*["Long " * 200] * 40)
    assert len(message(index, "long " * 200)) < 1200
    assert len(message(index, "short " * 200)) < 500
    assert "and 32 more" in message(index, "long " * 200)


def test_real_titles_find_their_films(real_data):
    films = pd.read_csv(real_data / "movie_dataset.csv", encoding="ISO-8859-1", dtype=str)
    films = films.dropna(subset="Title").drop_duplicates("imdbId").head(3000)
    index = pd.DataFrame({"imdb_id": films["imdbId"], "title": films["Title"]}).reset_index(
        drop=True
    )
    for row in range(0, len(index), 30):
        assert row in find_films(index, index["title"][row], by="title")
        name = re.sub(r"^(.*), The \(\d{4}\)$", r"The \1", index["title"][row])
        assert row in find_films(index, name, by="title")


def test_several_posters_of_a_film_are_one_film():
    index = index_of("Heat", "Heat", "Heat", "Ronin", ids=["113277", "113277_2", "9", "122690_alt"])
    index["film_id"] = ["113277", "113277", "9", "122690"]
    assert find_films(index, "heat") == [0, 2] and find_film(index, "tt0113277") == 0
    assert find_film(index, "113277_2") == 1 and find_film(index, "122690") == 3
    assert find_film(index.iloc[[0, 1, 3]].reset_index(drop=True), "heat") == 0

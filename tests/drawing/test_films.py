"""Invented films: titles as MovieLens writes them, words, series."""

import numpy as np
import pytest

from poster_analysis.drawing.films import ARTICLES, VOCABULARIES, Film, invent_film, sequel


@pytest.mark.parametrize(
    ("film", "title"),
    [
        (Film("The Silent Harbour", 1974), "Silent Harbour, The (1974)"),
        (Film("The Silent Harbour", 1977, part="II"), "Silent Harbour II, The (1977)"),
        (Film("The Tower", 1999, part="No Way Back"), "Tower: No Way Back, The (1999)"),
        (Film("Theodora", 1951), "Theodora (1951)"),
        (Film("The", 1951), "The (1951)"),
        (Film("Pale", 2001, part="V"), "Pale V (2001)"),
    ],
)
def test_the_article_goes_last(film, title):
    assert film.title == title


@pytest.mark.parametrize("genre", VOCABULARIES)
def test_titles_can_be_written_in_iso_8859_1_and_are_all_different(genre):
    words = VOCABULARIES[genre]
    titles = [*words.titles(), *words.foreign.split("|")]
    assert len(set(titles)) == len(titles)
    for title in titles:
        assert title == title.strip()
        assert "{" not in title
        assert Film(title, 1999).title.encode("iso-8859-1")


@pytest.mark.parametrize("genre", VOCABULARIES)
def test_the_same_number_gives_the_same_film_and_another_number_another(genre):
    films = [invent_film(genre, number, np.random.default_rng(5), order=3) for number in range(20)]
    assert films[7] == invent_film(genre, 7, np.random.default_rng(5), order=3)
    assert len({film.name for film in films}) == 20
    other = [invent_film(genre, number, np.random.default_rng(5), order=4) for number in range(20)]
    assert [film.name for film in films] != [film.name for film in other]


def test_people_of_a_film_are_different_people():
    film = invent_film("Comedy", 0, np.random.default_rng(1))
    assert len(set(film.names)) == len(film.names) >= 2
    directors = [name for word, name in film.credits if word in ("a film by", "directed by")]
    assert len(directors) == 2
    assert len(set(directors)) == 1


@pytest.mark.parametrize("numerals", [True, False])
def test_a_series_goes_on_under_one_name(numerals):
    first = invent_film("Horror", 3, np.random.default_rng(2))
    films = [first]
    for number in (1, 2, 3, 4):
        films.append(sequel(first, number, np.random.default_rng(number), numerals=numerals))
    assert len({film.title for film in films}) == 5
    assert len({film.name for film in films}) == 1
    assert [film.year for film in films] == sorted({film.year for film in films})
    assert first.name.split(" ")[0] not in ARTICLES or films[1].title.count(", ") == 1

"""When two spellings of a title are the same title."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poster_analysis.collection.titles import (
    asked_keys,
    closeness,
    title_key,
    title_keys,
    title_names,
    undated,
)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Heat (1995)", ("Heat", 1995)),
        ("Heat [1995]", ("Heat", 1995)),
        ("Heat (TV Movie 1995)", ("Heat", 1995)),
        ("Heat (1995) (TV)", ("Heat", 1995)),
        ("Heat (1995) (V)", ("Heat", 1995)),
        ("Heat (1995/II)", ("Heat", 1995)),
        ("Heat (c. 1995)", ("Heat", 1995)),
        ("Twin Peaks (1990–1991)", ("Twin Peaks", 1990)),
        ("Twin Peaks (TV Series 1990- )", ("Twin Peaks", 1990)),
        ("(500) Days of Summer (2009)", ("(500) Days of Summer", 2009)),
        ("2001: A Space Odyssey (1968)", ("2001: A Space Odyssey", 1968)),
        ("Blade Runner 2049", ("Blade Runner 2049", None)),
        ("1917", ("1917", None)),
        ("(1917)", ("(1917)", None)),
        ("Heat (3995)", ("Heat (3995)", None)),
        ("Foo (Bar 1999)", ("Foo (Bar 1999)", None)),
        ("", ("", None)),
    ],
)
def test_years_are_taken_off(title, expected):
    assert undated(title) == expected


@pytest.mark.parametrize(
    ("filed", "in_front", "short"),
    [
        ("Avengers, The", "The Avengers", "avengers"),
        ("Untergang, Der", "Der Untergang", "untergang"),
        ("Boot, Das", "Das Boot", "boot"),
        ("Leben der Anderen, Das", "Das Leben der Anderen", "leben der anderen"),
        ("Enfants du paradis, Les", "Les enfants du paradis", "enfants du paradis"),
        ("Avventura, L'", "L’avventura", "avventura"),
        ("Gattopardo, Il", "il gattopardo", "gattopardo"),
        ("Soliti ignoti, I", "I soliti ignoti", "soliti ignoti"),
        ("Uccelli, Gli", "Gli uccelli", "uccelli"),
        ("Strada, La", "La strada", "strada"),
        ("Laberinto del fauno, El", "El laberinto del fauno", "laberinto del fauno"),
        ("Olvidados, Los", "Los olvidados", "olvidados"),
        ("Altra domenica, Un'", "Un'altra domenica", "altra domenica"),
        ("Aanslag, De", "De aanslag", "aanslag"),
        ("Sjunde inseglet, Det", "Det sjunde inseglet", "sjunde inseglet"),
        ("Avengers,The", "The Avengers", "avengers"),
    ],
)
def test_an_article_stands_in_front_at_the_end_or_nowhere(filed, in_front, short):
    for title in (filed, in_front):
        keys = frozenset().union(*title_keys(f"{title} (1990)"))
        assert asked_keys(filed) & keys and asked_keys(in_front) & keys and short in keys
    assert asked_keys(filed) & title_keys(in_front)[0]


def test_what_looks_like_an_article_of_another_language_counts_least():
    first, *others, last = title_keys("Die Hard (1988)")
    assert first == {"die hard"} and last == {"hard"} and not any(others)
    assert title_keys("I, Robot")[3] == frozenset()  # a pronoun: a comma follows
    assert title_keys("The Heat")[1] == {"heat"} and not title_keys("The Heat")[3]


def test_other_titles_come_from_parentheses_and_from_their_column():
    own, others = title_names(
        "Seven Samurai (Shichinin no samurai) (II) (1954)", "七人の侍 | | Die sieben Samurai (1954)"
    )
    assert own[0].startswith("Seven Samurai")
    assert others == ["七人の侍 ", " Die sieben Samurai", "Shichinin no samurai"]
    keys = title_keys("Seven Samurai", "七人の侍 | Die sieben Samurai (1954)")
    assert {"七人の侍", "die sieben samurai"} <= keys[2] and "sieben samurai" in keys[3]


@pytest.mark.parametrize(
    ("asked", "title", "expected"),
    [
        ("mother!", "Mother! (2017)", 0),
        ("mother", "Mother! (2017)", 2),
        ("amelie", "Amélie", 1),
        ("L'Avventura", "Avventura, L' (1960)", 0),
        ("ano!", "Año", 3),
        ("the mother", "Mother!, The", 2),
    ],
)
def test_signs_and_accents_are_told_apart(asked, title, expected):
    assert closeness(asked, title) == expected


@given(st.text(max_size=40), st.text(max_size=20))
def test_any_text_has_keys_that_are_keys(title, other):
    for key in frozenset().union(*title_keys(title, other)):
        assert title_key(key) == key
    assert closeness(title, title, other) in (0, 1, 2, 3)

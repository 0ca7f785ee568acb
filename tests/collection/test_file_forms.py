"""Posters named as people and their programs name them: each form with the film that is meant."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poster_analysis.collection.file_names import numbers_in, stem_of, title_keys, titles_in
from poster_analysis.collection.matching import match_films

TITLES = {
    "113277": ("Heat (1995)", 1995),
    "93200": ("Heat (1986)", 1986),
    "478970": ("Ant-Man (2015)", 2015),
    "114709": ("Toy Story (1995)", 1995),
    "120363": ("Toy Story 2 (1999)", 1999),
    "62622": ("2001: A Space Odyssey (1968)", 1968),
    "50083": ("12 Angry Men (1957)", 1957),
    "112682": ("City of Lost Children, The (Cité des enfants perdus, La) (1995)", 1995),
    "68646": ("Godfather, The (1972)", 1972),
    "117060": ("Mission: Impossible (1996)", 1996),
    "211915": ("Fabuleux destin d'Amélie Poulain, Le (2001)", 2001),
    "1856101": ("Blade Runner 2049 (2017)", 2017),
    "7451284": ("1917 (2019)", 2019),
    "119217": ("Good Will Hunting", None),
    "tt-like": ("Solaris (1972)", 1972),
}
FILMS = pd.DataFrame(
    {
        "imdb_id": [*TITLES],
        "title": [title for title, _ in TITLES.values()],
        "year": pd.array([year for _, year in TITLES.values()], dtype="Int64"),
    }
)


def film_of(path, **options):
    """The film of one path among films, or nothing."""
    found = match_films([path], FILMS, **options).table.iloc[0]
    return found["film_id"] if found["how"] else None


@pytest.mark.parametrize(
    "path",
    [
        "tt0113277.jpg", "0113277.jpg", "113277.jpg", "TT0113277.JPG", "tt0113277_1.jpg", "tt0113277-poster.jpg",
        "tt0113277_w500.jpg", "tt0113277 (1).jpg", "tt0113277 - Copy.jpg", "tt0113277 - Kopie (2).jpg", "113277_2.jpg",
        "113277-teaser.jpg", "113277.en.jpg", "0113277_MV5BMTk3OTUx@._V1_SX300.jpg", "poster_tt0113277.jpg", "poster-113277.jpg",
        "imdb_0113277.jpg", "Heat (1995) [tt0113277].jpg", "Heat (1995) {imdb-tt0113277}.jpg", "113277-heat-1995.jpg",
        "113277 Heat.jpg", "Heat (1995).jpg", "Heat_(1995).jpg", "heat-1995.jpg", "Heat.1995.1080p.BluRay.x264.jpg", "Heat [1995].jpg",
        "Heat (1995) (1).jpg", "Heat (1995)-poster.jpg", "Heat (1995) [1080p].jpg", "HEAT 1995.PNG", "Heat%20(1995).jpg", "12. Heat (1995).jpg",
        "Heat (1995)/poster.jpg", "Heat (1995)/folder.jpg", "Heat (1995)/1.jpg", "Heat (1995)/IMG_2041.jpg", "tt0113277/poster.jpg",
        "0113277/cover-large.jpg", "Drama/Heat (1995)/poster.jpg", "1995/tt0113277.jpg", "Heat (1995)/posters/en/01.jpg", "Crime/heat-1995.jpg",
        "1995 - Heat.jpg", "1995_heat.jpg", "(1995) Heat.jpg", "1995/1995 - Heat/poster.jpg", "tt0113277.jpg.webp", "tt0113277.jpg_large", "Heat (1995)/Heat (1995)-poster.jpg", "113277.0.jpg",
    ],
)  # fmt: skip
def test_forms_that_mean_one_film(path):
    assert film_of(path) == "113277"


@pytest.mark.parametrize(
    ("path", "film"),
    [
        ("Ant-Man (2015).jpg", "478970"),
        ("ant-man-2015.jpg", "478970"),
        ("Ant.Man.2015.jpg", "478970"),
        ("ant_man.jpg", "478970"),
        ("antman.jpg", "478970"),
        ("Toy Story 2.jpg", "120363"),
        ("Toy Story.jpg", "114709"),
        ("toy-story-2-1999.jpg", "120363"),
        ("Toy Story (1995)_2.jpg", "114709"),
        ("2001-a-space-odyssey-1968.jpg", "62622"),
        ("2001 A Space Odyssey.jpg", "62622"),
        ("12 Angry Men.jpg", "50083"),
        ("12-angry-men-1957.webp", "50083"),
        ("The City of Lost Children (1995).jpg", "112682"),
        ("city-of-lost-children-the-1995.jpg", "112682"),
        ("La cité des enfants perdus.jpg", "112682"),
        ("The Godfather.jpg", "68646"),
        ("the-godfather.jpg", "68646"),
        ("Godfather, The (1972).jpg", "68646"),
        ("Mission Impossible (1996).jpg", "117060"),
        ("Mission_ Impossible (1996).jpg", "117060"),
        ("Ame\u0301lie (2001)/poster.jpg", None),
        ("Le fabuleux destin d'Ame\u0301lie Poulain.jpg", "211915"),
        ("le-fabuleux-destin-d-amelie-poulain-2001.jpg", "211915"),
        ("Blade Runner 2049.jpg", "1856101"),
        ("Blade.Runner.2049.2017.jpg", "1856101"),
        ("1917.jpg", "7451284"),
        ("1917 (2019).jpg", "7451284"),
        ("good-will-hunting-1997.jpg", "119217"),
        ("Solaris (1973).jpg", "tt-like"),
    ],
)
def test_titles_and_years(path, film):
    assert film_of(path) == film


@pytest.mark.parametrize(
    "path",
    [
        "Heat.jpg", "heat (1990).jpg", "Alien (1979).jpg", "Toy Story 3.jpg", "poster.jpg", "IMG_2041.jpg", "1995/scan 3.jpg", "1.jpg",
        "Drama/7.jpg", "Wonder Woman 1984.jpg", "Toy (1995).jpg", "Heat Wave (1995).jpg", "9113277.jpg", "x113277x.jpg", "The.jpg",
    ],
)  # fmt: skip
def test_what_means_no_film_of_the_table_is_left_without_a_row(path):
    assert film_of(path) is None


def test_a_title_of_two_films_is_in_doubt():
    (found,) = match_films(["heat.jpg"], FILMS).table.itertuples()
    assert (found.how, found.doubt, found.film_id) == ("", "ambiguous", "heat")


def test_a_number_that_the_title_contradicts_gives_way_to_title_and_year():
    (found,) = match_films(["0114709 Heat (1995).jpg"], FILMS).table.itertuples()
    assert (found.film_id, found.how, found.doubt) == ("113277", "title", "contradiction")
    (found,) = match_films(["0114709 Flicker (1940).jpg"], FILMS).table.itertuples()
    assert (found.film_id, found.how, found.doubt) == ("114709", "id", "contradiction")


@pytest.mark.parametrize(
    "rest", ["Toy Story", "_w500", "Juguetes (1995)", "toy_story_poster", "- (Toy) Story!"]
)
def test_a_number_that_nothing_contradicts(rest):
    (found,) = match_films([f"0114709 {rest}.jpg"], FILMS).table.itertuples()
    assert (found.film_id, found.how, found.doubt) == ("114709", "id", "")


@pytest.mark.parametrize(
    "cell",
    [
        "/abc.jpg",
        "abc.jpg",
        "posters/abc.jpg",
        "C:\\posters\\ABC.JPG",
        "https://a.example/t/p/w500/abc.jpg?x=1",
        "abc",
        "x.png | abc.jpg",
    ],
)
def test_a_column_of_file_names(cell):
    films = FILMS.assign(file=[cell, *[""] * (len(FILMS) - 1)])
    table = match_films(["sub/abc.jpg", "Toy Story.jpg"], films).table
    assert table["film_id"].tolist() == ["113277", "114709"]
    assert table["how"].tolist() == ["file", "title alone"]


def test_a_file_name_that_two_rows_have_decides_nothing():
    films = FILMS.assign(file=["poster.jpg"] * len(FILMS))
    assert match_films(["poster.jpg"], films).table["how"].tolist() == [""]


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        (r"poster_(\d+)", "x/poster_0113277_big.jpg"),
        (r"(?P<id>\d{7})", "12/0113277x.jpg"),
        (r"\d{7}", "a0113277b.jpg"),
    ],
)
def test_a_pattern(pattern, path):
    assert film_of(path, id_pattern=pattern) == "113277"


def test_titles_in_other_columns_count():
    films = FILMS.assign(other_titles=["Fuego contra fuego | Feu", *[""] * (len(FILMS) - 1)])
    assert match_films(["fuego-contra-fuego.jpg"], films).table["film_id"].tolist() == ["113277"]


def test_small_numbers_among_titles_are_titles():
    films = pd.DataFrame(
        {"imdb_id": ["300", "1", "2"], "title": ["Heat", "300", "Alien"], "year": [pd.NA] * 3}
    )
    found = match_films(["300.jpg", "Heat.jpg", "alien.jpg"], films).table
    assert found["film_id"].tolist() == ["1", "300", "2"]


# Without a table


@pytest.mark.parametrize(
    ("paths", "films"),
    [
        (["tt0113277_1.jpg", "tt0113277_2.jpg", "0113277.jpg"], ["113277"] * 3),
        (["113277_w500.jpg", "113277-poster.png"], ["113277"] * 2),
        (["Heat (1995)/poster.jpg", "Heat (1995)/fanart.jpg"], ["Heat (1995)"] * 2),
        (["Heat/poster.jpg", "Alien/poster.jpg"], ["Heat", "Alien"]),
        (["Heat (1995).jpg", "Heat (1995) (1).jpg", "Heat (1995)-poster.jpg"], ["Heat (1995)"] * 3),
        (["Alien.jpg", "Alien (1).jpg", "Alien_poster2.jpg"], ["Alien"] * 3),
        (
            ["Toy Story.jpg", "Toy Story 2.jpg", "toy-story-2.jpg"],
            ["Toy Story", "Toy Story 2", "toy-story-2"],
        ),
        (["img_001.jpg", "img_002.jpg"], ["img_001", "img_002"]),
        (["poster (1).jpg", "poster (2).jpg"], ["poster (1)", "poster (2)"]),
        (["1995_001.jpg", "1995_002.jpg"], ["1995_001", "1995_002"]),
        (["Drama/1.jpg", "Drama/2.jpg"], ["1", "2"]),
        (["1995-12-24.jpg", "a 1.jpg", "b 1.jpg"], ["1995-12-24", "a 1", "b 1"]),
        ([f"scans/cover{n}.jpg" for n in range(9)], [f"cover{n}" for n in range(9)]),
    ],
)
def test_files_without_a_table(paths, films):
    assert match_films(paths).table["film_id"].tolist() == films


@given(st.text(max_size=40))
def test_any_name_is_read(name):
    for text in (name, f"{name}/{name}.jpg", f"a/{name}"):
        stem_of(text), [*numbers_in(text)], [*titles_in(text)], title_keys(text)
        assert len(match_films([text.strip("/") or "x"], FILMS).table) == 1

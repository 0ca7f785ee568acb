"""One poster: every scene with every palette, the title readable and inside the sheet."""

from dataclasses import replace

import numpy as np
import pytest

from poster_analysis.core.errors import InputError
from poster_analysis.drawing import films
from poster_analysis.drawing.films import VOCABULARIES, Film, invent_film
from poster_analysis.drawing.genres import GENRES
from poster_analysis.drawing.lettering import BILLING, set_line
from poster_analysis.drawing.painting import HEIGHT, WIDTH, Canvas, Palette, box, lightness
from poster_analysis.drawing.posters import Look, choose_look, draw_poster, readable

SCENES = [(genre, scene) for genre in GENRES for scene in range(len(GENRES[genre].scenes))]
SILENT = Film("I", 1950)


@pytest.mark.parametrize(("genre", "scene"), SCENES)
def test_every_scene_can_be_drawn_and_says_its_title(genre, scene):
    habits = GENRES[genre]
    look = Look(
        genre, habits.palettes[scene % 4], scene, habits.letterings[1], mirror=scene % 2 == 0
    )
    film = invent_film(genre, scene, np.random.default_rng(scene))
    poster = draw_poster(film, look, random_state=scene)
    assert poster.size == (WIDTH, HEIGHT)
    assert poster.mode == "RGB"
    other = draw_poster(replace(film, name="Zyx Wvut"), look, random_state=scene)
    changed = np.abs(np.asarray(poster, int) - np.asarray(other, int)).max(axis=2) > 60
    assert changed.sum() > 150, "another title changes nothing that can be seen"
    assert np.asarray(poster, float).std() > 12


def _missing(face, text):
    """The letters of a text that a face does not have."""
    face = replace(face, bounce=0)
    blank = np.asarray(set_line("\U0010fffd", face, 60).mask)
    letters = sorted(set(face.cased(text)) - {" "})
    masks = [np.asarray(set_line(letter, face, 60).mask) for letter in letters]
    return [a for a, mask in zip(letters, masks, strict=True) if np.array_equal(mask, blank)]


@pytest.mark.parametrize("genre", GENRES)
def test_every_face_has_the_letters_it_must_set(genre):
    words, small = VOCABULARIES[genre], GENRES[genre].small
    people = "".join([films._FIRST, films._LAST, *films._STUDIOS])
    for habits in (GENRES[genre], GENRES[GENRES[genre].neighbour]):
        for lettering in habits.letterings:
            assert _missing(lettering.face, "".join(words.titles()) + words.foreign) == []
    assert _missing(small, words.taglines + people) == []
    assert _missing(BILLING, people) == []


def test_a_long_title_stays_on_the_sheet():
    film = Film(
        "The Extraordinarily Unlikely Correspondence of Rosalind & the Submarine", 1999, "VI"
    )
    for genre in GENRES:
        look = choose_look(genre, np.random.default_rng(1))
        bare = np.asarray(draw_poster(SILENT, look, random_state=4), int)
        full = np.asarray(draw_poster(film, look, random_state=4), int)
        edge = np.ones((HEIGHT, WIDTH), bool)
        edge[6:-6, 6:-6] = False
        changed = np.abs(full - bare).max(axis=2) > 100
        assert changed[edge].mean() < 0.003


def test_the_same_arguments_give_the_same_bytes_and_another_seed_does_not():
    rng = np.random.default_rng(0)
    film, look = invent_film("Sci-Fi", 0, rng), choose_look("Sci-Fi", rng)
    first = draw_poster(film, look, random_state=[3, 4])
    assert first.tobytes() == draw_poster(film, look, random_state=[3, 4]).tobytes()
    assert first.tobytes() != draw_poster(film, look, random_state=[3, 5]).tobytes()


def test_the_first_ink_that_stands_out_is_taken():
    palette = Palette("#101010", "#404040", "#808080", "#f0f0f0", "#ff0000")
    canvas = Canvas("black")
    canvas.shape(box(0, 0, 100, 100), fill="white")
    assert readable(canvas, (10, 10, 90, 90), ("#f0f0f0", "#ff0000"), palette) == "#ff0000"
    assert readable(canvas, (110, 10, 190, 90), ("#f0f0f0", "#ff0000"), palette) == "#f0f0f0"
    assert readable(canvas, (110, 10, 190, 90), (), palette) == palette.light
    assert readable(canvas, (10, 10, 90, 90), ("#f0f0f0",), palette) == palette.dark


def test_looks_follow_their_genre_but_not_always():
    looks = [choose_look("Horror", np.random.default_rng(seed)) for seed in range(60)]
    assert len({look.scene for look in looks}) == len(GENRES["Horror"].scenes)
    assert all(lightness(look.palette.dark) < 0.1 for look in looks)
    borrowed = [look.lettering not in GENRES["Horror"].letterings for look in looks]
    assert 0 < sum(borrowed) < 20


def test_a_genre_that_is_not_drawn_is_named():
    with pytest.raises(
        InputError, match=r"'Opera' is not drawn; valid genres are Horror, .*Documentary"
    ):
        choose_look("Opera", np.random.default_rng(0))

"""What is said of posters and their table before anything is computed, and what stops a study."""

import html
import re

import pandas as pd
import pytest
from PIL import Image

from poster_analysis.cli import main
from poster_analysis.collection.check import check
from poster_analysis.collection.doubts import doubts_of_values
from poster_analysis.collection.posters import read_collection
from poster_analysis.core.errors import InputError
from poster_analysis.study.parameters import Parameters
from poster_analysis.study.run import Run

MOVIELENS = {"id_column": "movieId", "title_column": "title", "genre_column": "genres"}


def pictures(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 12), (number * 7 % 256, number // 37, 90)).save(folder / name, "JPEG")
    return folder


def table(path, *rows, header="imdbId,Title,Genre"):
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


@pytest.fixture
def films(tmp_path):
    rows = [f'{n},"Film {n} ({1900 + n})",{"Drama|Crime" if n % 3 else ""}' for n in range(1, 31)]
    return table(tmp_path / "films.csv", *rows)


def test_a_check_says_what_fits_and_what_does_not(tmp_path, films):
    posters = pictures(
        tmp_path / "p",
        *(f"{n}.jpg" for n in range(1, 16)),
        "a.jpg",
        "b/c.jpg",
        "Film 20 (1920).jpg",
    )
    (posters / "notes.txt").write_text("x")
    (posters / "page.jpg").write_text("<html>")
    found = check(posters, films)
    assert (found.n_posters, found.n_matched, found.is_good, found.objection) == (18, 16, True, "")
    assert len(found.rows_without_poster) == 14
    text = str(found)
    for part in (
        "18 posters in", "left out, not an image: notes.txt, page.jpg", "16 of 18 posters have a row: 15 by id, 1 by title and year",
        "2 posters without a row: a.jpg, b/c.jpg", "14 rows without a poster: Film 16 (1916) [16], ", " and 4 more", "30 films in", "UTF-8",
        "genres     Drama 11, Crime 11; 5 films without", "years      1901 to 1920", "next       poster-analysis study",
    ):  # fmt: skip
        assert part in text, (part, text)
    assert len(found.summary()) == 3 and "2 other files left out" in found.summary()[0]
    shown = re.findall("<td[^>]*>(.*?)</td>", found._repr_html_())
    assert [html.unescape(one) for one in shown] == [line[11:] for line in found.lines()]


def test_lines_are_broken_where_a_terminal_ends(tmp_path, films):
    found = check(
        pictures(tmp_path / "p", *(f"a long name of a file {n}.jpg" for n in range(9)), "1.jpg"),
        films,
    )
    lines = found.lines(60)
    assert max(map(len, lines)) <= max(60, len(str(tmp_path)) + 30) and len(lines) > len(
        found.lines()
    )
    assert all(
        line[:11].strip()
        in ("", "posters", "table", "columns", "match", "genres", "years", "stop", "look at")
        for line in lines
    )
    assert " ".join(" ".join(lines).split()) == " ".join(" ".join(found.lines()).split())


def test_a_check_does_not_tell_to_check(tmp_path, films):
    found = check(pictures(tmp_path / "p", "x.jpg"), films)
    assert "poster-analysis check" not in str(found) and "--anyway" not in str(found)
    assert found.refusal.startswith(found.objection) and "poster-analysis check" in found.refusal
    assert "genres  " not in str(found), "there are none to count"


def test_another_column_that_has_the_posters_is_named(tmp_path):
    rows = [f"{900 + n},tt{113277 + n:07d},/pic{n}xyz.jpg,Film {n}" for n in range(20)]
    movies = table(tmp_path / "m.csv", *rows, header="id,imdb_id,poster_path,title")
    by_id = check(pictures(tmp_path / "i", *(f"{900 + n}.jpg" for n in range(12))), movies)
    assert "'id' has 12 of the posters" in by_id.objection and "--id-column id)" in by_id.objection
    by_file = check(pictures(tmp_path / "f", *(f"pic{n}xyz.jpg" for n in range(12))), movies)
    assert "--file-column poster_path)" in by_file.objection
    for posters, option in (("i", {"id_column": "id"}), ("f", {"file_column": "poster_path"})):
        assert check(tmp_path / posters, movies, **option).n_matched == 12


def test_a_table_with_a_row_for_each_poster_names_its_files(tmp_path):
    rows = [f"p{n}.jpg,{n // 2},Film {n // 2}" for n in range(8)]
    movies = table(tmp_path / "m.csv", *rows, header="poster_file,imdbId,Title")
    found = check(pictures(tmp_path / "p", *(f"p{n}.jpg" for n in range(8))), movies)
    assert (
        "'poster_file' has 8 of the posters" in found.objection
        and "--file-column poster_file" in found.objection
    )
    again = check(tmp_path / "p", movies, file_column="poster_file")
    assert again.n_matched == 8 and again.films["film_id"].nunique() == 4


def test_a_table_of_links_beside_the_other_is_named(tmp_path):
    movies = table(
        tmp_path / "movies.csv", "1,Toy Story (1995),Animation", header="movieId,title,genres"
    )
    table(tmp_path / "links.csv", "1,0114709", header="movieId,imdbId")
    found = check(pictures(tmp_path / "p", "0114709.jpg", "0113277.jpg"), movies)
    assert f"--links {tmp_path / 'links.csv'}" in found.objection
    assert check(tmp_path / "p", movies, links=tmp_path / "links.csv").n_matched == 1


def test_films_without_ids_are_found_by_title_and_year(tmp_path):
    movies = table(tmp_path / "m.csv", "Heat,1995", "Jumanji,1995", header="Title,Year")
    found = check(pictures(tmp_path / "p", "Heat (1995).jpg", "jumanji-1995.jpg"), movies)
    assert "2 of 2 posters have a row: 2 by title and year" in str(found)


def test_a_folder_alone(tmp_path):
    found = check(pictures(tmp_path / "p", "Drama/1.jpg", "Crime/2.jpg"))
    assert found.is_good and len(found.summary()) == 1 and found.lines()[-1].startswith("next")
    assert "folder: Drama (1), Crime (1)" in str(found) or "Crime (1)" in str(found)


def test_names_reach_a_terminal_on_one_line(tmp_path, films):
    found = check(pictures(tmp_path / "p", "1.jpg", "a\n\x1b[31mb.jpg", "x" * 200 + ".jpg"), films)
    assert all(line.isprintable() and len(line) < 400 for line in found.lines())
    assert "\x1b" not in found._repr_html_()


# What stops


def test_nearly_no_match_stops(tmp_path, films):
    posters = pictures(tmp_path / "p", "1.jpg", *(f"scan{n}.jpg" for n in range(30)))
    found = check(posters, films)
    assert not found.is_good and "only 1 of the 31 posters has a row" in found.objection
    with pytest.raises(InputError, match=r"^[^\n]+--anyway\)$"):
        read_collection(posters, films)
    assert len(read_collection(posters, films, anyway=True)) == 31


def test_no_match_at_all_stops_and_may_be_let_pass(tmp_path, films):
    posters = pictures(tmp_path / "p", "x.jpg")
    with pytest.raises(InputError, match="none of the 1 poster has a row"):
        read_collection(posters, films)
    table = read_collection(posters, films, anyway=True).table
    assert table["title"].tolist() == [""]


def test_less_than_half_is_said_but_does_not_stop_a_study(tmp_path, films):
    posters = pictures(tmp_path / "p", "1.jpg", "2.jpg", "x.jpg", "y.jpg", "z.jpg")
    found = check(posters, films)
    assert not found.is_good and not found.objection and "less than half" in str(found)
    assert len(read_collection(posters, films)) == 5


def test_rows_without_a_poster_are_no_reason_to_stop(tmp_path, films):
    assert check(pictures(tmp_path / "p", "1.jpg"), films).is_good


def test_numbers_of_movielens_beside_names_of_imdb(tmp_path):
    movies = table(
        tmp_path / "movies.csv", "1,Toy Story (1995),Animation", "113277,Flicker (1940),Drama", "114709,Other (1950),Drama",
        header="movieId,title,genres",
    )  # fmt: skip
    posters = pictures(tmp_path / "p", "0113277.jpg", "0114709.jpg", "tt0112682.jpg", "0113986.jpg")
    found = check(posters, movies, **MOVIELENS)
    assert not found.is_good and "MovieLens" in found.objection and "--links" in found.objection
    with pytest.raises(InputError, match="links"):
        read_collection(posters, movies, **MOVIELENS)
    own = pictures(tmp_path / "own", "1.jpg", "113277.jpg", "2.jpg")
    assert check(own, movies, **MOVIELENS).is_good


def test_titles_that_contradict_the_ids(tmp_path):
    movies = table(
        tmp_path / "films.csv",
        "113277,Flicker (1940),",
        "114709,Fog (1950),",
        "112682,Fire (1960),",
    )
    posters = pictures(
        tmp_path / "p", "0113277 Heat (1995).jpg", "0114709 Toy Story (1995).jpg", "0112682.jpg"
    )
    found = check(posters, movies)
    assert "is another film's" in found.objection or "another film's" in found.objection
    assert "'Flicker (1940)'" in found.objection
    assert any("0113277 Heat (1995).jpg (Flicker (1940))" in one for one in found.suspicions)


def test_one_contradiction_is_said_and_does_not_stop(tmp_path, films):
    posters = pictures(tmp_path / "p", *(f"{n}.jpg" for n in range(1, 9)))
    more = table(
        tmp_path / "more.csv", *(f"{n},Film {n}," for n in range(1, 9)), "113277,Flicker (1940),"
    )
    pictures(posters, "tt0113277 Heat (1995).jpg")
    found = check(posters, more)
    assert found.is_good and len(found.suspicions) == 1


def test_suspicious_values(tmp_path):
    found = check(
        pictures(tmp_path / "p", "9.jpg"), table(tmp_path / "films.csv", "9,AmÃ©lie (2001),Drama")
    )
    assert any("wrong encoding" in sentence for sentence in found.suspicions)
    values = pd.DataFrame(
        {
            "title": [f"Film {n % 2}" for n in range(20)],
            "genre": "Drama, Crime",
            "year": [1995, 95] * 10,
        }
    )
    values["year"] = values["year"].astype("Int64")
    said = " ".join(doubts_of_values(values))
    for what in (
        "separator inside: Drama, Crime",
        "none in which films were made: 95",
        "is this the column of titles?",
    ):
        assert what in said


# From the command line


def test_the_command_says_it_and_its_exit_code_tells(tmp_path, films, capsys):
    good = pictures(tmp_path / "good", "1.jpg", "2.jpg")
    bad = pictures(tmp_path / "bad", "1.jpg", "x.jpg", "y.jpg")
    assert main(["check", "--posters", str(good), "--metadata", str(films)]) == 0
    said = capsys.readouterr()
    assert "2 of 2 posters have a row: 2 by id" in said.out and said.err == ""
    assert main(["check", "--posters", str(bad), "--metadata", str(films)]) == 1
    assert "less than half" in capsys.readouterr().out
    assert main(["check", "--posters", str(bad)]) == 0
    assert main(["check", "--posters", str(tmp_path / "none")]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "films.csv", "good"]


def test_extract_begins_with_the_summary_and_stops_before_any_work(tmp_path, films, capsys):
    posters = pictures(tmp_path / "p", "x.jpg", "y.jpg")
    words = [
        "extract",
        "--posters",
        str(posters),
        "--metadata",
        str(films),
        "--backbone",
        "colour",
        "--out",
        str(tmp_path / "out"),
    ]
    assert main(words) == 2
    assert "--anyway" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main([*words, "--anyway"]) == 0
    assert "0 of 2 posters have a row" in capsys.readouterr().err
    assert "anyway" not in Run(tmp_path / "out").record["parameters"]
    assert Parameters("p", anyway=True) == Parameters("p")

"""The command line from outside: one line for every wrong input, nothing half-written, JSON."""

import json
import shutil
import subprocess
import sys

import pytest

from poster_analysis.cli import cli, main
from poster_analysis.core.errors import InputError
from poster_analysis.workflow import pipeline


def refused(capsys, *words):
    """Run a command that must be refused; return the one line it says."""
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    assert code == 2, said.err
    lines = said.err.strip().splitlines()
    assert lines[-1].startswith("poster-analysis: ")
    assert "Traceback" not in said.err
    return lines[-1]


@pytest.fixture
def study_words(drawn, tmp_path):
    """A command that would work, to be spoilt by one option."""
    return ["study", "--posters", drawn.posters, "--out", tmp_path / "out", "--backbone", "colour"]


def spoilt(words, *more):
    """The command with options added; a later option wins over an earlier one."""
    return [*words, *more]


@pytest.mark.parametrize("name", list(cli.commands))
def test_help_ends_in_an_example_of_the_command(capsys, name):
    assert main([name, "--help"]) == 0
    lines = capsys.readouterr().out.rstrip().splitlines()
    assert lines[-2].strip() == "Example:"
    assert lines[-1].strip().startswith(f"poster-analysis {name} ")


def test_every_command_is_in_the_readme(request):
    readme = (request.config.rootpath / "README.md").read_text()
    assert [name for name in cli.commands if f"poster-analysis {name}" not in readme] == []


def test_missing_folder(capsys, study_words, tmp_path):
    line = refused(capsys, *spoilt(study_words, "--posters", tmp_path / "none"))
    assert str(tmp_path / "none") in line
    assert not (tmp_path / "out").exists()


def test_empty_folder(capsys, study_words, tmp_path):
    (tmp_path / "empty").mkdir()
    line = refused(capsys, *spoilt(study_words, "--posters", tmp_path / "empty"))
    assert "no images" in line
    assert not (tmp_path / "out").exists()


def test_metadata_without_ids_lists_the_columns_found(capsys, study_words, tmp_path):
    (tmp_path / "films.csv").write_text("Place,Kind\n1,Crime\n")
    line = refused(capsys, *spoilt(study_words, "--metadata", tmp_path / "films.csv"))
    assert "imdbId" in line and "Place" in line
    assert not (tmp_path / "out").exists()


def test_wrong_encoding(capsys, study_words, tmp_path):
    (tmp_path / "films.csv").write_bytes("imdbId,Title,Genre\n1,Amélie,Comedy\n".encode("latin-1"))
    words = spoilt(study_words, "--metadata", tmp_path / "films.csv", "--encoding", "utf-8")
    assert "utf-8" in refused(capsys, *words).lower()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--k-max", "5000"], "k_max is 5000"),
        (["--k-min", "9", "--k-max", "8"], "runs backwards"),
        (["--sample", "5000"], "sample is 5000"),
        (["--n-neighbors", "5000"], "n_neighbors is 5000"),
        (["--k-min", "five"], "five"),
        (["--backbone", "vgg61"], "vgg61"),
        (["--pooling", "mean"], "mean"),
        (["--no-such-option"], "--no-such-option"),
        (["--backbone", "vgg16", "--weights", "no-such-file.h5"], "no-such-file.h5"),
    ],
)
def test_values_that_cannot_be(capsys, study_words, tmp_path, options, said):
    assert said in refused(capsys, *spoilt(study_words, *options))
    assert not (tmp_path / "out").exists()


def test_an_option_by_its_earlier_name_works_and_is_not_listed(
    capsys, study_words, tmp_path, monkeypatch
):
    made = []

    def fake(parameters, out, **_):
        made.append(parameters)
        raise InputError("enough")

    monkeypatch.setattr(pipeline, "run_study", fake)
    for option in ("--n-references", "--n-null"):
        assert refused(capsys, *study_words, option, "39").endswith("enough")
        assert "'a' is not a valid integer" in refused(capsys, *study_words, option, "a")
    assert [parameters.n_null for parameters in made] == [39, 39]
    assert "--k_max" in refused(capsys, *study_words, "--k_max", "9")
    for name in cli.commands:
        assert main([name, "--help"]) == 0
        assert "references" not in capsys.readouterr().out


def test_weights_that_cannot_be_reached_name_both_ways_out(drawn, tmp_path):
    environment = {
        "KERAS_HOME": str(tmp_path / "keras"),
        "PATH": "",
        "https_proxy": "http://127.0.0.1:9",
    }
    out = tmp_path / "out"
    words = [
        "study",
        "--posters",
        drawn.posters,
        "--out",
        out,
        "--k-max",
        "6",
        "--n-components",
        "8",
    ]
    code = "import sys; from poster_analysis.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
    )
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 2, done.stderr
    assert "vgg16" in lines[-1] and "weights random" in lines[-1]
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_no_study(capsys, tmp_path):
    for words in (["similar", "7"], ["sweep"], ["reduce"], ["report", "clustering"], ["publish"]):
        line = refused(capsys, *words, "--out", tmp_path / "none")
        assert "poster-analysis study" in line
    assert not (tmp_path / "none").exists()


def test_unknown_film_and_too_many_neighbours(capsys, study):
    assert "'99999999'" in refused(capsys, "similar", "99999999", "--out", study)
    assert "no film" in refused(capsys, "similar", "zzzz zzzz", "--out", study)
    film = json.loads((study / "run.json").read_text())["collection"]["n_posters"]
    line = refused(capsys, "similar", first_id(study), "-n", film + 5, "--out", study)
    assert "n_neighbors" in line


def first_id(study):
    return (study / "features_index.csv").read_text().splitlines()[1].split(",")[1]


@pytest.mark.parametrize("spelling", ["{}", "0{}", "tt{}", "tt0{}"])
def test_an_id_is_one_film_however_it_is_spelled(capsys, study, spelling):
    film = first_id(study)
    assert main(["similar", spelling.format(film), "-n", "3", "--json", "--out", str(study)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["query"]["imdb_id"] == film
    assert [row["rank"] for row in answer["neighbours"]] == [1, 2, 3]
    assert film not in [row["imdb_id"] for row in answer["neighbours"]]
    assert set(answer["neighbours"][0]) == {
        "rank",
        "imdb_id",
        "title",
        "genre",
        "similarity",
        "path",
        "explained",
    }


def test_python_the_command_line_and_the_table_give_the_same_answer(capsys, study):
    from poster_analysis.core.files import read_table
    from poster_analysis.extraction.features import load_features
    from poster_analysis.similarity.neighbours import SimilarityIndex

    features, table = load_features(study), read_table(study / "tables" / "neighbours.csv")
    index = SimilarityIndex(features)
    films = [features.index["imdb_id"][row] for row in (0, 7, 31)]
    assert main(["similar", *films, "--json", "--out", str(study)]) == 0
    answers = json.loads(capsys.readouterr().out)
    for film, answer in zip(films, answers, strict=True):
        here = [(row["imdb_id"], row["similarity"]) for row in answer["neighbours"]]
        own = table[table["imdb_id"] == film]
        assert here == list(zip(own["neighbour_id"], own["similarity"], strict=True))
        found = index.similar(film)
        assert here == list(zip(found["imdb_id"], found["similarity"], strict=True))
    assert main(["similar", "31", "--index", "--json", "--out", str(study)]) == 0
    assert json.loads(capsys.readouterr().out) == answers[2]


def test_several_films_are_answered_one_after_the_other(capsys, study):
    from poster_analysis.core.files import read_table

    index = read_table(study / "features_index.csv")
    first, second = index["imdb_id"][2], index["imdb_id"][3]
    assert main(["similar", first, second, "-n", "2", "--out", str(study)]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = [line for line in lines if line.startswith("     ")]  # of a neighbour above
    assert all("both " in line or "this one " in line for line in told)
    lines = [line for line in lines if line not in told]
    assert len(lines) == 6 and [line[:3] for line in lines[1:3] + lines[4:]] == ["  1", "  2"] * 2
    assert "zzzz" in refused(capsys, "similar", first, "zzzz zzzz", "--out", study)
    assert "no film was asked for" in refused(capsys, "similar", "--out", study)


def test_an_image_from_outside_finds_its_twin_in_the_collection(capsys, study, drawn, tmp_path):
    index = (study / "features_index.csv").read_text().splitlines()
    header, row = index[0].split(","), index[1]
    path = next(drawn.posters.rglob(f"*{row.split(',')[1]}.*"))
    elsewhere = tmp_path / "a poster from elsewhere.jpg"
    shutil.copy(path, elsewhere)
    assert "imdb_id" in header
    assert main(["similar", str(elsewhere), "--image", "--json", "--out", str(study)]) == 0
    first = json.loads(capsys.readouterr().out)["neighbours"][0]
    assert first["imdb_id"] == first_id(study) and first["similarity"] == 1.0


def test_a_matrix_is_written_with_its_ids(capsys, study, tmp_path):
    target = tmp_path / "matrix.npy"
    assert main(["similar", "--matrix", str(target), "--out", str(study)]) == 0
    assert target.is_file() and len(list(tmp_path.iterdir())) == 2


def test_an_unknown_report_parameter_is_refused_with_the_one_that_was_meant(capsys, study):
    line = refused(capsys, "report", "clustering", "--out", study, "-p", "kmin", "5")
    assert "k_min" in line


def test_a_report_is_written_as_one_file_for_mailing(capsys, study, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(study, out)
    target = tmp_path / "mail" / "extraction.html"
    words = ["report", "extraction", "--out", str(out), "--html", str(target)]
    assert main(words) == 0
    assert capsys.readouterr().out.split()[-1] == str(target)
    text = target.read_text(encoding="utf-8")
    assert "<h1" in text and 'src="data:image/' in text
    assert "--each" in refused(capsys, *words, "--each")
    assert "is a folder" in refused(capsys, *words[:-1], tmp_path)


def test_a_map_method_that_there_is_not_is_refused_before_anything_is_made(
    capsys, study_words, tmp_path
):
    line = refused(capsys, *study_words, "--map-method", "tsne")
    assert "'tsne'" in line and "auto, umap, pca" in line
    assert not (tmp_path / "out").exists()


def test_a_report_with_an_impossible_range_says_so_in_one_line(capsys, study):
    line = refused(
        capsys, "report", "clustering", "--out", study, "-p", "k_min", "9", "-p", "k_max", "3"
    )
    assert "runs backwards" in line
    assert not (study / "runs").exists()


def test_debug_shows_the_traceback(tmp_path):
    with pytest.raises(Exception, match="holds no study"):
        main(["publish", "--out", str(tmp_path), "--debug"])

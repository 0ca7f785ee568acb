"""A folder of posters, with whatever lies between them, becomes one row per poster."""

import json
import os
import shutil
import stat
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poster_analysis.collection.images import IMAGE_SUFFIXES
from poster_analysis.collection.posters import read_collection
from poster_analysis.core.errors import InputError
from poster_analysis.core.files import read_table, write_table

OURS = ["imdb_id", "title", "genre", "year", "path", "sha256"]


def folder_of(folder: Path, *names: str) -> Path:
    """A folder with these files, each of other bytes."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode(errors="surrogateescape"))
    return folder


def refusal(*arguments, **options) -> str:
    with pytest.raises(InputError) as caught:
        read_collection(*arguments, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.fixture
def films(tmp_path):
    path = tmp_path / "films.csv"
    path.write_text(
        "imdbId,Title,Genre,Country\n"
        "tt0000001,One (1901),Short,FR\n0000002,Two (1902),Short|Comedy,US\n10,Ten,Drama,\n"
    )
    return path


# Folders


def test_a_folder_alone_is_a_collection(tmp_path):
    posters = folder_of(tmp_path / "p", "b.jpg", "a.PNG", "tt0000010.jpeg", "9.webp")
    collection = read_collection(posters)
    assert collection.table["imdb_id"].tolist() == ["9", "10", "a", "b"]
    assert list(collection.table) == OURS
    assert (collection.table[["title", "genre"]] == "").all(axis=None)
    assert collection.table["year"].isna().all()
    assert collection.notes == ()
    assert len(collection) == 4


@pytest.mark.parametrize("suffix", sorted(IMAGE_SUFFIXES))
def test_every_suffix_counts_in_any_case(tmp_path, suffix):
    posters = folder_of(
        tmp_path / "p", f"1{suffix}", f"2{suffix.upper()}", f"3{suffix}x", "4"
    )  # by their contents the last two are none
    assert read_collection(posters).table["imdb_id"].tolist() == ["1", "2"]


def test_what_is_left_out_is_counted(tmp_path):
    posters = folder_of(
        tmp_path / "p", "1.jpg", ".DS_Store", "._1.jpg", ".cache/2.jpg", "Thumbs.db", "a/notes.txt"
    )
    collection = read_collection(posters)
    assert collection.table["path"].tolist() == ["1.jpg"]
    left_out = "Left out: 4 hidden files or folders, 1 file that is no image that can be read."
    assert collection.notes == (left_out,)
    assert collection.skipped.to_numpy().tolist() == [["a/notes.txt", "", "not an image"]]


def test_the_id_is_read_from_the_name_of_the_file_alone(tmp_path):
    posters = folder_of(tmp_path / "p 1985" / "tt0000007", "1990/tt0000002.jpg", "x/1.jpg")
    table = read_collection(posters).table
    assert dict(zip(table["imdb_id"], table["path"], strict=True)) == {
        "1": "x/1.jpg",
        "2": "1990/tt0000002.jpg",
    }
    assert table["folder"].tolist() == ["x", "1990"]


def test_different_pictures_of_a_film_are_posters_of_it(tmp_path):
    posters = folder_of(tmp_path / "p", "b/0000001.jpg", "1.png", "a/tt0000001.jpg")
    collection = read_collection(posters)
    assert collection.table["imdb_id"].tolist() == ["1", "1_2", "1_3"]
    assert collection.table["path"].tolist() == ["1.png", "a/tt0000001.jpg", "b/0000001.jpg"]
    assert set(collection.table["film_id"]) == {"1"}
    assert collection.skipped.empty


def test_a_copy_is_skipped_and_the_first_is_named(tmp_path):
    posters = folder_of(tmp_path / "p", "1.png", "a/tt0000001.jpg")
    (posters / "a" / "tt0000001.jpg").write_bytes((posters / "1.png").read_bytes())
    collection = read_collection(posters)
    assert collection.table["path"].tolist() == ["1.png"]
    assert "film_id" not in collection.table
    reason = "the same picture as another file of the film (1.png)"
    assert collection.skipped.to_numpy().tolist() == [["a/tt0000001.jpg", "1", reason]]


def test_an_unreadable_file_does_not_take_the_place_of_a_readable_one(tmp_path):
    posters = folder_of(tmp_path / "p", "1.png")
    (posters / "1.jpg").touch()
    collection = read_collection(posters)
    assert collection.table["path"].tolist() == ["1.png"]
    assert collection.skipped.to_numpy().tolist() == [["1.jpg", "1", "empty file"]]


def test_strange_things_in_a_folder(tmp_path):
    posters = folder_of(tmp_path / "p", "1.jpg", "real/2.jpg", "sub.jpg/3.jpg")
    (posters / "4.jpg").symlink_to("real/2.jpg")
    (posters / "5.jpg").symlink_to("nowhere")
    (posters / "6.jpg").symlink_to("6.jpg")
    (posters / "loop").symlink_to(".", target_is_directory=True)
    if hasattr(os, "mkfifo"):
        os.mkfifo(posters / "7.jpg")
    collection = read_collection(posters)
    assert collection.table["imdb_id"].tolist() == ["1", "2", "3", "4"]
    reasons = dict(zip(collection.skipped["path"], collection.skipped["reason"], strict=True))
    assert reasons["5.jpg"] == "a broken link"
    assert "6.jpg" in reasons
    assert reasons.get("7.jpg", "not a regular file") == "not a regular file"
    assert reasons["loop"] == "a linked folder, which is not followed"
    assert "Left out: 1 file that is no image that can be read." in collection.notes
    assert "1 poster is byte for byte the same as another." in collection.notes


@pytest.mark.parametrize(
    "name",
    ["a b.jpg", 'it\'s "x".jpg', "映画.jpg", "-n.jpg", "%s{}.jpg", "#1,2.jpg"],
)
def test_any_name_survives_the_tables(tmp_path, name):
    collection = read_collection(folder_of(tmp_path / "p", name))
    assert collection.table["path"].tolist() == [name]
    back = read_table(write_table(collection.table, tmp_path / "table.csv"))
    assert back["path"].tolist() == [name]
    assert (tmp_path / "p" / back["path"][0]).is_file()


def test_a_name_that_no_table_can_hold_is_skipped(tmp_path):
    collection = read_collection(folder_of(tmp_path / "p", "1.jpg", "a\rb.jpg"))
    assert collection.table["path"].tolist() == ["1.jpg"]
    assert "control characters" in collection.skipped["reason"][0]
    assert collection.skipped["path"][0] == "a\\rb.jpg"


def test_a_name_without_an_id_is_skipped(tmp_path):
    collection = read_collection(folder_of(tmp_path / "p", "1.jpg", " .jpg"))
    assert collection.skipped.to_numpy().tolist() == [[" .jpg", "", "a file name without an id"]]


def test_a_name_that_is_not_unicode_is_skipped_and_can_be_written(tmp_path):
    (tmp_path / "p").mkdir()
    try:
        Path(os.fsdecode(os.fsencode(tmp_path / "p") + b"/caf\xe9.jpg")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes only Unicode names")
    folder_of(tmp_path / "p", "1.jpg")
    collection = read_collection(tmp_path / "p")
    assert collection.table["path"].tolist() == ["1.jpg"]
    assert "UTF-8" in collection.skipped["reason"][0]
    write_table(collection.skipped, tmp_path / "skipped.csv")


def test_folders_that_are_none(tmp_path):
    (tmp_path / "empty").mkdir()
    folder_of(tmp_path / "others", "list.csv", ".hidden.jpg")
    folder_of(tmp_path, "file.jpg")
    assert "does not exist" in refusal(tmp_path / "missing")
    assert "is not a folder" in refusal(tmp_path / "file.jpg")
    assert "holds no images (.avif" in refusal(tmp_path / "empty")
    assert "only 2 other files" in refusal(tmp_path / "others")
    assert "cannot be read" in refusal(tmp_path / ("x" * 300))


def test_a_folder_of_unreadable_files_is_refused_with_an_example(tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "1.jpg").touch()
    (tmp_path / "p" / "2.jpg").symlink_to("nowhere")
    assert "'1.jpg': empty file" in refusal(tmp_path / "p")


def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    posters = folder_of(tmp_path / "p", "1.jpg", "private/2.jpg")
    scandir = os.scandir

    def guarded(path):
        if "private" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    message = refusal(posters)
    assert "private" in message
    assert "Permission denied" in message


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of POSIX systems")
def test_a_poster_without_permission_is_skipped(tmp_path):
    posters = folder_of(tmp_path / "p", "1.jpg", "2.jpg")
    (posters / "2.jpg").chmod(0)
    if os.access(posters / "2.jpg", os.R_OK):
        pytest.skip("this user may read everything")
    collection = read_collection(posters)
    (posters / "2.jpg").chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert collection.skipped["reason"].tolist() == ["no permission to read the file"]


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_the_order_of_the_file_system_changes_nothing(tmp_path, monkeypatch, data):
    posters = folder_of(tmp_path / "p", "2.jpg", "a/02.jpg", "a/1.jpg", "b/10.png", "b/x.gif")
    expected = read_collection(posters, limit=3)
    walk = os.walk

    def shuffled(*arguments, **options):
        for place, folders, files in walk(*arguments, **options):
            folders[:] = data.draw(st.permutations(folders))
            yield place, folders, data.draw(st.permutations(files))

    with monkeypatch.context() as patch:
        patch.setattr(os, "walk", shuffled)
        found = read_collection(posters, limit=3)
    assert found.digest == expected.digest
    pd.testing.assert_frame_equal(found.skipped, expected.skipped)


# With metadata


def test_posters_and_rows_meet_by_id(tmp_path, films):
    posters = folder_of(tmp_path / "p", "tt0000010.jpg", "0000002.jpg", "other.jpg", "3.jpg")
    collection = read_collection(posters, films)
    assert collection.table["imdb_id"].tolist() == ["2", "3", "10", "other"]
    assert collection.table["title"].tolist() == ["Two (1902)", "", "Ten", ""]
    assert collection.table["year"].tolist() == [1902, pd.NA, pd.NA, pd.NA]
    assert collection.table["Country"].tolist() == ["US", "", "", ""]
    assert list(collection.table) == [*OURS, "Country"]
    assert {
        "The metadata was read as UTF-8.",
        "1 row of the metadata has no year.",
        "2 posters have no row in the metadata.",
        "1 row of the metadata has no poster.",
        "2 posters of 4 have no title.",
        "2 posters of 4 have no genre.",
    } <= {*collection.notes}


def test_metadata_that_fits_no_poster_is_refused(tmp_path, films):
    posters = folder_of(tmp_path / "p", "100.jpg", "101.jpg")
    message = refusal(posters, films)
    assert "none of the 2 posters" in message
    assert "--id-column" in message
    films.write_text("imdbId,Title,Genre\n")
    assert "none" in refusal(posters, films)


def test_errors_of_the_metadata_come_before_the_posters_are_read(tmp_path, films, monkeypatch):
    posters = folder_of(tmp_path / "p", "1.jpg")
    monkeypatch.setattr("poster_analysis.collection.posters.read_bytes", None)
    assert "'tconst'" in refusal(posters, films, id_column="tconst")


def test_parameters_say_what_was_used_and_are_json(tmp_path, films):
    collection = read_collection(folder_of(tmp_path / "p", "1.jpg"), films, limit=1)
    parameters = json.loads(json.dumps(collection.parameters))
    assert parameters["encoding"] == "UTF-8"
    assert parameters["separator"] == ","
    assert parameters["limit"] == 1
    assert parameters["metadata"] == str(films)


def test_no_table_has_missing_text(tmp_path, films):
    collection = read_collection(folder_of(tmp_path / "p", "1.jpg", "x.jpg"), films)
    text = collection.table.drop(columns="year")
    assert text.notna().all(axis=None)
    assert (text.dtypes == "str").all()
    assert (collection.skipped.dtypes == "str").all()


def test_a_collection_is_read_back_as_it_was(tmp_path, films):
    table = read_collection(folder_of(tmp_path / "p", "1.jpg", "2.jpg", "x.jpg"), films).table
    back = read_table(write_table(table, tmp_path / "table.csv"))
    pd.testing.assert_frame_equal(
        back[OURS].astype({"year": "Int64"}), table[OURS], check_dtype=False
    )


# Digests and limits


def test_the_digest_follows_the_content_and_not_the_place(tmp_path, films):
    posters = folder_of(tmp_path / "p", "1.jpg", "2.jpg")
    first = read_collection(posters, films).digest
    shutil.copytree(posters, tmp_path / "elsewhere")
    assert read_collection(tmp_path / "elsewhere", films).digest == first
    folder_of(posters, "notes.txt", ".hidden")
    assert read_collection(posters, films).digest == first
    changes = [
        lambda: films.write_text(films.read_text().replace("One", "Uno")),
        lambda: (posters / "1.jpg").write_bytes(b"edited"),
        lambda: folder_of(posters, "3.jpg"),
        lambda: (posters / "3.jpg").rename(posters / "4.jpg"),
    ]
    digests = [first]
    for change in changes:
        change()
        digests.append(read_collection(posters, films).digest)
    assert len(set(digests)) == len(digests)


@given(sizes=st.tuples(st.integers(1, 30), st.integers(1, 30)), seed=st.integers(0, 2**31))
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_smaller_trial_is_part_of_a_larger_one(tmp_path, sizes, seed):
    posters = tmp_path / "p"
    if not posters.exists():
        folder_of(posters, *(f"{n}.jpg" for n in range(20)))
    small, large = (
        read_collection(posters, limit=size, random_state=seed).table["imdb_id"].tolist()
        for size in sorted(sizes)
    )
    assert set(small) <= set(large)
    assert len(large) == min(20, max(sizes))
    assert large == sorted(large, key=int)


def test_a_trial_is_said_and_its_seed_matters(tmp_path):
    posters = folder_of(tmp_path / "p", *(f"{n}.jpg" for n in range(40)))
    trials = [read_collection(posters, limit=10, random_state=seed) for seed in (9, 9, 10)]
    assert trials[0].notes == ("This is a trial with 10 posters, chosen at random from 40.",)
    assert trials[0].digest == trials[1].digest != trials[2].digest
    everything = read_collection(posters, limit=41)
    assert everything.digest == read_collection(posters).digest
    assert everything.notes == ("The limit of 41 changes nothing: there are 40 posters.",)


@pytest.mark.parametrize("limit", [0, -1, 1.5, "10", True])
def test_a_limit_that_is_no_number_of_posters_is_refused(tmp_path, limit):
    posters = folder_of(tmp_path / "p", "1.jpg", "2.jpg")
    assert "limit" in refusal(posters, limit=limit)


@pytest.mark.skipif("POSTER_ANALYSIS_DATA" not in os.environ, reason="needs POSTER_ANALYSIS_DATA")
def test_the_real_collection():
    data = Path(os.environ["POSTER_ANALYSIS_DATA"])
    collection = read_collection(data / "posters", data / "movie_dataset.csv")
    assert len(collection) == 5000
    assert {
        "The metadata was read as ISO-8859-1.",
        "496 rows of the metadata have no title.",
        "15 posters have no row in the metadata.",
        "500 rows of the metadata have no poster.",
    } <= set(collection.notes)
    assert any("byte for byte" in note for note in collection.notes)

"""Folders of posters as people have them: what becomes a row, under which id, and what is said of the rest."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from poster_analysis.collection.images import image_kind, why_not_read
from poster_analysis.collection.listing import list_images
from poster_analysis.collection.posters import read_collection
from poster_analysis.core.errors import InputError
from poster_analysis.core.files import read_table, write_table
from poster_analysis.similarity.search import find_film, find_films


def pictures(folder, *names, kind="JPEG"):
    """A folder with these files, each another picture."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 12), (number * 7 % 256, number // 37, 90)).save(path, kind)
    return folder


@pytest.fixture
def films(tmp_path):
    path = tmp_path / "films.csv"
    path.write_text(
        "imdbId,Title,Genre\n113277,Heat (1995),Crime\n114709,Toy Story (1995),Animation\n"
        "478970,Ant-Man (2015),Action\n"
    )
    return path


def test_all_posters_of_a_film_are_studied(tmp_path, films):
    names = [f"tt0113277_{n}.jpg" for n in range(1, 58)]
    collection = read_collection(pictures(tmp_path / "p", *names), films)
    assert len(collection) == 57
    assert collection.table["imdb_id"].tolist() == [
        "113277",
        *(f"113277_{n}" for n in range(2, 58)),
    ]
    assert collection.table["path"].tolist() == names
    assert set(collection.table["film_id"]) == {"113277"} and set(collection.table["title"]) == {
        "Heat (1995)"
    }
    assert (
        "1 film has several posters, 57 in all; the column film_id says which belong together, and against chance they count as one film."
        in collection.notes
    )
    assert any("more than a dozen" in note for note in collection.notes)


def test_ids_of_posters_are_as_their_files_say_and_unique(tmp_path):
    names = ["tt0113277.jpg", "tt0113277-poster.png", "tt0113277_w500.jpg", "tt0113277 (1).jpg", "sub/tt0113277 - Copy.jpg",
             "113277_1.webp", "tt0113277_ÄÖ 2.jpg"]  # fmt: skip
    table = read_collection(pictures(tmp_path / "p", *names)).table
    ids = dict(zip(table["path"], table["imdb_id"], strict=True))
    assert ids == {
        "tt0113277.jpg": "113277", "113277_1.webp": "113277_1-2", "tt0113277 (1).jpg": "113277_1", "tt0113277-poster.png": "113277_poster",
        "tt0113277_w500.jpg": "113277_w500", "sub/tt0113277 - Copy.jpg": "113277_Copy", "tt0113277_ÄÖ 2.jpg": "113277_ÄÖ-2",
    } or (ids["tt0113277.jpg"] == "113277" and len(set(ids.values())) == 7)  # fmt: skip
    assert table["imdb_id"].iloc[0] == "113277" and set(table["film_id"]) == {"113277"}


def test_a_single_poster_has_the_id_of_its_film(tmp_path):
    table = read_collection(
        pictures(tmp_path / "p", "tt0113277_3.jpg", "Heat (1995)/poster.jpg")
    ).table
    assert table["imdb_id"].tolist() == ["113277", "Heat (1995)"]
    assert "film_id" not in table


def test_an_id_of_a_poster_never_takes_that_of_a_film(tmp_path):
    films = tmp_path / "films.csv"
    films.write_text("imdbId,Title,Genre\n113277,Heat,\n113277_2,Another,\n")
    posters = pictures(
        tmp_path / "p", "113277_1.jpg", "113277_2.jpg", "113277.jpg", "sub/113277_2.png"
    )
    table = read_collection(posters, films).table
    assert table["imdb_id"].is_unique
    assert dict(zip(table["path"], table["film_id"], strict=True))["113277_2.jpg"] == "113277_2"


def test_copies_are_named_and_copies_of_other_films_stay(tmp_path):
    posters = pictures(tmp_path / "p", "113277.jpg")
    for name in ("113277 (1).jpg", "tt0113277_w500.jpg", "114709.jpg"):
        (posters / name).write_bytes((posters / "113277.jpg").read_bytes())
    collection = read_collection(posters)
    assert collection.table["imdb_id"].tolist() == ["113277", "114709"]
    assert collection.skipped["path"].tolist() == ["113277 (1).jpg", "tt0113277_w500.jpg"]
    assert set(collection.skipped["reason"]) == {
        "the same picture as another file of the film (113277.jpg)"
    }
    assert "1 poster is byte for byte the same as another." in collection.notes


def test_folders_of_films_genres_and_years(tmp_path, films):
    names = [
        "Crime/1995/Heat (1995)/poster.jpg",
        "Animation/1995/tt0114709.jpg",
        "Action/2015/ant-man.jpg",
    ]
    collection = read_collection(pictures(tmp_path / "p", *names), films)
    assert collection.table["imdb_id"].tolist() == ["113277", "114709", "478970"]
    assert collection.table["folder"].tolist() == ["Crime", "Animation", "Action"]
    assert collection.table["folder_2"].tolist() == ["1995", "1995", "2015"]
    back = read_table(write_table(collection.table, tmp_path / "table.csv"))
    assert back["folder"].tolist() == ["Crime", "Animation", "Action"]


def test_folders_that_tell_nothing_apart_are_no_column(tmp_path, films):
    alone = read_collection(pictures(tmp_path / "p", "all/113277.jpg", "all/114709.jpg"), films)
    assert "folder" not in alone.table
    own = read_collection(
        pictures(tmp_path / "q", "Heat (1995)/poster.jpg", "Toy Story (1995)/poster.jpg"), films
    )
    assert "folder" not in own.table and own.table["imdb_id"].tolist() == ["113277", "114709"]


def test_columns_of_the_metadata_with_our_names_get_a_prefix(tmp_path):
    films = tmp_path / "films.csv"
    films.write_text(
        "imdbId,Title,Genre,folder,film_id\n113277,Heat,,mine,x\n114709,Toy,,yours,y\n"
    )
    table = read_collection(pictures(tmp_path / "p", "a/113277.jpg", "b/114709.jpg"), films).table
    assert table["folder"].tolist() == ["a", "b"] and table["metadata_folder"].tolist() == [
        "mine",
        "yours",
    ]
    assert table["metadata_film_id"].tolist() == ["x", "y"] and table.columns.is_unique


@pytest.mark.parametrize(
    "name",
    [
        "113277.jpg_large",
        "113277.jpg-large",
        "113277.jpg:large",
        "113277",
        "113277.JPE",
        "113277.jfif",
        "113277.bin",
        "113277.jpg!d",
        "113277.img",
    ],
)
def test_images_under_another_name_are_taken_by_content(tmp_path, name):
    collection = read_collection(pictures(tmp_path / "p", name))
    assert collection.table["imdb_id"].tolist() == ["113277"]
    assert collection.skipped.empty


def test_what_is_not_taken_is_named(tmp_path):
    posters = pictures(tmp_path / "p", "1.jpg")
    (posters / "a.psd").write_bytes(b"8BPS\0\1\0\0")
    (posters / "b.jpg").write_bytes(b"%PDF-1.7 and so on")
    (posters / "c.svg").write_text(
        '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'
    )
    (posters / "d.txt").write_text("BMW")
    (posters / "e").touch()
    (posters / ".f.jpg").write_bytes(b"x")
    (posters / "._1.jpg").write_bytes(b"x")
    (posters / "@eaDir" / "1.jpg").mkdir(parents=True)
    pictures(posters / "@eaDir" / "1.jpg", "SYNOPHOTO_THUMB_M.jpg")
    collection = read_collection(posters)
    reasons = dict(zip(collection.skipped["path"], collection.skipped["reason"], strict=True))
    assert len(collection) == 1
    assert reasons == {
        ".f.jpg": "a hidden file",
        "a.psd": "a Photoshop file, which is not read here (save it as PNG or JPEG)",
        "b.jpg": "a PDF file, which is not read here (save it as PNG or JPEG)",
        "c.svg": "an SVG file, which is not read here (save it as PNG or JPEG)",
        "d.txt": "not an image",
        "e": "empty file",
    }


def test_pictures_of_telephones(tmp_path):
    heif = pytest.importorskip("pillow_heif", reason='needs the extra "formats"')
    import pillow_jxl  # noqa: F401

    heif.register_heif_opener()
    posters = pictures(tmp_path / "p", "113277.heic", "113277_2.jpg", kind="HEIF")
    pictures(posters, "114709.jxl", kind="JXL")
    collection = read_collection(posters)
    assert collection.table["imdb_id"].tolist() == ["113277", "113277_2", "114709"]
    from poster_analysis.collection.images import UnreadableImage, read_image

    for path in collection.table["path"]:
        assert read_image(posters / path).size == (8, 12)
        data = (posters / path).read_bytes()
        with pytest.raises(UnreadableImage, match=r"truncated|damaged"):
            read_image(data[: len(data) * 2 // 3])


@pytest.mark.parametrize(
    ("kind", "begin"), [("HEIC", b"\0\0\0\x18ftypheic"), ("JPEG XL", b"\xff\x0a\xfa")]
)
def test_pictures_of_telephones_without_the_plugin_are_named(tmp_path, monkeypatch, kind, begin):
    monkeypatch.setattr("poster_analysis.collection.images._format_of", lambda kind: None)
    assert image_kind(begin) == kind
    posters = pictures(tmp_path / "p", "1.jpg")
    (posters / "2.heic").write_bytes(begin)
    (posters / "3.jpg").write_bytes(begin)
    reasons = read_collection(posters).skipped["reason"]
    assert len(reasons) == 2 and all(
        'pip install "poster-analysis[formats]"' in reason for reason in reasons
    )
    assert why_not_read("PNG") == ""


def test_a_heic_name_with_another_content(tmp_path):
    listing = list_images(pictures(tmp_path / "p", "1.heic", "2.jxl"))
    assert (listing.paths, listing.n_by_content) == (["1.heic", "2.jxl"], 2)


def test_a_pattern_and_what_it_does_not_find(tmp_path, films):
    posters = pictures(
        tmp_path / "p", "poster_113277_big.jpg", "poster_114709_big.jpg", "extra.jpg"
    )
    collection = read_collection(posters, films, id_pattern=r"poster_(\d+)")
    assert collection.table["film_id" if "film_id" in collection.table else "imdb_id"].tolist() == [
        "113277",
        "114709",
        "extra",
    ]
    assert "The pattern finds nothing in 1 file name." in collection.notes
    assert collection.parameters["id_pattern"] == r"poster_(\d+)"
    for wrong in ("(", r"film(\d+)"):
        with pytest.raises(InputError, match="--id-pattern"):
            read_collection(posters, films, id_pattern=wrong)


@pytest.mark.parametrize("name", ["posters.zip", "films.csv"])
def test_a_file_in_place_of_the_folder(tmp_path, name):
    (tmp_path / name).write_text("x")
    with pytest.raises(InputError, match=r"not a folder; (unpack it|give)"):
        read_collection(tmp_path / name)


def test_a_film_of_several_posters_is_found_by_its_id_its_title_and_any_poster():
    index = pd.DataFrame(
        {
            "imdb_id": ["113277", "113277_2", "7_b", "8"],
            "title": ["Heat (1995)", "Heat (1995)", "Lost (1950)", "Heat (1986)"],
            "year": pd.array([1995, 1995, 1950, 1986], dtype="Int64"),
            "film_id": ["113277", "113277", "7", "8"],
        }
    )
    assert find_film(index, "tt0113277") == find_film(index, "Heat 1995") == 0
    assert find_film(index, "113277_2") == find_film(index, "tt0113277_2") == 1
    assert find_film(index, "7") == 2  # its first poster is not among the features
    assert find_films(index, "Heat") == [0, 3]
    with pytest.raises(InputError, match="any of 2 films"):
        find_film(index, "Heat")


# One picture in several sizes


def picture(path, width, *, seed=0, quality=80):
    """A picture with large shapes, which a size does not change."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shapes = np.random.default_rng(seed).integers(0, 256, (6, 4, 3), dtype=np.uint8)
    large = Image.fromarray(shapes).resize((500, 750), Image.Resampling.BICUBIC)
    large.resize((width, width * 3 // 2), Image.Resampling.LANCZOS).save(
        path, "JPEG", quality=quality
    )


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        ({"tt0113277_w185.jpg": 185, "tt0113277_w500.jpg": 500}, "tt0113277_w500.jpg"),
        (
            {"w92/tt0113277.jpg": 92, "original/tt0113277.jpg": 400, "w185/tt0113277.jpg": 185},
            "original/tt0113277.jpg",
        ),
        ({"113277.jpg": 300, "113277-small.jpg": 90}, "113277.jpg"),
        (
            {"Heat (1995)/poster-342x513.jpg": 342, "Heat (1995)/poster-thumb.jpg": 60},
            "Heat (1995)/poster-342x513.jpg",
        ),
    ],
)
def test_one_picture_in_several_sizes_is_one_poster(tmp_path, names, kept):
    for name, width in names.items():
        picture(tmp_path / name, width, quality=60 + width % 30)
    found = read_collection(tmp_path)
    assert found.table["path"].tolist() == [kept]
    assert set(found.skipped["path"]) == set(names) - {kept}
    assert all(
        "smaller than another file of the film" in reason and kept in reason
        for reason in found.skipped["reason"]
    )
    assert f"left out, {len(names) - 1} cop" in str(found.check)


@pytest.mark.parametrize(
    "names",
    [
        {"tt0113277_w185.jpg": (185, 0), "tt0113277_w500.jpg": (500, 1)},
        {"tt0113277_1.jpg": (185, 0), "tt0113277_2.jpg": (500, 0)},
        {"tt0113277_teaser_w185.jpg": (185, 0), "tt0113277_w500.jpg": (500, 0)},
        {"tt0113277_w185.jpg": (185, 0), "tt0114709_w500.jpg": (500, 0)},
    ],
    ids=["other pictures", "not named so", "another poster by name", "other films"],
)
def test_other_pictures_are_other_posters(tmp_path, names):
    for name, (width, seed) in names.items():
        picture(tmp_path / name, width, seed=seed)
    assert len(read_collection(tmp_path)) == len(names)


def test_a_size_that_cannot_be_read_costs_no_other(tmp_path):
    picture(tmp_path / "tt0113277_w185.jpg", 185)
    (tmp_path / "tt0113277_w500.jpg").write_bytes(
        (tmp_path / "tt0113277_w185.jpg").read_bytes()[:-400]
    )
    found = read_collection(tmp_path)
    assert "tt0113277_w185.jpg" in found.table["path"].tolist(), (
        "the other is named when it is decoded"
    )


# Folders of media centres, of decades and years, and what is no folder


def test_other_art_beside_posters_is_left_out_by_name(tmp_path):
    names = (
        "Heat (1995)/poster.jpg",
        "Heat (1995)/fanart.jpg",
        "Heat (1995)/clearlogo.png",
        "Up (2009)/banner.jpg",
        "Still.jpg",
        "logo.jpg",
    )
    found = read_collection(pictures(tmp_path / "p", *names))
    assert found.table["path"].tolist() == [
        "Heat (1995)/poster.jpg",
        "Still.jpg",
        "Up (2009)/banner.jpg",
        "logo.jpg",
    ]
    assert set(found.skipped["reason"]) == {
        f"no poster by its name ({kind}), beside others of the film"
        for kind in ("fanart", "clearlogo")
    }
    assert "left out, 2 pictures that by the name are no poster: " in str(found.check)


def test_the_folder_of_a_film_is_no_group_even_if_the_file_says_the_film(tmp_path):
    table = tmp_path / "films.csv"
    table.write_text("Title,Year\nHeat,1995\nUp,2009\n")
    names = ("1990s/Heat (1995)/Heat (1995)-poster.jpg", "2000s/Up (2009)/poster.jpg")
    found = read_collection(pictures(tmp_path / "p", *names), table).table
    assert found["folder"].tolist() == ["1990s", "2000s"] and "folder_2" not in found
    found = read_collection(tmp_path / "p").table
    assert found["folder"].tolist() == ["1990s", "2000s"] and "folder_2" not in found


def test_letterboxd_names_are_titles(tmp_path):
    table = tmp_path / "watched.csv"
    table.write_text(
        "Date,Name,Year,Letterboxd URI\n2023-01-01,Heat,1995,https://boxd.it/2a0c\n2023-01-02,Das Boot,1981,https://boxd.it/2a1c\n"
    )
    posters = pictures(
        tmp_path / "p", "12345-heat-0-230-0-345-crop.jpg", "51234-das-boot-0-500-0-750-crop.jpg"
    )
    assert read_collection(posters, table).table["title"].tolist() == ["Heat", "Das Boot"]


@pytest.mark.parametrize(
    ("given", "said"),
    [("https://www.imdb.com/posters", "download the posters"), ("posters/*.jpg", "no pattern")],
)
def test_what_is_no_folder_is_told_what_to_give(given, said):
    with pytest.raises(InputError, match=said):
        read_collection(given)

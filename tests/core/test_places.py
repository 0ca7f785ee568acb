"""A folder or a file that cannot be written is refused in one line, and nothing stays behind."""

import errno
import os
from pathlib import Path

import pytest

from poster_analysis.core import places
from poster_analysis.core.errors import InputError
from poster_analysis.core.places import check_file, check_folder


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("file", "is a file"),
        ("file/below", "is a file"),
        ("file/further/below", "is a file"),
        ("dangling", "leads nowhere"),
        ("dangling/below", "leads nowhere"),
        ("circle", "leads nowhere"),
        ("circle/below", "cannot"),
        ("a" * 300, "too long"),
        ("new/" + "a" * 300, "too long"),
        ("a\0b", "null"),
        ("\ud800", ""),
    ],
)
def test_what_cannot_be_a_folder_is_refused(folder, path, said):
    before = sorted(folder.iterdir())
    with pytest.raises(InputError) as caught:
        check_folder(folder / path)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("path", ["", " "])
def test_an_empty_path_is_not_the_current_folder(path):
    with pytest.raises(InputError, match="empty"):
        check_folder(path)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EDQUOT])
def test_why_the_system_refuses_is_said(folder, monkeypatch, number):
    def refuse(**_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(places.tempfile, "mkdtemp", refuse)
    for path in (folder, folder / "new"):
        with pytest.raises(InputError, match=os.strerror(number).lower()):
            check_folder(path)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="no /proc here")
def test_a_file_system_in_which_nothing_can_be_made_is_refused_to_root_too():
    with pytest.raises(InputError, match="cannot be written"):
        check_folder("/proc/study")


def test_parts_of_a_folder_must_be_folders(folder):
    (folder / "tables").mkdir()
    check_folder(folder, parts=["tables", "figures"])
    with pytest.raises(InputError, match="file"):
        check_folder(folder, parts=["tables", "file"])
    with pytest.raises(InputError, match="dangling"):
        check_folder(folder, parts=["dangling"])


def test_a_file_to_be_written_is_refused_where_it_cannot_be(folder):
    check_file(folder / "file", example="a.pdf")
    check_file(folder / "new" / "a.pdf", example="a.pdf")
    assert not (folder / "new").exists()
    for path in (folder, folder / "file" / "a.pdf", ""):
        with pytest.raises(InputError):
            check_file(path, example="a.pdf")


def test_the_current_folder_may_have_been_deleted(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(InputError):
        check_folder("out")


@pytest.mark.parametrize("home", ["none", "file"])
def test_a_user_without_a_home_gets_a_temporary_one(folder, monkeypatch, home):
    for name in (*places._CACHES, "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder / home))
    given = places.home_of_nobody()
    assert given.is_dir() and os.environ["HOME"] == str(given) == os.environ["MPLCONFIGDIR"]
    assert places.home_of_nobody() is None


def test_a_home_that_cannot_be_written_keeps_its_weights(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    for name in (*places._CACHES, "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(places.os, "access", lambda *_: False)
    given = places.home_of_nobody()
    assert os.environ["JUPYTER_DATA_DIR"] == str(given)
    assert os.environ["HOME"] == str(folder) and "KERAS_HOME" not in os.environ

"""A site that lost a file, or of which one was changed, is noticed and built again."""

import pytest

from poster_analysis.site import build
from poster_analysis.site.build import publish_if_changed
from poster_analysis.site.contents import CONTENTS, site_damage, write_contents


@pytest.fixture
def site(tmp_path):
    site = tmp_path / "site"
    (site / "posters").mkdir(parents=True)
    (site / "index.html").write_text("<h1>Posters</h1>")
    (site / "posters" / "a  b\u2026.jpg").write_bytes(b"jpeg")
    write_contents(site)
    (site / "shows.txt").write_text("everything")
    return site


def spoil(site, how):
    """Damage a site in one of many ways."""
    picture, page = site / "posters" / "a  b\u2026.jpg", site / "index.html"
    {
        "gone": picture.unlink,
        "cut": lambda: page.write_text("<h1>Pos"),
        "empty": lambda: page.write_text(""),
        "as long": lambda: picture.write_bytes(b"gepj"),
        "a folder": lambda: (page.unlink(), page.mkdir()),
        "no list": (site / CONTENTS).unlink,
        "empty list": lambda: (site / CONTENTS).write_text(""),
        "no text": lambda: (site / CONTENTS).write_bytes(b"\xff"),
        "not a list": lambda: (site / CONTENTS).write_text("hello\n"),
    }[how]()


WAYS = [
    "gone",
    "cut",
    "empty",
    "as long",
    "a folder",
    "no list",
    "empty list",
    "no text",
    "not a list",
]


@pytest.mark.parametrize("how", WAYS)
def test_damage_is_noticed_and_the_site_built_again(site, how, monkeypatch):
    built, said = [], []
    monkeypatch.setattr(build, "publish", lambda out, **_: built.append(out))
    publish_if_changed(site.parent, "everything", say=said.append)
    assert (built, said) == ([], ["site: up to date"])
    spoil(site, how)
    assert site_damage(site)
    publish_if_changed(site.parent, "everything", say=said.append)
    assert built == [site.parent] and "built again" in said[1]


def test_files_that_were_added_do_not_matter(site):
    (site / "robots.txt").write_text("")
    assert site_damage(site) == ""


def test_what_a_killed_process_left_is_swept(tmp_path):
    (tmp_path / ".site-killed").mkdir()
    with build._place_to_build(tmp_path) as place:
        assert [path.name for path in tmp_path.glob(".site-*")] == [place.rpartition("/")[2]]
    assert [*tmp_path.glob(".site-*")] == []


def test_the_site_of_a_study_is_listed_whole(study):
    listed = {line[66:] for line in (study / "site" / CONTENTS).read_text().splitlines()}
    files = {
        path.relative_to(study / "site").as_posix()
        for path in (study / "site").rglob("*")
        if path.is_file()
    }
    assert listed == files - {CONTENTS, "shows.txt"}

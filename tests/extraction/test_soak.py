"""Extraction as users meet it: killed, on a full disk, given every kind of file; from the command line."""

import io
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.sparse import load_npz

from poster_analysis.cli import main
from poster_analysis.collection.images import resize_image
from poster_analysis.extraction.backbones import load_backbone

SOAK = Path(__file__).resolve().parents[2] / "benchmarks" / "soak.py"
FUZZ = SOAK.with_name("fuzz_images.py")


N_KILLS = 6 if os.environ.get("POSTER_ANALYSIS_ALL") else 3  # `make test-all` or `make test`


@pytest.fixture
def extract(capsys):
    """A function that extracts as the command line does: the exit code, and what was said on the error stream."""

    def run(posters, out):
        words = ["extract", "--posters", str(posters), "--backbone", "colour", "--out", str(out)]
        capsys.readouterr()
        code = main(words)
        return code, capsys.readouterr().err

    return run


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="this system has no kill and wait")
def test_killed_again_and_again_it_ends_with_the_same_bytes(drawn):
    command = [sys.executable, str(SOAK), "--posters", str(drawn.posters), "--kills", str(N_KILLS)]
    ended = subprocess.run([*command, "--discard"], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    assert f"{N_KILLS} kills" in ended.stdout and "the same bytes" in ended.stdout
    assert "left behind: none" in ended.stdout


def test_a_thousand_mutated_jpegs_are_whole_or_unreadable(drawn, monkeypatch):
    monkeypatch.syspath_prepend(str(FUZZ.parent))
    import fuzz_images

    for seed in range(4):
        counts, wrong, _ = fuzz_images.try_some(str(drawn.posters), seed)
        assert not wrong
        assert sum(sum(outcomes.values()) for outcomes in counts.values()) == fuzz_images.CHUNK
        assert counts["cut_and_close"]["unreadable"] and counts["flip_bits"]["another picture"]


# A disk that is full


@pytest.fixture
def small_disk(tmp_path):
    """A function that gives a disk of so many kilobytes; a second call enlarges it."""
    place = tmp_path / "disk"
    place.mkdir()

    def disk(kilobytes, *options):
        mount = ["mount", "-t", "tmpfs", "-o", ",".join([f"size={kilobytes}k", *options])]
        if subprocess.run([*mount, "tmpfs", str(place)], capture_output=True).returncode:
            pytest.skip("no right to mount a small disk")
        return place

    yield disk
    subprocess.run(["umount", str(place)], capture_output=True)


def noise(folder, n):
    """Posters whose features have hardly any zeros."""
    folder.mkdir()
    rng = np.random.default_rng(4)
    for number in range(n):
        pixels = rng.integers(0, 256, (96, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{100 + number}.png")
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="needs tmpfs")
def test_a_full_disk_is_one_line_and_nothing_is_lost(tmp_path, small_disk, extract):
    posters = noise(tmp_path / "posters", 120)
    assert extract(posters, tmp_path / "calm")[0] == 0
    n_failed, said = 0, []
    for kilobytes in (*range(48, 3000, 350), 12_000):
        disk = small_disk(kilobytes) if not n_failed else small_disk(kilobytes, "remount")
        code, errors = extract(posters, disk / "out")
        if code == 0:
            break
        n_failed += 1
        said.append(errors.split("\n")[-2])
        assert code == 1 and "Traceback" not in errors, errors
        assert "full" in said[-1] and "free some space" in said[-1], errors
        assert not list((disk / "out").glob("features*"))
    assert n_failed >= 3 and any("feature store" in line for line in said), said
    for name in ("features.npz", "features_index.csv"):
        assert (disk / "out" / name).read_bytes() == (tmp_path / "calm" / name).read_bytes()
    assert "nothing new to compute, 120 were there already" in errors


# Every kind of file


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def bomb():
    """A PNG that says it has 2.5 thousand million pixels."""
    data = bytearray(encoded(Image.new("1", (8, 8)), "PNG"))
    data[16:24] = (50_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


@pytest.fixture
def hostile(tmp_path):
    """A folder of hostile files: names of those that are posters with what they show, names of the others with reasons."""
    folder = tmp_path / "hostile"
    folder.mkdir()
    rng = np.random.default_rng(0)
    page = Image.fromarray(rng.integers(0, 256, (6, 4, 3), dtype=np.uint8)).resize((40, 60))
    jpeg, png = encoded(page, "JPEG", quality=95), encoded(page, "PNG")
    sideways = Image.Exif()
    sideways[0x0112] = 6
    palette = page.quantize(16)
    gray16 = Image.fromarray(np.asarray(page.convert("L")).astype(np.uint16) * 257)
    frames = [page, page.transpose(Image.Transpose.ROTATE_180)]
    good = {
        "whole.jpg": jpeg,
        "cmyk.jpg": encoded(page.convert("CMYK"), "JPEG"),
        "gray16.png": encoded(gray16, "PNG"),
        "palette.png": encoded(palette, "PNG", transparency=3),
        "animated.gif": encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "sideways.jpg": encoded(page, "JPEG", exif=sideways),
        "one pixel.png": encoded(page.resize((1, 1)), "PNG"),
        "wide.png": encoded(Image.new("RGB", (20_000, 20), "teal"), "PNG"),
        'it\'s "quoted".png': png + b"1",
        "ünïcødé 映画.png": png + b"3",
        "<script>alert(1)<script>.png": png + b"4",
    }
    bad = {
        "cut.jpg": (jpeg[: len(jpeg) // 2], "truncated JPEG"),
        "cut and closed.jpg": (jpeg[: len(jpeg) // 2] + b"\xff\xd9", "truncated JPEG"),
        "empty.jpg": (b"", "empty file"),
        "text.jpg": (b"just some text", "not an image"),
        "bomb.png": (bomb(), "far too many pixels"),
        "cut short.png": (png[:-30], "truncated PNG"),
    }
    for name, data in {**good, **{name: data for name, (data, _) in bad.items()}}.items():
        (folder / name).write_bytes(data)
    (folder / "x.jpg").mkdir()
    (folder / "nowhere.jpg").symlink_to("gone.jpg")
    (folder / "two\nlines.png").write_bytes(png + b"2")
    reasons = {name: reason for name, (_, reason) in bad.items()} | {"nowhere.jpg": "a broken link"}
    reasons[r"two\nlines.png"] = "control characters"
    if hasattr(os, "geteuid") and os.geteuid():
        (folder / "secret.jpg").write_bytes(jpeg + b"5")
        (folder / "secret.jpg").chmod(0)
        reasons["secret.jpg"] = "no permission to read the file"
    return folder, good, reasons


def test_every_file_is_a_whole_poster_or_listed_with_its_reason(hostile, tmp_path, extract):
    folder, good, reasons = hostile
    code, errors = extract(folder, tmp_path / "out")
    assert code == 0, errors
    index = pd.read_csv(tmp_path / "out" / "features_index.csv", dtype=str)
    skipped = pd.read_csv(tmp_path / "out" / "skipped.csv", dtype=str)
    assert set(index["path"]) == set(good)
    told = dict(zip(skipped["path"], skipped["reason"], strict=True))
    assert set(told) == set(reasons)
    for name, reason in reasons.items():
        assert reason in told[name], (name, told[name])
    assert json.loads((tmp_path / "out" / "run.json").read_text())["collection"]["n_posters"] >= 11

    X = load_npz(tmp_path / "out" / "features.npz").toarray()
    rows = {path: row for row, path in enumerate(index["path"])}
    colour = load_backbone("colour")
    upright = Image.open(io.BytesIO(good["sideways.jpg"])).transpose(Image.Transpose.ROTATE_270)
    seen = {
        "whole.jpg": Image.open(io.BytesIO(good["whole.jpg"])),
        "sideways.jpg": upright,
        "cmyk.jpg": Image.open(io.BytesIO(good["cmyk.jpg"])).convert("RGB"),
        "animated.gif": Image.open(io.BytesIO(good["animated.gif"])).convert("RGB"),
    }
    for name, image in seen.items():
        expected = colour.transform(resize_image(image, size=colour.input_size)[None])[0]
        np.testing.assert_array_equal(X[rows[name]], expected, err_msg=name)


def test_a_few_posters_can_be_extracted_but_not_clustered_into_more(tmp_path, extract, capsys):
    posters = noise(tmp_path / "posters", 5)
    assert extract(posters, tmp_path / "out")[0] == 0
    assert main(["reduce", "--out", str(tmp_path / "out")]) == 2
    assert "only 5 posters" in capsys.readouterr().err
    words = ["study", "--posters", str(posters), "--backbone", "colour", "--out"]
    assert main([*words, str(tmp_path / "new")]) == 2 and not (tmp_path / "new").exists()

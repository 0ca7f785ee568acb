"""What comes out of a hostile file is a whole RGB picture or a reason."""

import io
import os
import struct
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from poster_analysis.collection import images
from poster_analysis.collection.images import (
    IMAGE_SUFFIXES,
    MAX_PIXELS,
    UnreadableImage,
    read_image,
    resize_image,
)
from poster_analysis.core.errors import InputError, RunError


def drawn(width: int = 30, height: int = 40, mode: str = "RGB") -> Image.Image:
    """A picture of which no part is like another."""
    noise = np.random.default_rng(0).integers(0, 40, (height, width, 3))
    ramp = np.add.outer(np.arange(height) * 3, np.arange(width) * 2)[..., None] * [1, 0.5, 0.8]
    return Image.fromarray((ramp + noise).clip(0, 255).astype(np.uint8)).convert(mode)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def reason(source) -> str:
    with pytest.raises(UnreadableImage) as caught:
        read_image(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


FILES = {
    "jpeg": encoded(drawn(), "JPEG"),
    "progressive": encoded(drawn(), "JPEG", progressive=True),
    "restarts": encoded(drawn(), "JPEG", restart_marker_blocks=2),
    "gray jpeg": encoded(drawn(mode="L"), "JPEG"),
    "cmyk": encoded(drawn(mode="CMYK"), "JPEG"),
    "mpo": encoded(drawn(), "MPO", save_all=True, append_images=[drawn(mode="L").convert("RGB")]),
    "png": encoded(drawn(), "PNG"),
    "palette": encoded(drawn().quantize(16), "PNG"),
    "gif": encoded(drawn().quantize(64), "GIF"),
    "webp": encoded(drawn(), "WEBP"),
    "lossless webp": encoded(drawn(), "WEBP", lossless=True),
    "bmp": encoded(drawn(), "BMP"),
    "tiff": encoded(drawn(), "TIFF"),
    "lzw tiff": encoded(drawn(), "TIFF", compression="tiff_lzw"),
    "avif": encoded(drawn(), "AVIF"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_whole_file_is_read_as_pillow_reads_it(name):
    image = read_image(FILES[name])
    assert (image.mode, image.size) == ("RGB", (30, 40))
    expected = np.asarray(Image.open(io.BytesIO(FILES[name])).convert("RGB"))
    np.testing.assert_array_equal(np.asarray(image), expected)


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_anywhere_is_whole_or_unreadable(name):
    data, whole = FILES[name], read_image(FILES[name]).tobytes()
    n_unreadable = 0
    for end in range(0, len(data), 7):
        try:
            assert read_image(data[:end]).tobytes() == whole, f"half a picture at {end}"
        except UnreadableImage:
            n_unreadable += 1
    assert n_unreadable > len(data) / 7 / 3


@pytest.mark.parametrize("name", ["jpeg", "gray jpeg", "cmyk", "restarts", "progressive"])
def test_a_cut_jpeg_that_was_closed_with_an_end_mark_is_found_out(name):
    mode = {"cmyk": "CMYK", "gray jpeg": "L"}.get(name, "RGB")
    options = {"restarts": {"restart_marker_rows": 4}, "progressive": {"progressive": True}}
    data = encoded(drawn(200, 300, mode), "JPEG", **options.get(name, {}))
    start = data.index(b"\xff\xda") + 40
    escapes = [end + 1 for end in range(start, len(data) - 3) if data[end] == 0xFF]
    ends = {*range(start, len(data) - 3, 97), *range(len(data) - 12, len(data) - 3), *escapes[:40]}
    n_found_out = 0
    for end in ends:
        closed = data[:end] + b"\xff\xd9"
        try:
            image = read_image(closed)
        except UnreadableImage as error:
            assert str(error) == "truncated JPEG"
            n_found_out += 1
        else:  # what was lost were the zeros that a decoder goes on with
            assert image.tobytes() == read_image(data).tobytes(), end
    assert n_found_out > 20


@pytest.mark.parametrize("tail", [b"\0" * 1000, b"\xff\xd9", b"<html>", FILES["png"]])
def test_what_follows_a_whole_jpeg_is_of_no_account(tail):
    assert read_image(FILES["jpeg"] + tail).tobytes() == read_image(FILES["jpeg"]).tobytes()


def test_a_thumbnail_inside_a_jpeg_does_not_pass_for_its_end():
    exif = Image.Exif()
    exif[0x010E] = "a description"
    thumbnail = FILES["jpeg"]
    data = encoded(drawn(200, 300), "JPEG", exif=exif.tobytes() + thumbnail)
    assert read_image(data).size == (200, 300)
    assert reason(data[: len(data) // 2]) == "truncated JPEG"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(["jpeg", "progressive", "cmyk", "png", "gif", "tiff", "webp"]),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 300),
)
def test_mutated_bytes_are_a_picture_or_unreadable(name, changes, cut):
    data = bytearray(FILES[name])
    for position, value in changes:
        data[position % len(data)] = value
    data = bytes(data[: len(data) - cut] if cut > 100 else data)
    try:
        image = read_image(data)
    except UnreadableImage as error:
        assert 0 < len(str(error)) < 120
    else:
        assert image.mode == "RGB"
        assert np.asarray(image).shape == (image.height, image.width, 3)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200))
def test_random_bytes_are_unreadable(data):
    assert reason(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty file"),
        (b"\0" * 5000, "not an image"),
        ("<!doctype html><p>Né à Paris</p>".encode(), "not an image"),
        (b"%PDF-1.7", "a PDF file, which is not read here (save it as PNG or JPEG)"),
        (FILES["jpeg"][:2], "not an image"),
        (FILES["jpeg"][:300], "truncated JPEG"),
        (FILES["png"][:-300], "truncated PNG"),
        (FILES["gif"][:-300], "truncated GIF"),
    ],
)
def test_reasons_are_plain(data, expected):
    assert reason(data) == expected


def test_a_changed_byte_in_a_png_is_found():
    for level in (0, 6):
        whole = encoded(drawn(), "PNG", compress_level=level)
        for position in range(whole.index(b"IDAT") + 30, len(whole) - 40, 101):
            data = bytearray(whole)
            data[position] ^= 1
            assert reason(bytes(data)) in ("damaged PNG", "truncated PNG")


def test_kinds_that_are_not_listed_are_not_opened():
    for kind in ("PPM", "ICO", "PCX", "TGA"):
        assert reason(encoded(drawn(), kind)) == "not an image"


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "GIF"])
def test_a_bomb_is_refused_before_it_is_decoded(kind, monkeypatch):
    side = int(MAX_PIXELS**0.5) + 1
    if kind == "PNG":
        data = encoded(Image.new("1", (10, 10)), kind)
        header = b"IHDR" + struct.pack(">II", side, side) + data[24:29]
        data = data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]
    elif kind == "GIF":
        data = encoded(Image.new("1", (10, 10)), kind)
        data = data[:6] + struct.pack("<HH", 65535, 65535) + data[10:]
    else:
        data = encoded(Image.new("1", (side, side)), kind, compression="group4")
    decoded = []
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: decoded.append(self))
    assert "pixels" in reason(data)
    assert not decoded


@pytest.mark.filterwarnings("error")
def test_a_print_size_scan_is_read_without_a_warning_and_pillow_keeps_its_limit():
    limit = Image.MAX_IMAGE_PIXELS
    image = read_image(encoded(Image.new("1", (8100, 12000)), "PNG"))
    assert image.size == (8100, 12000)
    assert limit == Image.MAX_IMAGE_PIXELS


def test_a_process_that_lets_half_pictures_pass_is_stopped(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(RunError, match="LOAD_TRUNCATED_IMAGES"):
        read_image(FILES["jpeg"])


# Kinds of pixels


@pytest.mark.parametrize("size", [(1, 1), (20_000, 20), (20, 20_000), (1, 300)])
def test_any_shape_is_read_and_brought_to_size(size):
    image = read_image(encoded(Image.new("RGB", size, "red"), "PNG"))
    assert image.size == size
    for resize in ("nearest", "antialiased", "padded"):
        array = resize_image(image, size=(60, 40), resize=resize)
        assert array.shape == (60, 40, 3)
        assert array.dtype == np.uint8
        assert ((array == (255, 0, 0)).all(axis=-1)).any(), "nothing of the picture is left"


def test_a_cmyk_jpeg_without_adobes_mark_is_not_inverted():
    data = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 255)), "JPEG", quality=95)
    start = data.index(b"\xff\xee")
    length = int.from_bytes(data[start + 2 : start + 4], "big")
    unmarked = data[:start] + data[start + 2 + length :]
    marked, plain = (np.asarray(read_image(d))[8, 8].astype(int) for d in (data, unmarked))
    assert marked.max() < 8
    assert abs(plain - [0, 255, 255]).max() < 8


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(kind):
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(4, axis=0)
    array = np.asarray(read_image(encoded(Image.fromarray(ramp), kind)))
    np.testing.assert_array_equal(array[0, :, 0], np.arange(256))
    assert (array[..., :1] == array).all()


def test_big_endian_sixteen_bit_tiff():
    ramp = np.linspace(0, 65535, 256).astype(">u2")[None].repeat(4, axis=0)
    data = encoded(Image.frombytes("I;16B", (256, 4), ramp.tobytes()), "TIFF")
    np.testing.assert_array_equal(np.asarray(read_image(data))[0, :, 0], np.arange(256))


def test_one_transparent_value_of_a_sixteen_bit_png_is_laid_on_white():
    values = np.full((4, 4), 1000, np.uint16)
    values[0, 0] = 1001
    array = np.asarray(read_image(encoded(Image.fromarray(values), "PNG", transparency=1001)))
    assert tuple(array[0, 0]) == (255, 255, 255)
    assert tuple(array[1, 1]) == (3, 3, 3)


def test_one_transparent_colour_of_a_sixteen_bit_png_is_laid_on_white():
    pixels = np.full((2, 2, 3), (1000, 2000, 3000), ">u2")
    pixels[0, 0] = (300, 45_000, 10_000)

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + crc

    data = b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)),
            chunk(b"tRNS", pixels[0, 0].tobytes()),
            chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels))),
            chunk(b"IEND", b""),
        )
    )
    array = np.asarray(read_image(data))
    assert tuple(array[0, 0]) == (255, 255, 255)
    assert tuple(array[1, 1]) == (3, 7, 11)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_pixels_without_a_white_are_refused(mode):
    pixels = Image.fromarray(np.ones((4, 4), np.int32 if mode == "I" else np.float32))
    assert pixels.mode == mode
    assert "32-bit" in reason(encoded(pixels, "TIFF"))


def test_pixels_that_cannot_become_rgb_are_refused():
    with pytest.raises(UnreadableImage, match="La"):
        images._to_rgb(Image.new("La", (4, 4)))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("PNG", "RGBA"),
        ("PNG", "LA"),
        ("PNG", "P"),
        ("GIF", "RGBA"),
        ("WEBP", "RGBA"),
        ("TIFF", "RGBA"),
        ("TIFF", "LA"),
        ("AVIF", "RGBA"),
    ],
)
def test_transparency_is_laid_on_white(kind, mode):
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 4, 8))
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    data = encoded(image, kind, **({"lossless": True} if kind == "WEBP" else {}))
    array = np.asarray(read_image(data))
    assert tuple(array[4, 1]) == (255, 255, 255)
    assert tuple(array[4, 6]) == (0, 0, 0)


def test_half_transparent_black_is_gray():
    array = np.asarray(read_image(encoded(Image.new("RGBA", (2, 2), (0, 0, 0, 128)), "PNG")))
    assert (array == 127).all()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_several_frames_the_first_is_read(kind):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert read_image(data).getpixel((4, 4)) == (255, 0, 0)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_the_exif_is_applied(kind, orientation):
    upright = Image.new("RGB", (16, 32), "white")
    upright.paste("black", (0, 0, 8, 8))
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(turn[orientation]) if orientation in turn else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind == "JPEG" else {}
    image = read_image(encoded(stored, kind, exif=exif, **options))
    assert image.size == (16, 32)
    assert abs(np.asarray(image).astype(int) - np.asarray(upright)).max() < 30


@pytest.mark.filterwarnings("error")
def test_a_damaged_exif_does_not_cost_a_whole_picture():
    data = encoded(drawn(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff\xff")
    assert read_image(data).size == (30, 40)


# Files


@pytest.mark.parametrize(
    "name", ["a b.jpg", 'l\'été "29".jpg', "line\nbreak.jpg", "映画\u202e.jpg"]
)
def test_any_name_is_read(tmp_path, name):
    (tmp_path / name).write_bytes(FILES["jpeg"])
    assert read_image(tmp_path / name).size == (30, 40)
    assert read_image(str(tmp_path / name)).size == (30, 40)


def test_what_is_no_file_has_a_reason(tmp_path):
    (tmp_path / "x.jpg").mkdir()
    (tmp_path / "broken.jpg").symlink_to("nowhere")
    (tmp_path / "circle.jpg").symlink_to("circle.jpg")
    (tmp_path / "good.jpg").write_bytes(FILES["jpeg"])
    (tmp_path / "link.jpg").symlink_to("good.jpg")
    assert reason(tmp_path / "x.jpg") == "a folder"
    assert reason(tmp_path / "broken.jpg") == "a broken link"
    assert "cannot be read" in reason(tmp_path / "circle.jpg")
    assert reason(tmp_path / "missing.jpg") == "no such file"
    assert "cannot be read" in reason(tmp_path / ("x" * 300))
    assert "cannot be read" in reason("nul\0character.jpg")
    assert reason("/dev/null" if Path("/dev/null").exists() else tmp_path) in (
        "not a regular file",
        "a folder",
    )
    assert read_image(tmp_path / "link.jpg").size == (30, 40)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(reason(tmp_path / "pipe.jpg")))
    thread.daemon = True
    thread.start()
    thread.join(timeout=10)
    assert answers == ["not a regular file"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_file_that_becomes_a_named_pipe_does_not_hang(tmp_path, monkeypatch):
    (tmp_path / "x.jpg").write_bytes(FILES["jpeg"])
    regular = (tmp_path / "x.jpg").stat()
    os.mkfifo(tmp_path / "pipe.jpg")
    answers = []
    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", lambda self, **options: regular)
        thread = threading.Thread(target=lambda: answers.append(reason(tmp_path / "pipe.jpg")))
        thread.daemon = True
        thread.start()
        thread.join(timeout=10)
    assert answers == ["not a regular file"]


def test_no_permission_is_said(tmp_path, monkeypatch):
    (tmp_path / "x.jpg").write_bytes(FILES["jpeg"])

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("poster_analysis.collection.images.os.open", refuse)
    assert reason(tmp_path / "x.jpg") == "no permission to read the file"


def test_a_huge_file_is_not_read(tmp_path):
    with (tmp_path / "huge.jpg").open("wb") as file:
        file.truncate(2**31)
    assert "MB" in reason(tmp_path / "huge.jpg")


def test_no_handle_stays_open(tmp_path):
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc to count open files")
    (tmp_path / "bad.jpg").write_bytes(FILES["jpeg"][:400])
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        reason(tmp_path / "bad.jpg")
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


def test_many_threads_read_the_same():
    expected = read_image(FILES["png"]).tobytes()
    results = []

    def read():
        results.extend(read_image(FILES["png"]).tobytes() for _ in range(20))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 160
    assert set(results) == {expected}


def test_suffixes_are_lower_case():
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in IMAGE_SUFFIXES)


# Sizes


def test_nearest_is_what_keras_does(tmp_path):
    """The lines of keras.utils.load_img for RGB and its default interpolation."""
    (tmp_path / "x.jpg").write_bytes(encoded(drawn(182, 268), "JPEG"))
    with Image.open(tmp_path / "x.jpg") as image:
        expected = image.convert("RGB").resize((224, 200), Image.Resampling.NEAREST)
    array = resize_image(read_image(tmp_path / "x.jpg"), size=(200, 224))
    np.testing.assert_array_equal(array, np.asarray(expected))


@pytest.mark.skipif("POSTER_ANALYSIS_DATA" not in os.environ, reason="needs POSTER_ANALYSIS_DATA")
def test_real_posters_are_all_whole_and_nearest_is_keras_load_img():
    from keras.utils import load_img

    paths = sorted(Path(os.environ["POSTER_ANALYSIS_DATA"], "posters").glob("*.jpg"))[::10]
    for path in paths:
        image = read_image(path)
        if path in paths[:20]:
            expected = np.asarray(load_img(path, target_size=(224, 224)))
            np.testing.assert_array_equal(resize_image(image), expected)
    assert len(paths) >= 100


def test_a_flat_image_stays_flat():
    image = Image.new("RGB", (182, 268), (10, 200, 30))
    for resize in ("nearest", "antialiased"):
        assert (resize_image(image, resize=resize) == (10, 200, 30)).all()


def test_antialiasing_averages_what_nearest_drops():
    stripes = np.zeros((224, 224, 3), np.uint8)
    stripes[::2] = 255
    image = Image.fromarray(stripes)
    assert set(np.unique(resize_image(image, size=(56, 56)))) <= {0, 255}
    smooth = resize_image(image, size=(56, 56), resize="antialiased")[5:-5]
    assert abs(smooth.astype(int) - 128).max() < 12


@pytest.mark.parametrize(("size", "filled"), [((200, 100), (64, 32)), ((100, 200), (32, 64))])
def test_padding_is_centred_and_keeps_proportions(size, filled):
    array = resize_image(Image.new("RGB", size[::-1], "red"), size=(64, 64), resize="padded")
    red = (array == (255, 0, 0)).all(axis=-1)
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    assert (len(rows), len(columns)) == filled
    assert rows[0] == 63 - rows[-1]
    assert columns[0] == 63 - columns[-1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"resize": "lanczos"}, "nearest, antialiased, padded"),
        ({"size": (0, 10)}, "at least 1"),
    ],
)
def test_wrong_arguments_are_one_line(options, words):
    with pytest.raises(InputError, match=words):
        resize_image(drawn(), **options)


def test_only_rgb_is_resized():
    with pytest.raises(InputError, match="read_image"):
        resize_image(drawn(mode="L"))


def test_the_array_can_be_written_and_is_nobody_elses():
    image = drawn()
    array = resize_image(image, size=(40, 30))
    array[:] = 0
    assert np.asarray(image).any()

"""The commonest mistakes with arrays and images end in a message, not in a wrong result."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

import unband


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_floats_of_0_to_255_are_refused(sky, dtype):
    codes = sky.astype(dtype)
    dark = np.zeros_like(codes)
    dark[:8] = codes[:8]
    signed = codes.astype("float32") / 127.5 - 1
    for image, fix in [(codes, "/ 255"), (dark, "/ 255"), (codes * 257.0, "/ 65535"), (signed, "+ 1) / 2")]:
        if not np.isfinite(image).all():
            continue
        for call in (
            unband.deband,
            unband.inspect,
            unband.score,
            unband.upscale,
            lambda image: unband.dither(image, 8),
            lambda image: unband.compare(sky, image),
            unband.create_metric("cambi"),
        ):
            with pytest.raises(unband.InputError, match="0 is black and 1 is white") as caught:
                call(image)
            assert caught.value.hint and fix in caught.value.hint
    # With 1 as white it is the same image as its codes.
    assert unband.inspect(codes / 255).cause == unband.inspect(sky).cause


def test_floats_beyond_black_and_white_stay_possible(sky):
    values = sky.astype("float32") / 255 * 2.2 - 0.7
    assert (values > 1).any() and (values < 0).any()
    assert unband.deband(values).shape == sky.shape
    assert unband.deband(np.zeros((8, 8), "float32")).max() == 0
    mask = np.zeros((64, 64), "float32")
    mask[:, 32:] = 1
    assert unband.deband(mask).dtype == np.float32


def test_modes_of_pillow_are_colours_or_refused(sky, tmp_path):
    image_module = pytest.importorskip("PIL.Image")
    rgb = image_module.fromarray(sky)
    path = tmp_path / "pal.png"
    rgb.quantize(64, dither=image_module.Dither.NONE).save(path)
    palette = image_module.open(path)
    assert palette.mode == "P"
    by_path, by_image = unband.inspect(path), unband.inspect(palette)
    assert by_image.visible == by_path.visible
    assert unband.deband(palette).shape == sky.shape
    clear = rgb.quantize(16)
    clear.info["transparency"] = 0
    assert unband.deband(clear).shape == (*sky.shape[:2], 4)
    for mode, channels in [("L", 1), ("LA", 2), ("RGBA", 4), ("1", 1), ("RGBa", 4), ("RGBX", 3)]:
        made = unband.deband(rgb.convert("RGBA").convert(mode) if mode == "RGBa" else rgb.convert(mode))
        assert (made.shape[2] if made.ndim == 3 else 1) == channels, mode
    # LAB is made by ImageCms only.
    others = [rgb.convert("CMYK"), rgb.convert("HSV"), rgb.convert("YCbCr")]
    others += [rgb.convert("L").convert("I"), image_module.new("LAB", (8, 8))]
    for other in others:
        with pytest.raises(unband.InputError, match=f"mode {other.mode}") as caught:
            unband.deband(other)
        assert caught.value.hint and "pass `" in caught.value.hint
        with pytest.raises(unband.InputError):
            unband.create_metric("cambi")(other)


def test_images_of_two_sizes_are_not_compared(sky):
    for call in (
        lambda: unband.compare(sky, sky[:50]),
        lambda: unband.compare(sky, sky[:50], ["psnr"]),
        lambda: unband.compare(sky, sky, before=sky[:50]),
        lambda: unband.create_metric("psnr")(sky, sky[:, :64]),
    ):
        with pytest.raises(unband.InputError, match="one size"):
            call()


def test_an_image_can_be_pickled_copied_and_compared(root, tmp_path):
    names = ["examples/sunset.png", "examples/dusk.jpg", "docs/images/fog.jxl"]
    images = [unband.open(root / name) for name in names]
    images.append(unband.deband(images[1]))
    unband.open(root / "examples/dusk.jpg").save(tmp_path / "a.avif")
    images.append(unband.open(tmp_path / "a.avif"))
    for image in images:
        again = pickle.loads(pickle.dumps(image))
        assert again == image and hash(again) == hash(image)
        assert np.array_equal(again.array, image.array)
        assert again.metadata == image.metadata and again.lossy == image.lossy
        assert copy.copy(image) == image == copy.deepcopy(image)
        assert unband.deband(again) == unband.deband(image)
    assert len({repr(image) for image in images}) == len(images)
    assert images[0] != images[1] and images[0] != 1
    assert len({images[0], pickle.loads(pickle.dumps(images[0]))}) == 1
    # In another process.
    path = tmp_path / "image.pickle"
    path.write_bytes(pickle.dumps(images[1]))
    code = f"import pickle, unband; print(unband.inspect(pickle.load(open({str(path)!r}, 'rb'))).cause)"
    made = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert made.stdout.strip() == unband.inspect(images[1]).cause


def test_damaged_pickles_are_refused(root):
    text, blobs = unband.open(root / "examples/dusk.jpg")._native.dump()
    native = unband._unband.Image
    fewer = blobs[:-1] if len(blobs) > 3 else []
    for other, rest in [("{}", blobs), (text, fewer), (text, [b"x", *blobs[1:]]), ("no", [])]:
        with pytest.raises(unband.InputError):
            native.load(other, rest)
    older = text.replace(unband.__version__, "0.0.1")
    with pytest.raises(unband.InputError, match=r"pickled by unband 0\.0\.1"):
        native.load(older, blobs)


def test_a_limit_of_memory_is_a_number_or_a_text(sky):
    assert np.array_equal(unband.deband(sky, max_memory="200M"), unband.deband(sky, max_memory=200 << 20))
    for wrong in ("much", "", -1, 1.5, object()):
        with pytest.raises(unband.OptionError, match="max_memory"):
            unband.deband(sky, max_memory=wrong)


def test_what_is_no_image_is_named(tmp_path, root):
    for other, word in [(None, "NoneType"), (b"\x89PNG", "bytes"), (3, "int"), ({}, "dict"), (True, "bool")]:
        with pytest.raises(unband.InputError, match=word) as caught:
            unband.deband(other)
        assert caught.value.hint
    huge = np.broadcast_to(np.uint8(0), (200_000, 200_000))
    with pytest.raises(unband.LimitError, match="memory"):
        unband.deband(huge)
    with pytest.raises(unband.UnbandError) as caught:
        unband.upscale(np.zeros((8, 8), "uint8"), weights="none.pth")
    assert str(caught.value).count("none.pth") == 1
    with pytest.raises(unband.UnbandError) as caught:
        unband.deband_video(root / "examples/sunset.png", tmp_path / "x.mkv")
    assert "deband_file" in (caught.value.hint or "")

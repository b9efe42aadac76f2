"""Files: images with metadata, and the bytes of the program."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest

import unband


def program(*arguments, check=True):
    return subprocess.run(
        [sys.executable, "-m", "unband", *map(str, arguments)], check=check, capture_output=True, text=True
    )


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of Unix")
def test_what_is_saved_of_a_private_image_is_private(sunset, tmp_path):
    private = tmp_path / "private.png"
    shutil.copyfile(sunset, private)
    private.chmod(0o600)
    image = unband.open(private)
    image.save(tmp_path / "copy.png")
    unband.deband(image).save(tmp_path / "repaired.png")
    unband.upscale(image, scale=2).save(tmp_path / "larger.png")
    for name in ("copy.png", "repaired.png", "larger.png"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600, name


def test_an_animation_is_written_frame_by_frame(sunset, tmp_path):
    folder = sunset.parent.parent / "crates" / "unband-io" / "tests" / "data" / "animation"
    done = unband.deband_file(folder / "keep.gif", tmp_path / "out.webp")
    assert (done.frames, done.format) == (3, "WebP")
    assert unband.deband_file(sunset, tmp_path / "out.png").frames is None
    with pytest.raises(unband.InputError, match="JPEG holds one image"):
        unband.deband_file(folder / "keep.gif", tmp_path / "out.jpg")


def test_an_image_has_samples_depth_and_metadata(sunset, tmp_path):
    image = unband.open(sunset)
    array = np.asarray(image)
    assert array.shape == (image.height, image.width, image.channels)
    assert (array.dtype, image.bits, image.format, image.lossy) == (np.uint8, 8, "PNG", False)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0
    image.save(tmp_path / "copy.png")
    assert np.array_equal(np.asarray(unband.open(tmp_path / "copy.png")), array)
    with pytest.raises(unband.FileError, match="exists") as caught:
        image.save(tmp_path / "copy.png")
    assert "overwrite=True" in caught.value.hint
    image.save(tmp_path / "copy.png", overwrite=True)


@pytest.mark.parametrize(
    ("options", "keywords"),
    [
        ([], {}),
        (["--depth", "16"], {"depth": 16}),
        (
            ["--method", "smooth", "--strength", "1.5", "--dither", "error-diffusion"],
            {"method": "smooth", "strength": 1.5, "dither": "error-diffusion"},
        ),
        (["--method", "f3kdb:y=80,grainy=0", "--seed", "4"], {"method": "f3kdb", "y": 80, "grainy": 0}),
        (["--everywhere", "--faithful", "off"], {"everywhere": True, "faithful": False}),
    ],
    ids=str,
)
@pytest.mark.parametrize("wide", [False, True], ids=["uint8", "uint16"])
def test_arrays_get_the_samples_of_the_program(sunset, tmp_path, options, keywords, wide):
    source = sunset
    if wide:
        source = tmp_path / "wide.png"
        native = unband.dither(unband.open(sunset), 16)
        native.save(source)
    program(source, "-o", tmp_path / "out.png", *options)
    expected = np.asarray(unband.open(tmp_path / "out.png"))
    array = np.asarray(unband.open(source))
    assert array.dtype == (np.uint16 if wide else np.uint8)
    result = unband.deband(array, **keywords)
    assert result.dtype == expected.dtype
    assert np.array_equal(result, expected)


@pytest.mark.parametrize("name", ["sunset.png", "dusk.jpg"])
def test_files_are_those_of_the_program(root, tmp_path, name):
    source = tmp_path / name
    shutil.copy(root / "examples" / name, source)
    program(source, "-o", tmp_path / "theirs.png")
    report = unband.deband_file(source, tmp_path / "mine.png", prove=True)
    assert (tmp_path / "theirs.png").read_bytes() == (tmp_path / "mine.png").read_bytes()
    assert report.output == tmp_path / "mine.png" and report.proof and report.report.changed
    named = unband.deband_file(source)
    assert named.output == source.with_name(f"{source.stem}_unband.png")
    # An opened file keeps all that the method uses, such as the coefficients of JPEG.
    unband.deband(unband.open(source)).save(tmp_path / "opened.png")
    assert np.array_equal(
        np.asarray(unband.open(tmp_path / "opened.png")), np.asarray(unband.open(tmp_path / "mine.png"))
    )
    assert isinstance(unband.deband(source), unband.Image)


def test_the_program_runs(sunset):
    assert program("--version").stdout.startswith("unband ")
    assert unband.__version__ in program("--version").stdout
    wrong = program("no-such-file.png", check=False)
    assert wrong.returncode == 1 and "no-such-file.png" in wrong.stderr
    assert program("--no-such-option", check=False).returncode == 2
    assert "cambi" in program("score", "--json", sunset).stdout


def test_models_are_read_imported_and_exported(root, tmp_path, monkeypatch):
    monkeypatch.setenv("UNBAND_MODELS", str(tmp_path / "models"))
    weights = root / "weights" / "unband-lite.safetensors"
    assert unband.models.info(weights)["network"]["name"] == "unband-lite"
    unband.models.import_(weights, name="mine")
    assert unband.models.info("mine")["network"]["name"] == "unband-lite"
    unband.models.export(weights, tmp_path / "lite.onnx")
    assert (tmp_path / "lite.onnx").stat().st_size > 1_000_000
    with pytest.raises(unband.UnbandError) as caught:
        unband.models.import_(weights, name="mine")
    assert "overwrite" in caught.value.hint
    with pytest.raises(unband.UnbandError, match="sunset"):
        unband.models.info(root / "examples" / "sunset.png")

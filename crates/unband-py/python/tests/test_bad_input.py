"""Exceptions for bad input: they name the argument, and never end the interpreter."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import unband

CLEAN = np.zeros((8, 8, 3), np.uint8)

IMAGES = {
    "no axes": np.uint8(3),
    "one axis": np.zeros(9, np.uint8),
    "four axes": np.zeros((2, 3, 8, 8), np.uint8),
    "no rows": np.zeros((0, 8, 3), np.uint8),
    "no columns": np.zeros((8, 0), np.uint8),
    "no channels": np.zeros((8, 8, 0), np.uint8),
    "five channels": np.zeros((8, 8, 5), np.uint8),
    "objects": np.full((8, 8), None),
    "texts": np.full((8, 8), "x"),
    "complex": np.zeros((8, 8), complex),
    "whole numbers": np.zeros((8, 8), int),
    "switches": np.zeros((8, 8), bool),
    "a record": np.zeros((8, 8), [("a", "u1")]),
    "dates": np.zeros((8, 8), "M8[s]"),
    "long double": np.zeros((8, 8), np.longdouble),
    "a list": [[1, 2], [3]],
    "nothing": None,
    "a number": 7,
}


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
@pytest.mark.parametrize("call", [unband.deband, unband.inspect, unband.upscale, unband.score])
def test_unusable_images_are_named(call, image):
    with pytest.raises(unband.InputError) as caught:
        call(image)
    assert caught.value.argument == "image"
    assert "`image`" in str(caught.value)
    assert isinstance(caught.value, ValueError)


OPTIONS = [
    {"channel_axis": 3},
    {"channel_axis": "last"},
    {"bits": 9},
    {"bits": 0},
    {"depth": 0},
    {"depth": 17},
    {"depth": True},
    {"depth": "deep"},
    {"depth": 8.5},
    {"strength": 5.0},
    {"strength": "much"},
    {"dither": "noise"},
    {"seed": -1},
    {"seed": 1.5},
    {"everywhere": "no"},
    {"faithful": 3},
    {"treat_as": "cat"},
    {"wrap": "round"},
    {"precision": "f8"},
    {"max_memory": -5},
    {"threads": 0},
    {"threads": -1},
    {"threads": "all"},
    {"progress": "yes"},
    {"method": 4},
    {"method": "cat"},
    {"radius": 3},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_unusable_options_are_named(options):
    (name,) = options
    with pytest.raises(unband.OptionError) as caught:
        unband.deband(CLEAN, **options)
    assert caught.value.argument == name
    assert name in str(caught.value)


def test_parameters_of_methods_are_checked():
    for params, name in [({"radius": 99}, "radius"), ({"radius": "x"}, "radius"), ({"cat": 1}, "cat")]:
        with pytest.raises(unband.OptionError) as caught:
            unband.deband(CLEAN, method="gradfun", **params)
        assert caught.value.argument == name
    with pytest.raises(unband.OptionError, match="its parameters|has no parameter") as caught:
        unband.deband(CLEAN, method="gradfun", cat=1)
    assert "radius" in caught.value.hint


def test_codes_beyond_their_bits_are_refused():
    with pytest.raises(unband.InputError, match="at most 1023, got 2000") as caught:
        unband.deband(np.full((4, 4), 2000, np.uint16), bits=10)
    assert caught.value.argument == "bits"


def test_bits_are_for_whole_numbers():
    with pytest.raises(unband.OptionError, match="`bits`"):
        unband.deband(np.zeros((4, 4), np.float32), bits=8)


def test_missing_and_broken_files(tmp_path):
    with pytest.raises(unband.FileError) as caught:
        unband.open(tmp_path / "none.png")
    assert isinstance(caught.value, OSError)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    with pytest.raises(unband.InputError, match="broken.png"):
        unband.open(broken)
    (tmp_path / "empty.png").touch()
    with pytest.raises(unband.InputError):
        unband.deband(tmp_path / "empty.png")
    with pytest.raises(unband.OptionError, match="`input`"):
        unband.deband_file(3)


def test_scales_without_weights_are_refused():
    with pytest.raises(unband.OptionError, match="no built-in weights") as caught:
        unband.upscale(CLEAN, 8)
    assert caught.value.argument == "scale"
    for wrong in ({"scale": 0}, {"scale": 2, "width": 9}, {"width": 0}, {"fit": (9, 0)}, {"fit": 9}):
        with pytest.raises(unband.OptionError):
            unband.upscale(CLEAN, **wrong)
    with pytest.raises(unband.OptionError) as caught:
        unband.upscale(CLEAN, weights="none.pth")
    assert caught.value.argument == "weights"


def test_too_little_memory_is_refused():
    with pytest.raises(unband.LimitError) as caught:
        unband.deband(
            np.random.default_rng(1).integers(0, 9, (500, 500)).astype(np.uint8) * 28,
            max_memory=1000,
            everywhere=True,
        )
    assert isinstance(caught.value, MemoryError)
    assert "max_memory" in caught.value.hint


def test_an_exception_can_be_pickled():
    error = unband.OptionError("a message", "a hint", "depth")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.hint, again.argument) == ("a message", "a hint", "depth")
    assert again.__notes__ == ["hint: a hint"]


def test_random_arrays_never_end_the_interpreter():
    draw = np.random.default_rng(5)
    for _ in range(200):
        shape = tuple(draw.integers(0, 6, draw.integers(0, 5)))
        dtype = draw.choice(["u1", "u2", "f2", "f4", "f8", "i4", "c8", "?"])
        image = (draw.random(shape) * 300).astype(dtype)
        try:
            result = unband.deband(image, channel_axis=draw.choice([None, 0, 1]), everywhere=True)
        except unband.UnbandError as error:
            assert error.argument in ("image", "channel_axis")
        else:
            assert (result.shape, result.dtype) == (image.shape, image.dtype)

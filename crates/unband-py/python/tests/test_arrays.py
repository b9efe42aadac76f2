"""Shapes, types and layouts of arrays."""

from __future__ import annotations

import numpy as np
import pytest

import unband

TYPES = ["uint8", "uint16", "float16", "float32", "float64"]


def of_type(sky: np.ndarray, dtype: str) -> np.ndarray:
    if dtype == "uint8":
        return sky
    if dtype == "uint16":
        return sky.astype(np.uint16) * 257
    return (sky / 255).astype(dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("channels", [0, 1, 2, 3, 4])
def test_a_result_has_the_type_and_shape_of_its_image(sky, dtype, channels):
    image = of_type(sky, dtype)
    if channels == 0:
        image = image[:, :, 0]
    elif channels < 3:
        image = image[:, :, :channels]
    elif channels == 4:
        image = np.concatenate([image, image[:, :, :1]], axis=2)
    smooth = unband.deband(image)
    assert (smooth.dtype, smooth.shape) == (image.dtype, image.shape)
    assert not np.array_equal(smooth, image)
    if channels in (2, 4):
        assert np.array_equal(smooth[:, :, -1], image[:, :, -1])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_the_axis_of_the_channels_changes_no_sample(sky, dtype, axis):
    image = of_type(sky, dtype)
    plain = unband.deband(image)
    for memory in (np.ascontiguousarray, lambda array: array):
        moved = memory(np.moveaxis(image, -1, axis))
        smooth = unband.deband(moved, channel_axis=axis)
        assert smooth.shape == moved.shape
        assert np.array_equal(np.moveaxis(smooth, axis, -1), plain)


def test_strides_byte_order_and_access_change_no_sample(sky):
    wide = of_type(sky, "uint16")
    plain = unband.deband(wide)
    padded = np.zeros((200, 300, 5), np.uint16)
    padded[4 : 4 + 96 * 2 : 2, 7 : 7 + 128 * 2 : 2, 1:4] = wide
    locked = wide.copy()
    locked.setflags(write=False)
    for image in [
        np.asfortranarray(wide),
        padded[4 : 4 + 96 * 2 : 2, 7 : 7 + 128 * 2 : 2, 1:4],
        wide[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1],
        locked,
    ]:
        assert np.array_equal(unband.deband(image), plain)
    big = unband.deband(wide.astype(">u2"))
    assert big.dtype == np.dtype(">u2")
    assert np.array_equal(big, plain)
    assert unband.deband((wide / 65535).astype(">f4")).dtype == np.dtype(">f4")


def test_the_image_is_never_changed(sky):
    before = sky.copy()
    unband.deband(sky, depth=16, everywhere=True)
    assert np.array_equal(sky, before)


def test_objects_with_dlpack_or_an_array_interface_are_arrays(sky):
    class Pack:
        def __dlpack__(self, **options):
            return sky.__dlpack__(**options)

        def __dlpack_device__(self):
            return sky.__dlpack_device__()

    class Interface:
        __array_interface__ = sky.__array_interface__

    for image in (Pack(), Interface(), memoryview(sky)):
        assert np.array_equal(unband.deband(image), unband.deband(sky))


def test_bits_of_codes_stay(sky):
    ten = (sky.astype(np.uint16) * 1023 // 255).astype(np.uint16)
    smooth = unband.deband(ten, bits=10)
    assert smooth.dtype == np.uint16
    assert int(smooth.max()) <= 1023
    assert unband.deband(sky, depth=10).max() <= 1023
    assert unband.deband(sky.astype(np.uint16), bits=8).dtype == np.uint16


@pytest.mark.parametrize(
    ("depth", "dtype"),
    [(None, "uint8"), (4, "uint8"), (8, "uint8"), (12, "uint16"), (16, "uint16"), ("float", "float32")],
)
def test_the_depth_selects_the_type(sky, depth, dtype):
    assert unband.deband(sky, depth=depth).dtype == dtype


def test_floating_point_has_its_grid_found(sky):
    found = unband.inspect((sky / 255).astype(np.float32))
    assert found.cause == "levels"
    assert [grid.bits for grid in found.grids] == [6, 6, 6]


def test_infinite_and_nan_samples_stay(sky):
    image = (sky / 255).astype(np.float32)
    image[3, 4, 1], image[9, 9, 0] = np.nan, np.inf
    smooth = unband.deband(image)
    assert np.isnan(smooth[3, 4, 1])
    assert np.isinf(smooth[9, 9, 0])
    assert np.isfinite(smooth).sum() == smooth.size - 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 1, 3), (2, 3, 4)])
def test_the_smallest_images_come_back(shape):
    image = np.full(shape, 100, np.uint8)
    assert unband.deband(image, everywhere=True).shape == shape

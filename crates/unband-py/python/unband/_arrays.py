"""Arrays on their way to the library and back."""

from __future__ import annotations

import operator
import os
import sys
from typing import TYPE_CHECKING, Any

from . import _unband
from .errors import InputError, LimitError, OptionError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TYPES = "uint8, uint16, float16, float32 or float64"


def is_path(image: object) -> bool:
    """Is it the name of a file?"""
    return isinstance(image, (str, os.PathLike))


def as_numpy(image: Any, name: str) -> NDArray[Any]:
    """The array of an object: of NumPy, with DLPack on the processor, or with NumPy's array interface."""
    import numpy as np

    if isinstance(image, np.ndarray):
        return image
    if image is None or isinstance(image, (bytes, bytearray, bool, int, float, complex, dict)):
        hint = "pass an array, an `Image` or the path of a file"
        if isinstance(image, (bytes, bytearray)):
            hint = "for the bytes of a file, pass its path, or `PIL.Image.open(io.BytesIO(data))`"
        raise InputError(f"`{name}` is not an image, got {type(image).__name__}", hint, name)
    if type(image).__module__.partition(".")[0] == "PIL" and hasattr(image, "getbands"):
        image = _of_pillow(image, name)
    try:
        if hasattr(image, "__dlpack__"):
            return np.from_dlpack(image)
        return np.asarray(image)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        hint = "pass an array in main memory; for a tensor, `tensor.detach().cpu()`"
        raise InputError(f"`{name}` is not an array that NumPy can read: {error}", hint, name) from error


# Modes of Pillow whose samples are those of an image, and those that become one of them without loss.
_MODES = {"L", "LA", "RGB", "RGBA", "I;16", "I;16L", "I;16B", "I;16N", "F"}
_CONVERTED = {"1": "L", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB"}


def _of_pillow(image: Any, name: str) -> Any:
    """An image of Pillow whose samples are colours, not indices or other coordinates."""
    mode = image.mode
    if mode in _MODES:
        return image
    if mode == "P":
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    if mode in _CONVERTED:
        return image.convert(_CONVERTED[mode])
    hint = 'pass `image.convert("RGB")`, or the path of the file'
    if mode.startswith("I"):
        hint = 'pass `numpy.asarray(image).astype("uint16")`, or the path of the file'
    raise InputError(f"`{name}` is an image of Pillow in the mode {mode}, not grey or RGB", hint, name)


def _axis(array: NDArray[Any], channel_axis: int | None, name: str) -> int | None:
    """The axis of the channels, counted from 0; None for grey without one."""
    if array.ndim not in (2, 3):
        hint = "pass one image: height × width, or height × width × channels"
        raise InputError(f"`{name}` must have 2 or 3 axes, got shape {array.shape}", hint, name)
    if array.ndim == 2:
        if channel_axis is not None:
            message = f"`channel_axis` must be None for an array of 2 axes, got {channel_axis!r}"
            raise OptionError(message, argument="channel_axis")
        return None
    try:
        axis = operator.index(-1 if channel_axis is None else channel_axis)
    except TypeError:
        message = f"`channel_axis` must be a whole number from -3 to 2, got {channel_axis!r}"
        raise OptionError(message, argument="channel_axis") from None
    if not -3 <= axis < 3:
        raise OptionError(f"`channel_axis` must be -3 to 2, got {axis}", argument="channel_axis")
    return axis % 3


def _channels(array: NDArray[Any], axis: int | None, name: str) -> int:
    if 0 in array.shape:
        raise InputError(f"`{name}` has no samples: shape {array.shape}", argument=name)
    channels = 1 if axis is None else int(array.shape[axis])
    if channels > 4:
        first = axis == 2 and array.shape[0] <= 4
        hint = "pass `channel_axis=0` for channels × height × width" if first else None
        message = f"`{name}` must have 1 to 4 channels, got {channels} on axis {axis} of shape {array.shape}"
        raise InputError(message, hint, name)
    return channels


def _depth(dtype: np.dtype[Any], bits: int | None, name: str) -> int:
    """Bits of the codes, or 32 for floating point."""
    whole = {1: 8, 2: 16}.get(dtype.itemsize) if dtype.kind == "u" else None
    if whole is None and not (dtype.kind == "f" and dtype.itemsize in (2, 4, 8)):
        codes = 'convert it first: `image.astype("uint8")` for codes of 0 to 255'
        hint = f"{codes}; floating point holds 0 for black and 1 for white"
        raise InputError(f"`{name}` must hold {_TYPES}, got {dtype}", hint, name)
    if bits is None:
        return whole or 32
    if whole is None:
        message = f"`bits` is for arrays of whole numbers, got {bits!r} for {dtype}"
        raise OptionError(message, argument="bits")
    if not isinstance(bits, int) or not 1 <= bits <= whole:
        raise OptionError(f"`bits` must be 1 to {whole} for {dtype}, got {bits!r}", argument="bits")
    return bits


def _exact(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Half floats that are rounded 8-bit codes, as those codes: the rounding would hide the grid."""
    import numpy as np

    if dtype.kind != "f" or dtype.itemsize != 2:
        return values
    with np.errstate(invalid="ignore"):
        codes = np.rint(values * np.float32(255)) / np.float32(255)
        same = codes.astype(np.float16).astype(np.float32) == values
    return codes if same.all() else values


def _not_unit(low: float, high: float, name: str) -> InputError:
    """The error for floating point that does not hold 0 for black and 1 for white."""
    if low < 0 and high <= 1:
        hint = f"convert it first: `({name} + 1) / 2`"
    else:
        white = 255 if high <= 255 else 65535 if high <= 65535 else None
        hint = f"divide it first: `{name} / {white or 'the value of white'}`"
    message = f"`{name}` holds values of {low:g} to {high:g}; 0 is black and 1 is white"
    return InputError(message, hint, name)


class Read:
    """An array, copied for the library. `give` turns a result into the caller's kind of array."""

    __slots__ = ("_axis", "_double", "_dtype", "_kind", "samples")

    samples: _unband.Samples

    def __init__(self, image: Any, name: str, channel_axis: int | None, bits: int | None) -> None:
        import numpy as np

        array = as_numpy(image, name)
        self._kind = None if isinstance(image, np.ndarray) else type(image)
        self._dtype = array.dtype
        self._double = array if array.dtype.kind == "f" and array.dtype.itemsize == 8 else None
        axis = _axis(array, channel_axis, name)
        channels = _channels(array, axis, name)
        depth = _depth(array.dtype, bits, name)
        self._axis = axis
        planar = False
        # Calls of NumPy take longer than a small image: none for one that is stored as the library reads it.
        if axis is not None and not (axis == 2 and array.flags.c_contiguous):
            first = np.moveaxis(array, axis, 0)
            planar = channels > 1 and first.flags.c_contiguous
            array = first if planar else np.moveaxis(array, axis, -1)
        height, width = array.shape[1:] if planar else array.shape[:2]
        try:
            if depth == 32:
                with np.errstate(over="ignore"):
                    array = _exact(np.ascontiguousarray(array, dtype=np.float32), array.dtype)
            elif not (array.flags.c_contiguous and array.dtype.isnative):
                array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
            self.samples = _unband.Samples(array, (height, width, channels), planar, depth)
        except MemoryError as error:
            message = f"`{name}` of shape {array.shape} does not fit into memory"
            raise LimitError(message, "pass a part of it", name) from error
        if self.samples.outside is not None:
            raise _not_unit(*self.samples.outside, name)

    def give(self, made: _unband.Samples, *, keep: bool) -> Any:
        """The array of a result; with `keep` of the caller's type, else of the type of its depth."""
        array = as_array(made)
        if self._axis is not None and not (self._axis == 2 and not made.planar):
            import numpy as np

            array = np.moveaxis(array, 0 if made.planar else -1, self._axis)
        elif self._axis is None and made.channels == 1:
            array = array.reshape(made.height, made.width)
        if keep or (self._dtype.kind == "f" and array.dtype.kind == "f"):
            array = self._kept(array)
        return like(array, self._kind)

    def _kept(self, made: NDArray[Any]) -> NDArray[Any]:
        """A result in the caller's type. In double precision, samples that did not move have all their
        digits."""
        import numpy as np

        array = made.astype(self._dtype, copy=False)
        if self._double is not None and array.shape == self._double.shape:
            with np.errstate(over="ignore"):
                same = made == self._double.astype(np.float32)
            array[same] = self._double[same]
        return array


def as_array(made: _unband.Samples) -> NDArray[Any]:
    """Samples as an array: height × width × channels, or channels first where they are planar."""
    import numpy as np

    size = (made.height, made.width)
    shape = (made.channels, *size) if made.planar else (*size, made.channels)
    array = np.empty(shape, dtype=made.dtype)
    made.copy_to(array)
    return array


def like(array: NDArray[Any], kind: type | None) -> Any:
    """The array as a tensor of PyTorch, if `kind` is one, or by DLPack as another library's array."""
    if kind is None:
        return array
    root = kind.__module__.partition(".")[0]
    if root == "torch":
        return sys.modules["torch"].from_numpy(array)
    if hasattr(kind, "__array_namespace__") and hasattr(sys.modules.get(root), "from_dlpack"):
        return sys.modules[root].from_dlpack(array)
    return array

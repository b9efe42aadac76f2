"""Images with the colour, depth and metadata of their file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _unband
from ._arrays import Read, as_array, is_path
from ._call import job

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray


class Image:
    """An image with everything that its file holds. It never changes; functions return new ones.

    `numpy.asarray(image)` gives its samples. `open` reads one, `save` writes one. It can be pickled (for the
    same version of unband), and `==` compares everything that it holds.
    """

    __slots__ = ("_array", "_native")

    def __init__(self, native: _unband.Image) -> None:
        self._native = native
        self._array: NDArray[Any] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _loaded, self._native.dump()

    def __copy__(self) -> Image:
        return self

    def __deepcopy__(self, memo: object) -> Image:
        return self

    def __eq__(self, other: object) -> bool:
        """Are samples, depth, colour and metadata the same?"""
        return self._native.equals(other._native) if isinstance(other, Image) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.width, self.height, self.channels, self.bits, self.format))

    @property
    def array(self) -> NDArray[Any]:
        """Samples, read-only: height × width for grey, else height × width × channels (RGB, RGBA; grey and
        alpha).

        uint8 for up to 8 bits, uint16 for more, float32 for floating point. Luma and colour differences are
        RGB here.
        """
        if self._array is None:
            with job(None, None) as options:
                array = as_array(self._native.samples(options))
            array = array[:, :, 0] if array.shape[2] == 1 else array
            array.setflags(write=False)
            self._array = array
        return self._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        import numpy as np

        if dtype is not None and np.dtype(dtype) != self.array.dtype:
            return self.array.astype(dtype)
        return self.array.copy() if copy else self.array

    @property
    def width(self) -> int:
        """Columns."""
        return self._native.width

    @property
    def height(self) -> int:
        """Rows."""
        return self._native.height

    @property
    def channels(self) -> int:
        """Samples of a pixel: grey 1, grey and alpha 2, RGB 3, RGB and alpha 4."""
        return self._native.channels

    @property
    def bits(self) -> int:
        """Bits of a code: 1 to 16, or 32 for floating point."""
        return self._native.bits

    @property
    def format(self) -> str:
        """Format of the file, such as "PNG"; empty for an image made in memory."""
        return self._native.format

    @property
    def lossy(self) -> bool:
        """Was its last coding lossy?"""
        return self._native.lossy

    @property
    def metadata(self) -> dict[str, Any]:
        """Bytes of `icc`, `exif`, `xmp` and `iptc`, `density` (across, down) and `text`, as far as they are
        there."""
        return self._native.metadata

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        quality: int | None = None,
        effort: int | None = None,
        threads: int | None = None,
    ) -> list[str]:
        """Writes a file with all metadata; the extension selects the format. Written completely or not at
        all.

        `quality` 1 to 100 is for lossy formats, `effort` 0 to 9 for compression. Returns the properties that
        the format could not hold. Raises `FileError` for a file that exists, unless `overwrite`, and
        `InputError` for a depth or transparency that the format cannot hold.
        """
        with job(threads, None, overwrite=overwrite, quality=quality, effort=effort) as options:
            return self._native.save(path, options)

    def __repr__(self) -> str:
        depth = "float" if self.bits == 32 else f"{self.bits}-bit"
        kind = f" {self.format}" if self.format else ""
        return f"<unband.Image {self.width}×{self.height}, {self.channels} channels, {depth}{kind}>"


def _loaded(text: str, blobs: list[bytes]) -> Image:
    return Image(_unband.Image.load(text, blobs))


def open(path: str | os.PathLike[str], *, threads: int | None = None) -> Image:
    """Reads an image file at its full depth, with metadata; the orientation is applied.

    PNG, JPEG, TIFF, WebP, AVIF, JPEG XL, OpenEXR, PNM, PFM, Y4M, GIF, BMP and HEIC. Raises `InputError` for a
    damaged or unknown file and `FileError` for one that cannot be read.
    """
    with job(threads, None) as options:
        return Image(_unband.open(path, options))


class Source:
    """An image argument: an array or tensor, an `Image`, or the path of a file."""

    __slots__ = ("_read", "native")

    def __init__(
        self, image: Any, name: str = "image", channel_axis: int | None = None, bits: int | None = None
    ) -> None:
        self._read: Read | None = None
        self.native: _unband.Samples | _unband.Image
        if is_path(image):
            image = open(image)
        if isinstance(image, Image):
            self.native = image._native
        else:
            self._read = Read(image, name, channel_axis, bits)
            self.native = self._read.samples

    @property
    def bits(self) -> int:
        """Bits of its codes; 32 for floating point."""
        return self.native.bits

    def give_array(self, made: _unband.Samples, *, keep: bool) -> Any:
        """Samples as an array like the argument; for an `Image` or a file as one of NumPy."""
        return as_array(made) if self._read is None else self._read.give(made, keep=keep)

    def give(self, made: Any, *, keep: bool) -> Any:
        """The result in the form of the argument."""
        return Image(made) if self._read is None else self._read.give(made, keep=keep)

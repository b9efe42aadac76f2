"""Debanding, upscaling and dithering of images in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _unband
from ._call import Progress, job
from ._image import Image, Source
from ._report import Findings, Proof, Report
from .errors import OptionError

if TYPE_CHECKING:
    import os


def deband(
    image: Any,
    *,
    method: str = "auto",
    strength: float | None = None,
    depth: int | str | None = None,
    dither: str | None = None,
    locked: bool = False,
    seed: int | None = None,
    everywhere: bool = False,
    faithful: bool | None = None,
    truncated: bool = False,
    alpha: bool = False,
    treat_as: str | None = None,
    wrap: str | None = None,
    band_step: float | tuple[float, float, float] | None = None,
    band_bits: int | None = None,
    precision: str | None = None,
    max_memory: int | str | None = None,
    channel_axis: int | None = None,
    bits: int | None = None,
    threads: int | None = None,
    progress: Progress = None,
    report: bool = False,
    **params: Any,
) -> Any:
    """Removes banding (false contours) from an image.

    `image`: an array of height × width or height × width × channels (grey 1, grey and alpha 2, RGB 3, RGBA 4;
    `channel_axis` names another axis), an `Image`, or the path of a file. Arrays hold uint8 or uint16 codes,
    or float16, float32 or float64 values with 0 for black and 1 for white; the grid of their values is found.
    Any strides and byte order are accepted; tensors with `__dlpack__` must be on the processor. Alpha
    stays unless `alpha` is set. Infinite and NaN samples stay. float64 is computed in float32.

    Returns the same kind of array, dtype and layout, or an `Image` for an `Image` or a path. With
    `report=True` a tuple of it and a `Report`.

    `method`: "auto" or a name of `list_methods()`; its parameters follow as keywords: `method="f3kdb", y=80`.
    `strength`: 0 to 4, 1 is tuned, 0 changes nothing.
    `depth`: bits of the result, 1 to 16, or "float"; None keeps the depth. Up to 8 bits come as uint8, more
    as uint16.
    `dither`: "blue-noise", "ordered", "error-diffusion", "tpdf" or "none"; `locked` uses one pattern for all
    channels.
    `seed`: of dither and other random values. `everywhere`: process areas without banding too.
    `faithful`: keep each sample within its quantisation interval; None: for unband's own methods.
    `truncated`: levels were rounded down. `alpha`: repair a banded alpha channel too.
    `treat_as`: "auto", "photo", "drawing" or "data". `wrap`: edges that meet, "x", "y", "both", "off" or
    "auto".
    `band_step`: repair bands of this many 8-bit codes, one number or one per channel, whatever is found;
    `band_bits`: bands of an image that had this many bits per channel.
    `precision`: "auto", "f32" or "bf16", for networks. `max_memory`: limit in bytes, or text
    such as "2G".
    `bits`: bits of the codes in an array of whole numbers, such as 10 for 10-bit codes in uint16.
    `threads`: None for all processors; never changes a result. `progress`: True, or a function of finished
    and all parts.

    Raises `OptionError` and `InputError` (both `ValueError`) that name the argument, `UnsupportedError`,
    `LimitError`, `FileError`; Ctrl-C raises `KeyboardInterrupt` within a tenth of a second.
    """
    source = Source(image, "image", channel_axis, bits)
    with job(
        threads,
        progress,
        method=method,
        params=params,
        strength=strength,
        depth=depth,
        dither=dither,
        locked=locked,
        seed=seed,
        everywhere=everywhere,
        faithful=faithful,
        truncated=truncated,
        alpha=alpha,
        treat_as=treat_as,
        wrap=wrap,
        band_step=band_step,
        band_bits=band_bits,
        precision=precision,
        max_memory=max_memory,
        report=bool(report),
    ) as options:
        made, told = _unband.deband(source.native, options)
    result = source.give(made, keep=depth is None)
    return result if told is None else (result, Report.of(told))


def inspect(
    image: Any,
    *,
    channel_axis: int | None = None,
    bits: int | None = None,
    threads: int | None = None,
) -> Findings:
    """Finds the banding of an image and its degradation. `image` as for `deband`. Changes nothing."""
    source = Source(image, "image", channel_axis, bits)
    with job(threads, None) as options:
        return Findings.of(_unband.inspect(source.native, options))


def upscale(
    image: Any,
    scale: float | None = None,
    *,
    width: int | None = None,
    height: int | None = None,
    fit: tuple[int, int] | None = None,
    weights: str | os.PathLike[str] | None = None,
    denoise: float | None = None,
    depth: int | str | None = None,
    dither: str | None = None,
    locked: bool = False,
    seed: int | None = None,
    precision: str | None = None,
    treat_as: str | None = None,
    wrap: str | None = None,
    max_memory: int | str | None = None,
    channel_axis: int | None = None,
    bits: int | None = None,
    threads: int | None = None,
    progress: Progress = None,
) -> Any:
    """Upscales an image by a network, to any size.

    `image` and the result as for `deband`. One of these names the size, in proportion: `scale`, a factor of
    up to 4 for the built-in network and up to that of `weights`, a checkpoint or an imported model; `width`
    or `height`, in pixels; `fit`, the largest width and height. Without them: the factor of the weights, 4
    for the built-in network. The network of the next factor runs, and its result is resized by antialiased
    cubic interpolation. Alpha is interpolated. `denoise`, 0 to 1: share of realesr-general-x4v3 in a mean with
    realesr-general-wdn-x4v3, a file next to it, which removes less noise.

    The result of the built-in network is blended with cubic interpolation by evidence of noise and
    compression; in drawings each sample stays within the range of those around it, and pixels of pixel art
    are repeated; `treat_as` "photo", "drawing" or "data" decides instead. `dither`: None is `blue-noise`
    where the image has finer levels than the result, else `none`. Other arguments as for `deband`.
    """
    source = Source(image, "image", channel_axis, bits)
    with job(
        threads,
        progress,
        scale=scale,
        width=width,
        height=height,
        fit=fit,
        weights=weights,
        denoise=denoise,
        depth=depth,
        dither=dither,
        locked=locked,
        seed=seed,
        precision=precision,
        treat_as=treat_as,
        wrap=wrap,
        max_memory=max_memory,
    ) as options:
        made, _, _ = _unband.upscale(source.native, options)
    return source.give(made, keep=depth is None)


def dither(
    image: Any,
    depth: int,
    *,
    method: str = "blue-noise",
    locked: bool = False,
    seed: int | None = None,
    channel_axis: int | None = None,
    bits: int | None = None,
    threads: int | None = None,
) -> Any:
    """Rounds an image to `depth` bits, 1 to 16, with dither; nothing is repaired.

    `method`: "blue-noise", "ordered", "error-diffusion", "tpdf" or "none". Up to 8 bits come as uint8, more
    as uint16. Samples that have a code of that depth stay exactly. Other arguments as for `deband`.
    """
    if not isinstance(depth, int) or isinstance(depth, bool) or not 1 <= depth <= 16:
        raise OptionError(f"`depth` must be 1 to 16, got {depth!r}", argument="depth")
    source = Source(image, "image", channel_axis, bits)
    with job(threads, None, depth=depth, dither=method, locked=locked, seed=seed) as options:
        return source.give(_unband.dither(source.native, options), keep=False)


def prove(
    original: Any,
    result: Any,
    *,
    truncated: bool = False,
    band_step: float | tuple[float, float, float] | None = None,
    band_bits: int | None = None,
    channel_axis: int | None = None,
    bits: int | None = None,
    threads: int | None = None,
) -> Proof:
    """Checks that no sample of a debanded image left the quantisation interval of its original value.

    Both images as for `deband`; they may differ in depth. `bits` is that of the original. `bool(proof)` is
    True when all samples are inside.
    """
    before = Source(original, "original", channel_axis, bits)
    after = Source(result, "result", channel_axis)
    with job(threads, None, truncated=truncated, band_step=band_step, band_bits=band_bits) as options:
        return Proof(**_unband.prove(before.native, after.native, options))


__all__ = ["Image", "deband", "dither", "inspect", "prove", "upscale"]

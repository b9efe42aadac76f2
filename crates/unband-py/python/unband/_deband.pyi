"""Debanding, upscaling and dithering of images in memory; made by make_stubs.py."""

from os import PathLike
from typing import Any, Literal, Required, TypedDict, Unpack, overload

from numpy.typing import NDArray

from ._call import Progress
from ._image import Image
from ._report import Findings, Proof, Report

__all__ = ["Image", "deband", "dither", "inspect", "prove", "upscale"]

class _Common(TypedDict, total=False):
    strength: float | None
    depth: int | str | None
    dither: str | None
    locked: bool
    seed: int | None
    everywhere: bool
    faithful: bool | None
    truncated: bool
    alpha: bool
    treat_as: str | None
    wrap: str | None
    band_step: float | tuple[float, float, float] | None
    band_bits: int | None
    precision: str | None
    max_memory: int | str | None
    channel_axis: int | None
    bits: int | None
    threads: int | None
    progress: Progress

class _Smooth(_Common, total=False):
    method: Required[Literal["smooth"]]

class _Undither(_Common, total=False):
    method: Required[Literal["undither"]]

class _FfmpegDeband(_Common, total=False):
    method: Required[Literal["ffmpeg-deband"]]
    thr1: float
    thr2: float
    thr3: float
    thr4: float
    range: int
    direction: float
    blur: bool
    coupling: bool

class _Gradfun(_Common, total=False):
    method: Required[Literal["gradfun"]]
    radius: int

class _Libplacebo(_Common, total=False):
    method: Required[Literal["libplacebo"]]
    iterations: int
    threshold: float
    radius: float
    grain: float
    grain_neutral: float
    planes: int

class _Fcdr(_Common, total=False):
    method: Required[Literal["fcdr"]]
    th1: float
    th2: float
    th3: float
    th4: int
    th5: int

class _F3kdb(_Common, total=False):
    method: Required[Literal["f3kdb"]]
    preset: Literal["depth", "low", "medium", "high", "veryhigh", "nograin", "luma", "chroma"]
    range: int
    y: int
    cb: int
    cr: int
    grainy: int
    grainc: int
    sample_mode: int
    blur_first: bool
    dynamic_grain: bool
    dither_algo: int
    keep_tv_range: bool
    output_depth: int
    random_algo_ref: int
    random_algo_grain: int
    random_param_ref: float
    random_param_grain: float
    y_1: int
    cb_1: int
    cr_1: int
    y_2: int
    cb_2: int
    cr_2: int
    scale: bool
    angle_boost: float
    max_angle: float
    frames: int

class _Adadeband(_Common, total=False):
    method: Required[Literal["adadeband"]]
    variant: Literal["original", "fixed"]
    noise: float

class _Bitnet(_Common, total=False):
    method: Required[Literal["bitnet"]]
    weights: str | PathLike[str]
    order: Literal["auto", "rgb", "bgr"]
    scale: float

class _Adnet(_Common, total=False):
    method: Required[Literal["adnet"]]
    weights: str | PathLike[str]
    order: Literal["auto", "rgb", "bgr"]
    scale: float

class _Brdnet(_Common, total=False):
    method: Required[Literal["brdnet"]]
    weights: str | PathLike[str]
    order: Literal["auto", "rgb", "bgr"]
    scale: float

class _UformerT(_Common, total=False):
    method: Required[Literal["uformer-t"]]
    weights: str | PathLike[str]
    order: Literal["auto", "rgb", "bgr"]
    scale: float

class _DeepdebandF(_Common, total=False):
    method: Required[Literal["deepdeband-f"]]
    weights: str | PathLike[str]
    original: bool
    order: Literal["auto", "rgb", "bgr"]
    scale: float

class _DeepdebandW(_Common, total=False):
    method: Required[Literal["deepdeband-w"]]
    weights: str | PathLike[str]
    original: bool
    order: Literal["auto", "rgb", "bgr"]
    scale: float

class _Indi(_Common, total=False):
    method: Required[Literal["indi"]]
    weights: str | PathLike[str]
    steps: int
    order: Literal["auto", "rgb", "bgr"]
    scale: float

class _Ggdbn(_Common, total=False):
    method: Required[Literal["ggdbn"]]
    weights: str | PathLike[str]
    order: Literal["auto", "rgb", "bgr"]
    scale: float

class _Bdinn(_Common, total=False):
    method: Required[Literal["bdinn"]]
    weights: str | PathLike[str]
    order: Literal["auto", "rgb", "bgr"]
    scale: float

class _UnbandLite(_Common, total=False):
    method: Required[Literal["unband-lite"]]
    weights: str | PathLike[str]

class _UnbandJpeg(_Common, total=False):
    method: Required[Literal["unband-jpeg"]]
    weights: str | PathLike[str]

class _AnyMethod(_Common, total=False):
    method: str

@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_Smooth]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_Smooth]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_Smooth]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_Smooth]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_Smooth]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_Smooth]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_Smooth]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_Smooth]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_Smooth]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_Undither]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_Undither]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_Undither]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_Undither]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_Undither]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_Undither]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_Undither]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_Undither]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_Undither]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_FfmpegDeband]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_FfmpegDeband]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_FfmpegDeband]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_FfmpegDeband]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_FfmpegDeband]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_FfmpegDeband]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_FfmpegDeband]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_FfmpegDeband]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_FfmpegDeband]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_Gradfun]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_Gradfun]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_Gradfun]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_Gradfun]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_Gradfun]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_Gradfun]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_Gradfun]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_Gradfun]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_Gradfun]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_Libplacebo]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_Libplacebo]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_Libplacebo]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_Libplacebo]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_Libplacebo]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_Libplacebo]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_Libplacebo]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_Libplacebo]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_Libplacebo]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_Fcdr]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_Fcdr]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_Fcdr]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_Fcdr]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_Fcdr]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_Fcdr]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_Fcdr]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_Fcdr]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_Fcdr]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_F3kdb]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_F3kdb]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_F3kdb]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_F3kdb]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_F3kdb]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_F3kdb]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_F3kdb]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_F3kdb]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_F3kdb]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_Adadeband]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_Adadeband]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_Adadeband]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_Adadeband]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_Adadeband]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_Adadeband]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_Adadeband]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_Adadeband]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_Adadeband]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_Bitnet]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_Bitnet]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_Bitnet]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_Bitnet]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_Bitnet]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_Bitnet]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_Bitnet]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_Bitnet]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_Bitnet]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_Adnet]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_Adnet]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_Adnet]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_Adnet]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_Adnet]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_Adnet]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_Adnet]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_Adnet]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_Adnet]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_Brdnet]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_Brdnet]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_Brdnet]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_Brdnet]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_Brdnet]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_Brdnet]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_Brdnet]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_Brdnet]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_Brdnet]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_UformerT]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_UformerT]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_UformerT]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_UformerT]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_UformerT]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_UformerT]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_UformerT]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_UformerT]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_UformerT]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_DeepdebandF]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_DeepdebandF]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_DeepdebandF]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_DeepdebandF]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_DeepdebandF]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_DeepdebandF]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_DeepdebandF]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_DeepdebandF]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_DeepdebandF]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_DeepdebandW]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_DeepdebandW]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_DeepdebandW]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_DeepdebandW]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_DeepdebandW]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_DeepdebandW]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_DeepdebandW]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_DeepdebandW]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_DeepdebandW]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_Indi]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_Indi]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_Indi]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_Indi]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_Indi]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_Indi]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_Indi]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_Indi]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_Indi]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_Ggdbn]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_Ggdbn]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_Ggdbn]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_Ggdbn]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_Ggdbn]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_Ggdbn]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_Ggdbn]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_Ggdbn]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_Ggdbn]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_Bdinn]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_Bdinn]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_Bdinn]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_Bdinn]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_Bdinn]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_Bdinn]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_Bdinn]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_Bdinn]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_Bdinn]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_UnbandLite]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_UnbandLite]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_UnbandLite]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_UnbandLite]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_UnbandLite]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_UnbandLite]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_UnbandLite]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_UnbandLite]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_UnbandLite]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_UnbandJpeg]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_UnbandJpeg]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_UnbandJpeg]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_UnbandJpeg]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_UnbandJpeg]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_UnbandJpeg]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_UnbandJpeg]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_UnbandJpeg]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_UnbandJpeg]) -> Any | tuple[Any, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[False] = ..., **options: Unpack[_AnyMethod]
) -> Image: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: Literal[True], **options: Unpack[_AnyMethod]
) -> tuple[Image, Report]: ...
@overload
def deband(
    image: str | PathLike[str] | Image, *, report: bool, **options: Unpack[_AnyMethod]
) -> Image | tuple[Image, Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[False] = ..., **options: Unpack[_AnyMethod]
) -> NDArray[Any]: ...
@overload
def deband(
    image: NDArray[Any], *, report: Literal[True], **options: Unpack[_AnyMethod]
) -> tuple[NDArray[Any], Report]: ...
@overload
def deband(
    image: NDArray[Any], *, report: bool, **options: Unpack[_AnyMethod]
) -> NDArray[Any] | tuple[NDArray[Any], Report]: ...
@overload
def deband(image: Any, *, report: Literal[False] = ..., **options: Unpack[_AnyMethod]) -> Any: ...
@overload
def deband(image: Any, *, report: Literal[True], **options: Unpack[_AnyMethod]) -> tuple[Any, Report]: ...
@overload
def deband(image: Any, *, report: bool, **options: Unpack[_AnyMethod]) -> Any | tuple[Any, Report]: ...
def inspect(
    image: Any,
    *,
    channel_axis: int | None = ...,
    bits: int | None = ...,
    threads: int | None = ...,
) -> Findings: ...
@overload
def upscale(
    image: str | PathLike[str] | Image,
    scale: float | None = ...,
    *,
    width: int | None = ...,
    height: int | None = ...,
    fit: tuple[int, int] | None = ...,
    weights: str | PathLike[str] | None = ...,
    denoise: float | None = ...,
    depth: int | str | None = ...,
    dither: str | None = ...,
    locked: bool = ...,
    seed: int | None = ...,
    precision: str | None = ...,
    treat_as: str | None = ...,
    wrap: str | None = ...,
    max_memory: int | str | None = ...,
    channel_axis: int | None = ...,
    bits: int | None = ...,
    threads: int | None = ...,
    progress: Progress = ...,
) -> Image: ...
@overload
def upscale(
    image: NDArray[Any],
    scale: float | None = ...,
    *,
    width: int | None = ...,
    height: int | None = ...,
    fit: tuple[int, int] | None = ...,
    weights: str | PathLike[str] | None = ...,
    denoise: float | None = ...,
    depth: int | str | None = ...,
    dither: str | None = ...,
    locked: bool = ...,
    seed: int | None = ...,
    precision: str | None = ...,
    treat_as: str | None = ...,
    wrap: str | None = ...,
    max_memory: int | str | None = ...,
    channel_axis: int | None = ...,
    bits: int | None = ...,
    threads: int | None = ...,
    progress: Progress = ...,
) -> NDArray[Any]: ...
@overload
def upscale(
    image: Any,
    scale: float | None = ...,
    *,
    width: int | None = ...,
    height: int | None = ...,
    fit: tuple[int, int] | None = ...,
    weights: str | PathLike[str] | None = ...,
    denoise: float | None = ...,
    depth: int | str | None = ...,
    dither: str | None = ...,
    locked: bool = ...,
    seed: int | None = ...,
    precision: str | None = ...,
    treat_as: str | None = ...,
    wrap: str | None = ...,
    max_memory: int | str | None = ...,
    channel_axis: int | None = ...,
    bits: int | None = ...,
    threads: int | None = ...,
    progress: Progress = ...,
) -> Any: ...
@overload
def dither(
    image: str | PathLike[str] | Image,
    depth: int,
    *,
    method: str = ...,
    locked: bool = ...,
    seed: int | None = ...,
    channel_axis: int | None = ...,
    bits: int | None = ...,
    threads: int | None = ...,
) -> Image: ...
@overload
def dither(
    image: NDArray[Any],
    depth: int,
    *,
    method: str = ...,
    locked: bool = ...,
    seed: int | None = ...,
    channel_axis: int | None = ...,
    bits: int | None = ...,
    threads: int | None = ...,
) -> NDArray[Any]: ...
@overload
def dither(
    image: Any,
    depth: int,
    *,
    method: str = ...,
    locked: bool = ...,
    seed: int | None = ...,
    channel_axis: int | None = ...,
    bits: int | None = ...,
    threads: int | None = ...,
) -> Any: ...
def prove(
    original: Any,
    result: Any,
    *,
    truncated: bool = ...,
    band_step: float | tuple[float, float, float] | None = ...,
    band_bits: int | None = ...,
    channel_axis: int | None = ...,
    bits: int | None = ...,
    threads: int | None = ...,
) -> Proof: ...

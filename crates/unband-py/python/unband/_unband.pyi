"""The extension module: the library on samples, and the program."""

from collections.abc import Iterator
from os import PathLike
from typing import Any, final

__all__ = [
    "Frames",
    "Image",
    "Recipe",
    "Samples",
    "deband",
    "deband_file",
    "deband_video",
    "dither",
    "inspect",
    "methods",
    "metrics",
    "open",
    "prove",
    "read_checkpoint",
    "recipes",
    "run_program",
    "score",
    "upscale",
    "version",
]

_Options = dict[str, Any]

@final
class Samples:
    height: int
    width: int
    channels: int
    planar: bool
    bits: int
    dtype: str
    def __new__(cls, array: Any, size: tuple[int, int, int], planar: bool, bits: int) -> Samples: ...
    def copy_to(self, array: Any) -> None: ...

@final
class Image:
    width: int
    height: int
    channels: int
    bits: int
    format: str
    lossy: bool
    metadata: dict[str, Any]
    def samples(self, options: _Options) -> Samples: ...
    def save(self, path: _Path, options: _Options) -> list[str]: ...

_Path = str | PathLike[str]
_Source = Samples | Image

@final
class Recipe:
    title: str
    scale: int
    room: int
    slow: bool
    def __new__(cls, name: str, text: str | None) -> Recipe: ...
    @staticmethod
    def text_of(name: str) -> str | None: ...
    def apply(
        self, source: _Source, seed: int, index: str, bits: int, options: _Options
    ) -> tuple[Samples, Samples, str, int]: ...

def recipes() -> list[tuple[str, str]]: ...
def metrics() -> list[dict[str, Any]]: ...
def default_metrics(reference: bool, before: bool) -> list[str]: ...
def score(
    names: list[str], image: _Source, reference: _Source | None, input: _Source | None, options: _Options
) -> list[tuple[float, list[tuple[str, float]]] | None]: ...
def deband_file(input: _Path, output: _Path | None, options: _Options) -> dict[str, Any]: ...
def deband_video(input: _Path, output: _Path, options: _Options) -> dict[str, Any]: ...

@final
class Frames(Iterator[tuple[float, bool, Image]]):
    def __new__(cls, input: _Path, deband: bool, options: _Options) -> Frames: ...
    def __iter__(self) -> Frames: ...
    def __next__(self) -> tuple[float, bool, Image]: ...
    def close(self) -> None: ...

def open(path: _Path, options: _Options) -> Image: ...
def deband(source: _Source, options: _Options) -> tuple[Samples | Image, dict[str, Any] | None]: ...
def inspect(source: _Source, options: _Options) -> dict[str, Any]: ...
def upscale(source: _Source, options: _Options) -> tuple[Samples | Image, str, int]: ...
def dither(source: _Source, options: _Options) -> Samples | Image: ...
def prove(original: _Source, result: _Source, options: _Options) -> dict[str, Any]: ...
def methods() -> list[dict[str, Any]]: ...
def version() -> str: ...
def run_program(arguments: list[str]) -> int: ...
def read_checkpoint(path: _Path) -> tuple[str, list[tuple[str, str]], list[tuple[str, list[int], bytes]]]: ...

"""Writes python/unband/_deband.pyi: the results of `deband` and `upscale` by the kind of their image, and the
parameters of each method of `deband` with their types.

    python crates/unband-py/python/make_stubs.py            prints it
    python crates/unband-py/python/make_stubs.py --write    writes it

A test compares the file with the registry. The other functions of the module come from their own signatures.
"""

from __future__ import annotations

import inspect
import keyword
import sys
from pathlib import Path

import unband
from unband import _deband

STUB = Path(_deband.__file__).with_name("_deband.pyi")

HEAD = '''"""Debanding, upscaling and dithering of images in memory; made by make_stubs.py."""

from os import PathLike
from typing import Any, Literal, Required, TypedDict, Unpack, overload

from numpy.typing import NDArray

from ._call import Progress
from ._image import Image
from ._report import Findings, Proof, Report

'''

# What comes back for an image: a path or an `Image`, an array of NumPy, a tensor of another library.
KINDS = [("str | PathLike[str] | Image", "Image"), ("NDArray[Any]", "NDArray[Any]"), ("Any", "Any")]

# The longest line that `ruff format` leaves in one piece (pyproject.toml).
LENGTH = 110

TYPES = {"number": "float", "whole number": "int", "switch": "bool", "file": "str | PathLike[str]"}


def annotated(parameter: inspect.Parameter) -> str:
    """A parameter as a stub writes it."""
    text = f"{parameter.name}: {parameter.annotation}".replace("os.PathLike", "PathLike")
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        return f"**{text}"
    return text if parameter.default is inspect.Parameter.empty else f"{text} = ..."


def function(name: str, lines: list[str], result: str, overload: bool = False) -> str:
    """A function with a line for each parameter."""
    head = "@overload\n" if overload else ""
    return f"{head}def {name}(\n" + "".join(f"    {line},\n" for line in lines) + f") -> {result}: ...\n"


def plain(name: str) -> str:
    """A function as its module has it; one with an image as result has an overload for each kind of it."""
    signature = inspect.signature(getattr(_deband, name))
    lines: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and "*" not in lines:
            lines.append("*")
        lines.append(annotated(parameter))
    if signature.return_annotation != "Any":
        return function(name, lines, str(signature.return_annotation))
    made = [[line.replace("image: Any", f"image: {kind}") for line in lines] for kind, _ in KINDS]
    return "".join(function(name, own, result, True) for own, (_, result) in zip(made, KINDS, strict=True))


def class_of(method: str) -> str:
    """Name of the class with the keywords of a method."""
    return "_" + "".join(word.capitalize() for word in method.replace("_", "-").split("-"))


def keywords(name: str, lines: list[str], base: str = "TypedDict") -> str:
    """A class of optional keywords."""
    return f"class {name}({base}, total=False):\n" + "".join(f"    {line}\n" for line in lines) + "\n"


def common() -> str:
    """Keywords of all methods."""
    general = inspect.signature(_deband.deband).parameters
    names = [name for name in general if name not in ("image", "method", "report", "params")]
    return keywords("_Common", [annotated(general[name]).removesuffix(" = ...") for name in names])


def of_method(method: unband.Method) -> str:
    """Keywords of a method. A general one that is also its parameter stays general."""
    general = inspect.signature(_deband.deband).parameters
    lines = [f'method: Required[Literal["{method.name}"]]']
    for param in method.params:
        if param.keyword not in general and not keyword.iskeyword(param.keyword):
            words = ", ".join(f'"{word}"' for word in param.words)
            kind = f"Literal[{words}]" if param.kind == "word" else TYPES[param.kind]
            lines.append(f"{param.keyword}: {kind}")
    return keywords(class_of(method.name), lines, "_Common")


def debands(options: str) -> str:
    """`deband` with these keywords, by the kind of the image, without and with a report."""
    made = ""
    for kind, result in KINDS:
        both = f"tuple[{result}, Report]"
        kinds = [("Literal[False] = ...", result), ("Literal[True]", both), ("bool", f"{result} | {both}")]
        for report, own in kinds:
            arguments = f"image: {kind}, *, report: {report}, **options: Unpack[{options}]"
            line = f"def deband({arguments}) -> {own}: ...\n"
            if len(line.rstrip()) > LENGTH:
                line = f"def deband(\n    {arguments}\n) -> {own}: ...\n"
            made += f"@overload\n{line}"
    return made


def stub() -> str:
    """The whole file."""
    methods = list(unband.list_methods())
    # A method with its parameters as text is any other text.
    auto = keywords("_AnyMethod", ["method: str"], "_Common")
    classes = [common(), *map(of_method, methods), auto]
    debanding = [debands(class_of(method.name)) for method in methods] + [debands("_AnyMethod")]
    others = [plain(name) for name in ("inspect", "upscale", "dither", "prove")]
    names = ", ".join(f'"{name}"' for name in _deband.__all__)
    return HEAD + f"__all__ = [{names}]\n\n" + "".join([*classes, *debanding, *others])


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        STUB.write_text(stub())
    else:
        print(stub(), end="")

"""Writes python/unband/_deband.pyi: an overload of `deband` for each method with the types of its parameters.

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
from typing import Any, Literal, overload

from ._call import Progress
from ._image import Image
from ._report import Findings, Proof

'''

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
    """A function as its module has it."""
    signature = inspect.signature(getattr(_deband, name))
    lines: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and "*" not in lines:
            lines.append("*")
        lines.append(annotated(parameter))
    return function(name, lines, str(signature.return_annotation))


def of_method(method: unband.Method) -> str:
    """The overload of a method. A general keyword that is also its parameter stays general."""
    general = inspect.signature(_deband.deband).parameters
    lines = ["image: Any", "*", f'method: Literal["{method.name}"]']
    lines += [annotated(p) for name, p in general.items() if name not in ("image", "method", "params")]
    for param in method.params:
        if param.keyword not in general and not keyword.iskeyword(param.keyword):
            words = ", ".join(f'"{word}"' for word in param.words)
            kind = f"Literal[{words}]" if param.kind == "word" else TYPES[param.kind]
            lines.append(f"{param.keyword}: {kind} = ...")
    return function("deband", lines, "Any", overload=True)


def any_method() -> str:
    """The overload for the default method, and for a method with its parameters as text."""
    return "@overload\n" + plain("deband").replace("    **params: Any,\n", "")


def stub() -> str:
    """The whole file."""
    methods = [of_method(method) for method in unband.list_methods()]
    others = [plain(name) for name in ("inspect", "upscale", "dither", "prove")]
    names = ", ".join(f'"{name}"' for name in _deband.__all__)
    return HEAD + f"__all__ = [{names}]\n\n" + "".join([*methods, any_method(), *others])


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        STUB.write_text(stub())
    else:
        print(stub(), end="")

"""Methods and their parameters."""

from __future__ import annotations

from typing import Any, NamedTuple

from . import _unband


class Parameter(NamedTuple):
    """A parameter of a method."""

    name: str
    """Its own name, as its authors spell it."""
    keyword: str
    """Its name as a keyword of `deband`."""
    doc: str
    """Its effect."""
    kind: str
    """"number", "whole number", "switch", "word" or "file"."""
    words: tuple[str, ...]
    """The words, for that kind."""
    default: str
    """Its default as text."""
    range: str
    """Its range as text; empty where every value is allowed."""
    unit: str
    """Its unit; empty for shares, factors and words."""


class Method(NamedTuple):
    """A method for `deband(image, method=name)`."""

    name: str
    title: str
    source: str
    """Paper or repository."""
    own: bool
    """Is it unband's own? Others run as their authors wrote them."""
    params: tuple[Parameter, ...]


def _parameter(row: dict[str, Any]) -> Parameter:
    return Parameter(**{**row, "words": tuple(row["words"])})


def list_methods() -> list[Method]:
    """All methods with their parameters, in the order of `unband list methods`."""
    return [Method(**{**row, "params": tuple(map(_parameter, row["params"]))}) for row in _unband.methods()]

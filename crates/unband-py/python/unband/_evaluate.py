"""Tables of methods on image pairs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _unband
from ._call import Progress, job
from ._files import path_of
from .errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Mean(NamedTuple):
    """A mean over images."""

    mean: float
    low: float
    """Lower end of its 95 % interval (bootstrap over images, fixed seed)."""
    high: float
    """Upper end."""
    images: int
    """Number of values."""


class TableRow(NamedTuple):
    """A method of a table."""

    name: str
    setting: str
    """Its setting, where the table tries several; else empty."""
    input: bool
    """Are these the degraded images themselves?"""
    means: dict[str, Mean]
    """By metric; also "seconds" for each image."""
    error: str | None
    """Why there are no values."""


class TableGroup(NamedTuple):
    """The methods on some of the pairs."""

    degradation: str | None
    """The degradation of the pairs; None for all pairs."""
    pairs: int
    """Number of pairs."""
    rows: list[TableRow]


class PairScores(NamedTuple):
    """Values of one method on one pair."""

    image: str
    degradation: str
    method: str
    metrics: dict[str, float | None]
    """By name; None where a metric has no value."""
    seconds: float
    """Time of the method."""


class Table(NamedTuple):
    """Result of `evaluate`."""

    title: str
    columns: list[tuple[str, str, bool | None]]
    """Name, unit, and whether a lower value is better (None for neither)."""
    groups: list[TableGroup]
    """All pairs first, then those of each degradation if there are several."""
    pairs: list[PairScores]
    """Every value."""
    failed: list[str]
    """Messages about pairs without values."""
    notes: list[str]

    def __str__(self) -> str:
        names = [name for name, _, _ in self.columns]
        lines = [["", *names]]
        for row in self.groups[0].rows if self.groups else []:
            cells = [f"{row.means[name].mean:.4g}" if name in row.means else "" for name in names]
            lines.append([row.name, *cells])
        widths = [max(len(line[i]) for line in lines) for i in range(len(names) + 1)]
        shown = (
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
        )
        return "\n".join(line.rstrip() for line in shown)


def evaluate(
    table: str | os.PathLike[str] | None = None,
    *,
    methods: Mapping[str, str] | Iterable[str] | None = None,
    images: str | os.PathLike[str] | None = None,
    degradations: Iterable[str] | None = None,
    metrics: Iterable[str] | None = None,
    seed: int | None = None,
    count: int | None = None,
    crop: int | None = None,
    only: Iterable[str] | None = None,
    untrained: bool = False,
    out: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    progress: Progress = None,
) -> Table:
    """Compares methods on pairs of clean and degraded images, as `unband eval` does.

    Either `table`: a TOML file, or the name of a built-in table (`unband list tables`); `images` then
    replaces its folder. Or `methods` (a dict from names of rows to methods as for `--method`,
    "gradfun:radius=20", or "default"; or a list of methods), `images` (a folder of clean images, which
    `degradations` are applied to, names as "rgb-6"; without them a folder with `lq` and `gt`) and `metrics`
    (by default PSNR, PSNR of flat areas, false steps).

    `seed` of the degradations; `count`: number of images, evenly spread over the names, 0 for all; `crop`:
    side of the window of each image in samples, the one with the most smooth area, 0 for whole images;
    `only`: names of rows; `untrained`: run networks without weights too. `out`: a folder where results of
    each image are stored, so that the same call continues. Raises `OptionError` for unknown names,
    `FileError` for a folder that cannot be used; pairs that fail are in `Table.failed`.
    """
    if table is None and (methods is None or images is None):
        raise OptionError("evaluate needs `table`, or `methods` and `images`", argument="methods")
    if table is not None and not (methods is None and degradations is None and metrics is None):
        raise OptionError("`table` has its own methods, degradations and metrics", argument="table")
    rows: Any = None
    if methods is not None:
        rows = list(methods.items() if hasattr(methods, "items") else ((name, name) for name in methods))
    chosen = ["psnr", "flat-psnr", "false-steps"] if metrics is None else _names(metrics, "metrics")
    with job(
        threads,
        progress,
        table=None if table is None else path_of(table, "table"),
        methods=rows,
        images=None if images is None else path_of(images, "images"),
        degradations=None if degradations is None else _names(degradations, "degradations"),
        metrics=chosen,
        seed=seed,
        count=count,
        crop=crop,
        only=None if only is None else _names(only, "only"),
        untrained=untrained,
        out=out,
    ) as options:
        made = _unband.evaluate(options)
    groups = [
        TableGroup(cause, pairs, [TableRow(**{**row, "means": _means(row["means"])}) for row in rows])
        for cause, pairs, rows in made["groups"]
    ]
    return Table(**{**made, "groups": groups, "pairs": [PairScores(*pair) for pair in made["pairs"]]})


def _means(means: dict[str, tuple[float, float, float, int]]) -> dict[str, Mean]:
    return {name: Mean(*mean) for name, mean in means.items()}


def _names(names: Iterable[str], argument: str) -> list[str]:
    if isinstance(names, str):
        raise OptionError(f"`{argument}` must be a list of names, got {names!r}", argument=argument)
    return list(names)

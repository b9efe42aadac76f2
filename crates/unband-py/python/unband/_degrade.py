"""Seeded degradations of clean images, for training pairs."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _unband
from ._call import job
from ._image import Source
from ._program import run
from .errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Degraded(NamedTuple):
    """The second result of a `Degrade` call."""

    clean: Any
    """Result of a perfect repair: the image after the steps that change both sides, `scale` times as
    large."""
    record: dict[str, Any]
    """All draws, as in the manifest of `unband degrade`."""
    seed: int
    """Seed of the draws, from the seed of the recipe and the index."""


class Degrade:
    """A recipe of random degradations, as a function of an image and its index.

    `recipe`: a name of `list_recipes()`, or the path of a TOML file, which is read once. The pair of an image
    depends only on the recipe, `seed` and `index`: not on order, process or number of workers. A `Degrade`
    can be pickled and works after `fork`, `spawn` and `forkserver`.

        degrade = unband.Degrade("default", seed=7)
        bad, info = degrade(image, index=3)      # info.clean, info.record
        bad, clean = degrade.pair(image, index=3, patch=128)
    """

    __slots__ = ("_name", "_native", "_text", "seed")

    seed: int

    def __init__(self, recipe: str | os.PathLike[str], seed: int = 0) -> None:
        if not isinstance(recipe, (str, os.PathLike)):
            message = f"`recipe` must be a name or the path of a file, got {recipe!r}"
            raise OptionError(message, "unband.list_recipes() has the names", "recipe")
        name = os.fspath(recipe)
        self._set(name, _unband.Recipe.text_of(name), seed)

    def _set(self, name: str, text: str | None, seed: int) -> None:
        if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**64:
            raise OptionError(
                f"`seed` must be a whole number from 0 to 2**64 - 1, got {seed!r}", argument="seed"
            )
        self._name, self._text, self.seed = name, text, seed
        self._native = _unband.Recipe(name, text)

    @property
    def title(self) -> str:
        """Title of the recipe."""
        return self._native.title

    @property
    def scale(self) -> int:
        """Ratio of the clean side's size to the degraded side's; 1 where both have one size."""
        return self._native.scale

    @property
    def room(self) -> int:
        """Samples of the clean image needed around a patch, so that it is degraded like part of a whole
        image."""
        return self._native.room

    @property
    def slow(self) -> bool:
        """May it start programs, such as encoders of FFmpeg?"""
        return self._native.slow

    def __call__(
        self,
        image: Any,
        index: int | str = 0,
        *,
        patch: int | None = None,
        channel_axis: int | None = None,
        bits: int | None = None,
    ) -> tuple[Any, Degraded]:
        """The degraded image and its facts.

        `image`: clean RGB, as for `deband`; grey becomes RGB, alpha is dropped. The results have its kind and
        dtype: uint8 and uint16 codes are rounded, floating point is computed from 16 bits. `index`: a number,
        or a name; the name of a file without ending gives the draws of `unband degrade`. `patch`: cut a
        random square of that side from the degraded image, and the square of `scale` times that side from the
        clean one.

        Raises `InputError` for an image that is too small for the patch, and `UnbandError` for a program that
        is missing.
        """
        source = Source(image, "image", channel_axis, bits)
        index = _name_of(index)
        wide = source.bits
        with job(1, None, patch=_side(patch)) as options:
            bad, clean, record, seed = self._native.apply(source.native, self.seed, index, wide, options)
        whole = bits is None
        facts = Degraded(source.give_array(clean, keep=whole), json.loads(record), seed)
        return source.give_array(bad, keep=whole), facts

    def pair(
        self,
        image: Any,
        index: int | str = 0,
        *,
        patch: int | None = None,
        channel_axis: int | None = None,
        bits: int | None = None,
    ) -> tuple[Any, Any]:
        """The degraded image and the clean one; arguments as for a call."""
        bad, facts = self(image, index, patch=patch, channel_axis=channel_axis, bits=bits)
        return bad, facts.clean

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._name, self._text, self.seed)

    def __repr__(self) -> str:
        return f"unband.Degrade({self._name!r}, seed={self.seed})"


def _restored(name: str, text: str | None, seed: int) -> Degrade:
    degrade = Degrade.__new__(Degrade)
    degrade._set(name, text, seed)
    return degrade


def _name_of(index: int | str) -> str:
    if isinstance(index, bool) or not (isinstance(index, str) or hasattr(index, "__index__")):
        raise OptionError(f"`index` must be a whole number or a name, got {index!r}", argument="index")
    return index if isinstance(index, str) else str(index.__index__())


def _side(patch: int | None) -> int | None:
    if patch is not None and (not isinstance(patch, int) or isinstance(patch, bool) or patch < 1):
        raise OptionError(f"`patch` must be a whole number from 1, got {patch!r}", argument="patch")
    return patch


def list_recipes() -> dict[str, str]:
    """Titles of the built-in recipes, by name."""
    return dict(_unband.recipes())


def make_pairs(
    inputs: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    recipe: str | os.PathLike[str],
    *,
    seed: int = 0,
    patch: int | None = None,
    recursive: bool = False,
    overwrite: bool = False,
    effort: int | None = None,
    threads: int | None = None,
) -> list[dict[str, Any]]:
    """Writes pairs of degraded and clean images: `output`/lq and `output`/gt with equal names, and a
    manifest.

    `inputs`: clean images, folders or patterns. Runs `unband degrade --pairs`; returns the manifest's
    entries, one for each pair. Raises `UnbandError` if an image failed; the others are done.
    """
    paths = [inputs] if isinstance(inputs, (str, os.PathLike)) else list(inputs)
    if not paths:
        raise OptionError("`inputs` names no file", argument="inputs")
    switches = [("--recursive", recursive), ("--overwrite", overwrite)]
    values = [("--patch", _side(patch)), ("--effort", effort), ("--threads", threads), ("--seed", seed)]
    arguments = ["degrade", "--pairs", "--json", "--quiet", f"--recipe={os.fspath(recipe)}"]
    arguments += [name for name, given in switches if given]
    arguments += [f"{name}={value}" for name, value in values if value is not None]
    files = [os.fspath(path) for path in paths]
    lines = run([*arguments, f"--output={os.fspath(output)}", "--", *files]).splitlines()
    return [json.loads(line) for line in lines[1:]]

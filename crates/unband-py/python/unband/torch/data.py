"""Degradations of batches, and datasets of pairs made on the fly."""

from __future__ import annotations

import glob as _glob
import os
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from .. import Degrade as _Degrade
from ..errors import InputError, OptionError

Recipe = str | os.PathLike[str] | _Degrade


def _recipe(recipe: Recipe, seed: int) -> _Degrade:
    return recipe if isinstance(recipe, _Degrade) else _Degrade(recipe, seed)


class Degrade(nn.Module):
    """A recipe of random degradations for batches, N × 3 × H × W; without gradients.

    `recipe` and `seed` as for `unband.Degrade`. The image of index i depends on the recipe, the seed and i
    alone. Without indices, images are numbered on from call to call; `count` is the next number.
    """

    def __init__(self, recipe: Recipe, seed: int = 0) -> None:
        super().__init__()
        self.degrade = _recipe(recipe, seed)
        self.count = 0

    @property
    def scale(self) -> int:
        """Ratio of the clean side's size to the degraded side's."""
        return self.degrade.scale

    @torch.no_grad()
    def pair(self, batch: Tensor, indices: Sequence[int] | Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The degraded batch and the clean one, of the dtype and on the device of `batch`."""
        if batch.ndim != 4 or batch.shape[1] != 3 or 0 in batch.shape:
            message = f"`batch` must be N × 3 × H × W, got {tuple(batch.shape)}"
            raise InputError(message, argument="batch")
        if indices is None:
            indices = range(self.count, self.count + len(batch))
            self.count += len(batch)
        if len(indices) != len(batch):
            message = f"`indices` must have {len(batch)} numbers, got {len(indices)}"
            raise OptionError(message, argument="indices")
        images = batch.detach().cpu()
        images = images.float() if images.dtype == torch.bfloat16 else images
        pairs = [
            self.degrade.pair(image, int(index), channel_axis=0)
            for image, index in zip(images, indices, strict=True)
        ]
        bad, clean = (torch.stack(side).to(batch.device, batch.dtype) for side in zip(*pairs, strict=True))
        return bad, clean

    def forward(self, batch: Tensor, indices: Sequence[int] | Tensor | None = None) -> Tensor:
        """The degraded batch."""
        return self.pair(batch, indices)[0]


class PairDataset(Dataset[tuple[Tensor, Tensor]]):
    """Pairs of degraded and clean images, made when they are read; float32, 3 × H × W, 0 to 1.

    `files`: clean images, or a pattern such as "train/*.png", sorted. `degrade`: a recipe or an
    `unband.Degrade`. `patch`: side of a random square of the degraded side; the clean side is `scale` times
    as large. Only the surroundings that the recipe needs are degraded. `repeat`: patches of each file in an
    epoch.

    Item i of epoch e depends on the recipe, its seed, i and e alone: not on workers or order. `set_epoch(e)`
    before each epoch draws new pairs; call it before workers start. Safe after `fork`, `spawn` and
    `forkserver`.
    """

    def __init__(
        self,
        files: str | Sequence[str | os.PathLike[str]],
        degrade: Recipe,
        *,
        patch: int | None = None,
        repeat: int = 1,
        seed: int = 0,
    ) -> None:
        pattern = isinstance(files, str)
        names = (
            sorted(_glob.glob(files, recursive=True))
            if isinstance(files, str)
            else [os.fspath(f) for f in files]
        )
        if not names:
            what = f"no file matches {files!r}" if pattern else "`files` is empty"
            raise OptionError(what, argument="files")
        for name, number in (("patch", patch), ("repeat", repeat)):
            if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 1):
                raise OptionError(f"`{name}` must be a whole number from 1, got {number!r}", argument=name)
        self.files = names
        self.degrade = _recipe(degrade, seed)
        self.patch, self.repeat, self.epoch = patch, repeat, 0

    def set_epoch(self, epoch: int) -> None:
        """Selects the pairs of an epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.files) * self.repeat

    def __getitem__(self, item: int) -> tuple[Tensor, Tensor]:
        if not -len(self) <= item < len(self):
            raise IndexError(item)
        item %= len(self)
        index = self.epoch * len(self) + item
        clean = self._window(_rgb(self.files[item % len(self.files)]), index)
        bad, clean = self.degrade.pair(clean, index, patch=self.patch)
        return _tensor(bad), _tensor(clean)

    def _window(self, image: np.ndarray[Any, Any], index: int) -> np.ndarray[Any, Any]:
        """The part of the image that a patch needs."""
        if self.patch is None:
            return image
        side = self.patch * self.degrade.scale + 2 * self.degrade.room
        draw = random.Random(f"{self.degrade.seed} {index} window")
        y, x = (draw.randrange(max(size - side, 0) + 1) for size in image.shape[:2])
        return image[y : y + side, x : x + side]


def _rgb(file: str) -> np.ndarray[Any, Any]:
    """The colours of a file: height × width × 3 of uint8 or uint16, or float32."""
    from .. import open

    image = open(file, threads=1).array
    if image.ndim == 2:
        image = image[:, :, None]
    if image.shape[2] in (2, 4):
        image = image[:, :, :-1]
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image


def _tensor(image: np.ndarray[Any, Any]) -> Tensor:
    most = {1: 255, 2: 65535}.get(image.dtype.itemsize, 1)
    values = np.moveaxis(image, -1, 0).astype(np.float32, order="C")
    if most != 1:
        values /= np.float32(most)
    return torch.from_numpy(values)

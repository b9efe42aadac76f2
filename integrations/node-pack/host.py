"""The host's side of a node: image tensors, masks, progress and interruption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor


def codes_of(image: Tensor) -> NDArray[Any]:
    """An image of a batch, height × width × channels: as codes where its values are those of 8 or 16 bits,
    as values else."""
    values = image.detach().cpu().float().numpy()
    for dtype in (np.uint8, np.uint16):
        most = np.iinfo(dtype).max
        codes = np.rint(np.clip(values, 0, 1) * most).astype(dtype)
        if np.array_equal(codes.astype(np.float32) / np.float32(most), values):
            return codes
    return values


def values_of(made: NDArray[Any]) -> Tensor:
    """Codes or values as an image of a batch. The host's Save Image gives the same codes of 8 bits."""
    if made.dtype.kind == "f":
        return torch.from_numpy(np.ascontiguousarray(made, np.float32))
    return torch.from_numpy(made.astype(np.float32) / np.float32(np.iinfo(made.dtype).max))


def blended(image: Tensor, made: Tensor, mask: Tensor | None, number: int) -> Tensor:
    """The result where the mask is 1, the image where it is 0. A mask has the size of the image, or is
    resized to it."""
    if mask is None:
        return made
    own = mask[number % mask.shape[0]].detach().cpu().float()
    if own.shape != made.shape[:2]:
        own = torch.nn.functional.interpolate(own[None, None], size=made.shape[:2], mode="bilinear")[0, 0]
    own = own[..., None]
    return made * own + image.detach().cpu().float() * (1 - own)


class Steps:
    """Progress of a batch on the host's bar; an interruption there ends the work."""

    def __init__(self, images: int) -> None:
        self.number, self.images, self.bar, self.check = 0, images, None, lambda: None
        try:
            from comfy.model_management import throw_exception_if_processing_interrupted
            from comfy.utils import ProgressBar
        except ImportError:
            # In tests of the nodes without the host.
            return
        self.bar, self.check = ProgressBar(1000 * images), throw_exception_if_processing_interrupted

    def __call__(self, done: int, total: int) -> None:
        """Called with the finished and all parts of an image."""
        self.check()
        if self.bar is not None:
            self.bar.update_absolute(1000 * self.number + 1000 * done // max(total, 1))

    def each(self, batch: Tensor, work: Callable[[NDArray[Any], int], Any]) -> list[Any]:
        """Runs work on each image."""
        done = []
        for self.number, image in enumerate(batch):
            self(0, 1)
            done.append(work(codes_of(image), self.number))
        self(1, 1)
        return done

"""unband's methods as a module."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .. import deband
from ..errors import InputError


class Restorer(nn.Module):
    """A method of `unband.deband` for batches, N × C × H × W with values of 0 to 1 or codes; on the
    processor, no gradient.

    `options` are those of `unband.deband`. The result has the dtype and device of the batch. Floating point
    stays without rounding; a `depth` is refused, as batches keep their dtype.
    """

    def __init__(self, method: str = "auto", **options: Any) -> None:
        super().__init__()
        for name in ("depth", "channel_axis", "report"):
            if name in options:
                raise InputError(f"`{name}` is not an option of a module", argument=name)
        self.method, self.options = method, options

    @torch.no_grad()
    def forward(self, batch: Tensor) -> Tensor:
        """The restored batch."""
        if batch.ndim != 4:
            raise InputError(f"`batch` must be N × C × H × W, got {tuple(batch.shape)}", argument="batch")
        images = batch.detach().cpu()
        images = images.float() if images.dtype == torch.bfloat16 else images
        done = [deband(image, method=self.method, channel_axis=0, **self.options) for image in images]
        return torch.stack(done).to(batch.device, batch.dtype)

    def extra_repr(self) -> str:
        """Method and options."""
        return ", ".join([repr(self.method), *(f"{name}={value!r}" for name, value in self.options.items())])

"""The banded deformable convolution of BDINN.

Source: Quan et al., Neural Networks 187 (2025) 107270, §3.3; BDeformConv_layer.py of csxyhe/BDINN.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from .. import _unband
from ..errors import OptionError, UnsupportedError

if TYPE_CHECKING:
    import numpy as np


def _sides(kernel_size: int | tuple[int, int]) -> tuple[int, int]:
    sides = (kernel_size, kernel_size) if isinstance(kernel_size, int) else tuple(kernel_size)
    if len(sides) != 2 or any(not isinstance(side, int) or side < 1 or side % 2 == 0 for side in sides):
        message = f"`kernel_size` must be odd, one number or (rows, columns), got {kernel_size!r}"
        raise OptionError(message, argument="kernel_size")
    return sides[0], sides[1]


def _limits(least: float | None, largest: float | None) -> tuple[float, float] | None:
    if least is None or largest is None:
        return None
    if not (math.isfinite(least) and math.isfinite(largest) and least < largest):
        message = f"`min_sscale` must be below `max_sscale`, got {least!r} and {largest!r}"
        raise OptionError(message, argument="min_sscale")
    return float(least), float(largest)


class BandedDeformConv2d(nn.Module):
    """A convolution whose kernel is rotated and stretched at every position. N × inc × H × W → N × outc × H ×
    W.

    Three 3 × 3 convolutions of the input give the sine and cosine of the rotation, the stretch of the
    kernel's rows, and its growth. Taps read between samples, bilinear, and 0 outside. Arguments, start and
    names of the state dict are those of the authors' layer, `BDeformConv`.

    `kernel_size`: odd; one number or (rows, columns). `min_sscale`, `max_sscale`: limits of the stretch; None
    for any.
    `isReScale`: may the kernel grow as a whole? `init_angle`: first rotation, in degrees. `fix_rescale`: the
    growth of the authors' layer starts at 0, where its rectifier passes no gradient, so that it never learns;
    True starts it at 0.001.

    Refused, as in the authors' code it fails or has no effect: another `stride` than 1, even kernels,
    `bias=True`. Computes `float32` on the processor by unband's own kernels, and everything else by
    torchvision's `deform_conv2d`: any floating dtype on any of its devices.
    """

    base_offset: Tensor

    def __init__(
        self,
        inc: int,
        outc: int,
        kernel_size: int | tuple[int, int] = 3,
        stride: int = 1,
        groups: int = 1,
        bias: bool | None = None,
        max_sscale: float | None = 3,
        min_sscale: float | None = 0.5,
        isReScale: bool = True,
        init_angle: float = 0,
        *,
        fix_rescale: bool = False,
    ) -> None:
        super().__init__()
        if stride not in (1, (1, 1)):
            raise UnsupportedError(f"`stride` must be 1, got {stride!r}", argument="stride")
        if bias:
            hint = "add it after the layer; it would have no effect here"
            raise UnsupportedError("`bias` must be False", hint, "bias")
        if groups < 1 or inc % groups or outc % groups:
            message = f"`groups` must divide {inc} and {outc} channels, got {groups!r}"
            raise OptionError(message, argument="groups")
        rows, columns = _sides(kernel_size)
        self.limits = _limits(min_sscale, max_sscale)
        if not math.isfinite(init_angle):
            message = f"`init_angle` must be a number of degrees, got {init_angle!r}"
            raise OptionError(message, argument="init_angle")
        places = torch.meshgrid(
            torch.arange(rows) - rows // 2, torch.arange(columns) - columns // 2, indexing="ij"
        )
        offsets = torch.stack([axis.flatten() for axis in places])
        self.register_buffer("base_offset", offsets.view(1, 1, 1, 2, rows * columns))
        size = (rows, columns)
        self.conv = nn.Conv2d(inc, outc, size, padding=(rows // 2, columns // 2), groups=groups, bias=False)
        self.conv_rotation = nn.Conv2d(inc, 2, 3, padding=1)
        self.conv_stretch = nn.Conv2d(inc, 1, 3, padding=1)
        self.conv_whole = nn.Conv2d(inc, 1, 3, padding=1) if isReScale else None
        self._start(init_angle, 1e-3 if fix_rescale else 0.0)

    @torch.no_grad()
    def _start(self, angle: float, whole: float) -> None:
        """The authors' start: rotated by the angle, stretch 1 or as near to it as the limits allow, no
        growth."""
        stretch = 1.0
        if self.limits is not None:
            least, largest = self.limits
            middle = (2 - largest - least) / (largest - least)
            stretch = math.atanh(min(max(middle, -0.9999), 0.9999))
        turn = math.radians(angle)
        starts = [(self.conv_rotation, (math.sin(turn), math.cos(turn))), (self.conv_stretch, (stretch,))]
        if self.conv_whole is not None:
            starts.append((self.conv_whole, (whole,)))
        for conv, values in starts:
            assert conv.bias is not None
            conv.weight.zero_()
            conv.bias.copy_(torch.tensor(values, dtype=torch.float64))

    def geometry(self, x: Tensor) -> Tensor:
        """The kernel at every position, N × 4 × H × W: sine and cosine of its rotation, stretch of its rows,
        and size."""
        turn = self.conv_rotation(x)
        turn = turn / torch.sqrt((turn**2).sum(1, keepdim=True) + 1e-6)
        stretch = self.conv_stretch(x)
        if self.limits is None:
            stretch = F.relu(stretch)
        else:
            least, largest = self.limits
            stretch = torch.tanh(stretch) * ((largest - least) / 2) + (largest + least) / 2
        whole = torch.ones_like(stretch) if self.conv_whole is None else 1 + F.relu(self.conv_whole(x))
        return torch.cat([turn, stretch, whole], 1)

    def offsets(self, x: Tensor) -> Tensor:
        """Offsets of all taps from their places on the grid, N × 2·taps × H × W: rows and columns in turn."""
        return self._moved(self.geometry(x))

    def _moved(self, geometry: Tensor) -> Tensor:
        sine, cosine, stretch, whole = geometry.chunk(4, 1)
        rows, columns = self.base_offset.reshape(2, -1, 1, 1).to(geometry.dtype)
        along, across = whole * (stretch * rows), whole * columns
        moved = [cosine * along + sine * across - rows, cosine * across - sine * along - columns]
        return torch.stack(moved, 2).flatten(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        """The layer; `x` is N × inc × H × W."""
        geometry, weight = self.geometry(x), self.conv.weight
        if _has_kernels(x, geometry, weight):
            made: Tensor = _Banded.apply(x, geometry, weight)  # type: ignore[no-untyped-call, unused-ignore]
            return made
        from torchvision.ops import deform_conv2d

        padding = (self.conv.kernel_size[0] // 2, self.conv.kernel_size[1] // 2)
        moved: Tensor = deform_conv2d(x, self._moved(geometry), weight, padding=padding)
        return moved


def _has_kernels(*tensors: Tensor) -> bool:
    """Do unband's own kernels work on these? They are for `float32` on the processor."""
    plain = all(t.device.type == "cpu" and t.dtype == torch.float32 and t.numel() > 0 for t in tensors)
    # Versions of PyTorch differ in the types that they state.
    tracing = torch.jit.is_tracing()  # type: ignore[no-untyped-call, attr-defined, unused-ignore]
    traced = torch.compiler.is_compiling() or tracing
    return plain and not traced


def _arrays(tensors: tuple[Tensor, ...]) -> list[np.ndarray[Any, Any]]:
    return [tensor.detach().contiguous().numpy() for tensor in tensors]


class _Banded(torch.autograd.Function):
    """The layer for a given geometry, forward and backward by unband's kernels. Its gradients have none."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, geometry: Tensor, weight: Tensor) -> Tensor:
        outputs, inputs, rows, columns = weight.shape
        images, channels, height, width = x.shape
        ctx.sizes = [images, channels, outputs, channels // inputs, rows, columns, height, width]
        ctx.save_for_backward(x, geometry, weight)
        out = x.new_empty((images, outputs, height, width))
        threads = torch.get_num_threads()
        _unband.banded_forward(ctx.sizes, _arrays((x, geometry, weight)), out.numpy(), threads)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, ...]:
        saved = ctx.saved_tensors
        made = tuple(torch.empty_like(tensor, memory_format=torch.contiguous_format) for tensor in saved)
        (given,) = _arrays((gradient,))
        threads = torch.get_num_threads()
        _unband.banded_backward(
            ctx.sizes, _arrays(saved), given, [tensor.numpy() for tensor in made], threads
        )
        return made

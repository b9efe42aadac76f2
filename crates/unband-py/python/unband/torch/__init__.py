"""PyTorch parts: degradations and datasets of pairs, networks, the banded deformable layer, methods as
modules.

    from unband.torch import BandedDeformConv2d, Degrade, PairDataset, Restorer, nets

Needs the extra `torch`: `pip install "unband[torch]"`.
"""

from __future__ import annotations

from ..errors import MissingExtraError

try:
    import torch as _torch  # noqa: F401
except ImportError as _error:
    raise MissingExtraError(
        "`unband.torch` needs PyTorch, which is not installed", 'pip install "unband[torch]"', "torch"
    ) from _error

from . import nets
from .data import Degrade, PairDataset
from .layer import BandedDeformConv2d
from .restorer import Restorer

__all__ = ["BandedDeformConv2d", "Degrade", "PairDataset", "Restorer", "nets"]

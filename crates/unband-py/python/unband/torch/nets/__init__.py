"""unband's networks as PyTorch modules, with the tensor names of the authors' files.

    from unband.torch import nets
    net = nets.build("ggdbn")               # the published widths
    net, facts = nets.load("ggdbn.pth")     # recognised by its tensors

Names are those of `unband list` and `unband models`, variants as `rrdbnet:x2`. Every module has its authors' input format:
NCHW, RGB, 0 to 1, but -1 to 1 for deepDeband and its discriminator. They agree with the authors' own code to 1e-9 in double
precision.
"""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os

    from torch import Tensor, nn

from .adnet import ADNet
from .bdinn import BDINN
from .bitnet import BitNet
from .brdnet import BRDNet
from .dbi import Dbi
from .deepdeband import Generator
from .discriminators import PatchGan, Pix2PixPatchGan, UNetSN, VggDiscriminator, VggDiscriminatorSN
from .features import AlexNet, SqueezeNet, Vgg
from .ggdbn import GGDBN
from .indi import Indi
from .rrdbnet import RRDBNet
from .uformer import Uformer
from .unband_lite import UnbandLite
from .unband_sr_lite import UnbandSrLite

_GENERATOR = (Generator, {"width": 1})
_SR_LITE = {"widths": (4, 6), "blocks": (1, 1, 1)}
_RRDB = {"nf": 4, "nb": 2, "gc": 2}

# Constructor of the published configuration, and options of the small one.
_NETWORKS: dict[str, tuple[Any, dict[str, Any]]] = {
    "adnet": (ADNet, {"width": 4}),
    "alexnet": (AlexNet, {"widths": (6, 8, 10, 7, 5)}),
    "bdinn": (BDINN, {"levels": ((1, 1), (1, 1)), "middle": 1, "growth": 2, "width": 4, "inner": 2}),
    "bitnet": (BitNet, {"width": 4, "gate": 2}),
    "brdnet": (BRDNet, {"width": 4}),
    "dbi": (Dbi, {}),
    "deepdeband-f": _GENERATOR,
    "deepdeband-w": _GENERATOR,
    "ggdbn": (GGDBN, {"width": 4, "pyramid": (8, 8, 4), "reduction": 2, "fusion": 4}),
    "indi": (Indi, {"channels": 4, "factor": 3, "blocks": 2}),
    "patchgan-sn": (PatchGan, {"width": 2}),
    "pix2pix-patchgan": (Pix2PixPatchGan, {"width": 2}),
    "rrdbnet": (RRDBNet, _RRDB),
    "rrdbnet:x1-unshuffle": (partial(RRDBNet, unshuffle=4), _RRDB),
    "rrdbnet:x2": (partial(RRDBNet, doublings=1), _RRDB),
    "rrdbnet:x2-unshuffle": (partial(RRDBNet, unshuffle=2), _RRDB),
    "squeezenet": (SqueezeNet, {"first": 4, "fires": ((2, 3),) * 4 + ((2, 4),) * 4}),
    "uformer-t": (Uformer, {"width": 4, "depths": (1, 1, 2, 1, 2, 1, 1, 1, 1), "heads": (1, 2, 2, 4, 4, 4, 2, 2, 1)}),
    "unband-lite": (UnbandLite, {"widths": (4, 5, 6, 7), "encoder": (1, 0, 1), "coarse": 2, "decoder": (1, 2, 1)}),
    "unband-sr-lite": (UnbandSrLite, _SR_LITE),
    "unband-sr-lite:x2": (partial(UnbandSrLite, scale=2), _SR_LITE),
    "unet-sn": (UNetSN, {"width": 2}),
    "vgg16": (partial(Vgg, (2, 2, 3, 3, 3), (3, 8, 15, 22, 29)), {"width": 2}),
    "vgg19": (partial(Vgg, (2, 2, 4, 4, 4), (2, 7, 16, 25, 34)), {"width": 2}),
    "vgg-discriminator": (VggDiscriminator, {"width": 2}),
    "vgg-discriminator:96": (partial(VggDiscriminator, side=96), {"width": 2}),
    "vgg-discriminator:128-sn": (VggDiscriminatorSN, {"width": 2}),
    "vgg-discriminator:192": (partial(VggDiscriminator, side=192), {"width": 2}),
}

NAMES: tuple[str, ...] = tuple(_NETWORKS)


def build(name: str, small: bool = False, **options: Any) -> nn.Module:
    """The module of that name, in training mode, with weights drawn by PyTorch's own rules.

    `small`: a few kilobytes, for tests. `options` go to its constructor. KeyError for a name that is not in `NAMES`.
    """
    make, narrow = _NETWORKS[name]
    net: nn.Module = make(**{**(narrow if small else {}), **options})
    return net


def parameters(net: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in net.parameters())


def load(file: str | os.PathLike[str], **options: Any) -> tuple[nn.Module, dict[str, str]]:
    """The network of a checkpoint with its weights, in evaluation mode, and its facts.

    All formats of `unband models` are read, without unpickling code; the tensors decide which network it is. The facts are
    `network` and its settings. `options` go to the constructor, for settings that no tensor reveals.

    Raises `InputError` for a file without a known network or with a damaged one, `FileError` for one that cannot be read.
    """
    import numpy as np
    import torch

    from ... import _unband

    name, settings, tensors = _unband.read_checkpoint(file)
    state = {
        key: torch.from_numpy(np.frombuffer(data, np.float32).reshape(shape).copy())
        for key, shape, data in tensors
    }
    given = {key: int(text) for key, text in settings if text.isdigit()} | options
    net = _fitting(name, given, state, file)
    own = net.state_dict()
    own.update({key: tensor.to(own[key].dtype) for key, tensor in state.items()})
    net.load_state_dict(own)
    return net.eval(), {"network": name, **dict(settings)}


def _fitting(
    name: str, given: dict[str, Any], state: dict[str, Tensor], file: str | os.PathLike[str]
) -> nn.Module:
    """The variant whose tensors have the shapes of the file."""
    import torch

    from ...errors import UnsupportedError

    buffers = ("num_batches_tracked", "base_offset", "relative_position_index")
    for variant, (make, narrow) in _NETWORKS.items():
        if variant.partition(":")[0] != name:
            continue
        known = inspect.signature(make).parameters
        for options in ({key: value for key, value in given.items() if key in known}, narrow):
            with torch.device("meta"):
                shapes = {key: value.shape for key, value in make(**options).state_dict().items()}
            optional = {key for key in shapes if key.endswith(buffers)}
            if shapes.keys() - optional <= state.keys() <= shapes.keys() and all(
                shapes[key] == tensor.shape for key, tensor in state.items()
            ):
                net: nn.Module = make(**options)
                return net
    message = f"{file}: no module of {name} has tensors of these shapes"
    raise UnsupportedError(message, "pass the options of its constructor", "file")

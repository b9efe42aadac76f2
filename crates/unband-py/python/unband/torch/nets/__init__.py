"""unband's networks as PyTorch modules, with the tensor names of the authors' files.

    import torch_nets
    net = torch_nets.build("ggdbn")            # the published widths
    net = torch_nets.build("ggdbn", small=True)   # a few kilobytes, for tests

Names are those of `unband list` and `unband models`, variants as `rrdbnet:x2`. Weights are drawn by PyTorch's own rules; set a seed
for repeatable ones. Every module has its authors' input format: NCHW, RGB, 0 to 1, but -1 to 1 for deepDeband and its
discriminator. Needs torch and torchvision. `tools/check_torch_nets.py` compares them with results of the authors' own code.
"""

from functools import partial

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
_NETWORKS = {
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

NAMES = tuple(_NETWORKS)


def build(name, small=False, **options):
    """The module of that name, in training mode; `options` go to its constructor. KeyError for a name that is not in NAMES."""
    make, narrow = _NETWORKS[name]
    return make(**{**(narrow if small else {}), **options})


def parameters(net):
    """Number of trainable parameters."""
    return sum(p.numel() for p in net.parameters())

"""Random weights, generated images, and the outputs of a network for them."""

import torch
from torch import nn

from . import build

# Channels, height and width of a small image for each network, if not 3 x 12 x 16.
_SIZES = {
    "alexnet": (3, 64, 72),
    "bdinn": (3, 16, 24),
    "bitnet": (3, 19, 23),
    "dbi": (3, 235, 235),
    "deepdeband-f": (3, 256, 256),
    "ggdbn": (3, 16, 24),
    "patchgan-sn": (3, 32, 40),
    "pix2pix-patchgan": (6, 48, 56),
    "squeezenet": (3, 64, 72),
    "uformer-t": (3, 128, 128),
    "unband-jpeg": (3, 16, 24),
    "unband-lite": (3, 64, 96),
    "unband-sr-lite": (3, 11, 14),
    "unet-sn": (3, 16, 24),
    "vgg16": (3, 32, 40),
    "vgg19": (3, 32, 40),
    "vgg-discriminator": (3, 128, 128),
    "vgg-discriminator:96": (3, 96, 96),
    "vgg-discriminator:128-sn": (3, 128, 128),
    "vgg-discriminator:192": (3, 192, 192),
}

# Networks with values of -1 to 1.
_SIGNED = ("deepdeband-f", "pix2pix-patchgan")

# The convolution that computes the correction; with random weights, it would leave the range of images.
_LAST = {"adnet": "conv3", "bitnet": "tail", "brdnet": "fuse", "ggdbn": "fusion.final.0", "indi": "process",
         "uformer-t": "output_proj.proj.0", "unband-jpeg": "tail", "unband-lite": "tail"}


def size(name):
    return _SIZES.get(name, (3, 12, 16))


def span(name):
    """The values of black and white."""
    return (-1, 1) if name in _SIGNED else (0, 1)


def picture(name):
    """1 x C x H x W in 64 bits: the rule of `crates/unband-nets/src/state/fill.rs`."""
    channels, height, width = size(name)
    low, high = span(name)
    return low + rule(channels, height, width) * (high - low)


def rule(channels, height, width):
    k, y, x = (torch.arange(n) for n in (channels, height, width))
    y, x = y[:, None], x[None, :]
    codes = (7 * y + 13 * x + 31 * k[:, None, None] + (x * y) % 17) % 256
    return codes.double()[None] / 255


def beside(name):
    """Additional inputs of a network."""
    if name == "indi":
        return (torch.ones(1, 1).double(),)
    if name in ("unband-jpeg", "unband-lite"):
        _, height, width = size(name)
        planes, scalars = (8, 6) if name == "unband-jpeg" else (9, 12)
        return rule(planes, height, width), torch.arange(1, scalars + 1).double()[None] / 16
    return ()


def drawn(name, seed, small, **options):
    """A network with random weights, none at a value that would hide its effect; in evaluation mode."""
    torch.manual_seed(seed)
    net = build(name, small, **options)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.num_batches_tracked.fill_(9)
        if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)):
            nn.init.uniform_(module.weight, 0.7, 1.3)
            nn.init.normal_(module.bias, 0, 0.1)
        if isinstance(module, nn.PReLU):
            nn.init.uniform_(module.weight, 0.1, 0.4)
        if hasattr(module, "relative_position_bias_table"):
            nn.init.normal_(module.relative_position_bias_table, 0, 0.5)
        # With PyTorch's own rule, signals vanish in deep networks.
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)) and hasattr(module, "weight"):
            for part in ("weight", "weight_orig", "weight_v"):
                if part in module._parameters:
                    nn.init.kaiming_normal_(module._parameters[part], 0.2)
    if name == "bdinn":
        for module in net.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.data.mul_(0.3)
    settle(name, net)
    return net.eval()


def settle(name, net):
    """Converges the vectors of spectral norms; keeps the results of debanding networks in the range of images."""
    image = picture(name).float()
    if any(key.endswith("weight_u") for key in net.state_dict()):
        with torch.no_grad():
            for _ in range(30):
                net.train()(image)
    if name in _LAST:
        last = net.get_submodule(_LAST[name])
        base = 0.5 if name == "indi" else image
        if last.bias is not None:
            nn.init.constant_(last.bias, 0.5 if name == "indi" else 0)
        last.weight.data.mul_(0.4 / (given(name, net.eval())[0] - base).abs().max().item())
        if last.bias is not None:
            last.bias.data.add_(torch.linspace(-0.05, 0.05, len(last.bias)))


def given(name, net, kind=torch.float64):
    """The outputs for `picture`, computed in that type; the network is in 32 bits afterwards."""
    image = picture(name).to(kind)
    more = (value.to(kind) for value in beside(name))
    with torch.no_grad():
        outputs = net.to(kind)(image, *more)
    net.float()
    return outputs if isinstance(outputs, tuple) else (outputs,)

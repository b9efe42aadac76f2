#!/usr/bin/env python3
"""Writes golden/nets/kair_losses.safetensors from KAIR's own loss code.

    tools/make_kair_losses.py KAIR

KAIR is a copy of cszn/KAIR; `models/loss.py`, `models/loss_ssim.py` and `models/model_gan.py` are run, never copied. Needs torch,
torchvision and safetensors. Everything is computed in 64 bits and stored in 32. `made` and `real` are a discriminator's values for
four generated and four real images, as parameters of two stand-in networks, so that `optimize_parameters` itself computes the losses:
`TYPE.network` is the gradient of the network's loss with respect to `made`, `TYPE.made` and `TYPE.real` those of the discriminator's
loss, `TYPE.loss` the network's adversarial loss. `l2sum` and `ssim` are values, with the gradients `….grad`.
"""

import sys
import types

import torch
from safetensors.torch import save_file

TYPES = ["gan", "ragan", "lsgan", "wgan", "softplusgan"]


class Values(torch.nn.Module):
    """A discriminator that returns what it holds: for the network's images `made`, for others `real`."""

    def __init__(self, made, real):
        super().__init__()
        self.made, self.real = (torch.nn.Parameter(x.clone()) for x in (made, real))

    def forward(self, image):
        # The network's image carries its own values, so that its gradient is that of `made`.
        return self.real + 0 * image if image.sum() > 0 else image + (self.made - self.made.detach())


class Network(torch.nn.Module):
    def __init__(self, made):
        super().__init__()
        self.values = torch.nn.Parameter(made.clone())

    def forward(self, _):
        return self.values + 0


class Still:
    """An optimiser that keeps the gradients."""

    def __init__(self, module):
        self.module = module

    def zero_grad(self):
        self.module.zero_grad()

    def step(self):
        self.gradients = {name: p.grad.clone() for name, p in self.module.named_parameters()}


def step(ModelGAN, GANLoss, kind, made, real, **options):
    """The gradients of one call of KAIR's `optimize_parameters`."""
    model = object.__new__(ModelGAN)
    model.opt = {"train": {"gan_type": kind}}
    model.opt_train = {"G_lossfn_weight": 0, "F_lossfn_weight": 0, "gan_type": kind, "E_decay": 0}
    model.netG, model.netD = Network(made), Values(made, real)
    model.L, model.H = made, torch.ones_like(made)
    model.D_lossfn, model.D_lossfn_weight = GANLoss(kind, 1.0, 0.0), 1.0
    model.D_update_ratio, model.D_init_iters = options.get("ratio", 1), options.get("init", 0)
    model.G_optimizer, model.D_optimizer = Still(model.netG), Still(model.netD)
    model.log_dict = {}
    model.optimize_parameters(options.get("step", 1))
    return model


def main():
    sys.path.insert(0, sys.argv[1])
    for name in ("models.select_network", "models.model_base"):
        module = types.ModuleType(name)
        module.define_G = module.define_D = None
        module.ModelBase = object
        sys.modules[name] = module
    from models.loss import GANLoss
    from models.loss_ssim import SSIMLoss
    from models.model_gan import ModelGAN

    torch.set_default_dtype(torch.float64)
    draw = torch.Generator().manual_seed(48)
    random = lambda *shape: torch.rand(*shape, generator=draw).float().double()
    # All below 0 where the network's, so that `Values` can tell the images apart.
    made, real = -2 * random(4, 1, 5, 6) - 0.1, 4 * random(4, 1, 5, 6) - 2
    out = {"made": made, "real": real}
    for kind in TYPES:
        model = step(ModelGAN, GANLoss, kind, made, real)
        out[f"{kind}.loss"] = torch.tensor([model.log_dict["D_loss"]])
        out[f"{kind}.network"] = model.G_optimizer.gradients["values"]
        for name, gradient in model.D_optimizer.gradients.items():
            out[f"{kind}.{name}"] = gradient
    # Which of the first six steps change the network.
    for init, ratio in ((0, 1), (3, 1), (2, 2)):
        played = [hasattr(step(ModelGAN, GANLoss, "lsgan", made, real, init=init, ratio=ratio, step=n).G_optimizer, "gradients")
                  for n in range(1, 7)]
        out[f"steps.{init}.{ratio}"] = torch.tensor(played).double()
    a, b = random(2, 3, 24, 20).requires_grad_(), random(2, 3, 24, 20)
    out["a"], out["b"] = a.detach(), b
    for name, loss in (("l2sum", torch.nn.MSELoss(reduction="sum")), ("ssim", SSIMLoss())):
        a.grad = None
        value = loss(a, b)
        value.backward()
        out[name], out[f"{name}.grad"] = value.detach().reshape(1), a.grad.clone()
    out = {name: value.detach().float().contiguous() for name, value in out.items()}
    save_file(out, "golden/nets/kair_losses.safetensors")
    print(len(out), "tensors")


main()

"""The networks of the installed Python package, `unband.torch.nets`; besides them `sample` and `light`.

    import torch_nets
    net = torch_nets.build("ggdbn")
"""

from unband.torch.nets import build, load, parameters

__all__ = ["build", "load", "parameters"]

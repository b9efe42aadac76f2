"""The networks of the Python package, `unband.torch.nets`, without its extension; besides them `sample` and `light`.

    import torch_nets
    net = torch_nets.build("ggdbn")
"""

import pathlib

_FOLDER = pathlib.Path(__file__).resolve().parents[2] / "crates/unband-py/python/unband/torch/nets"
# Files that PyTorch pickles name their classes by this module, so its parts are modules of this one.
__path__.append(str(_FOLDER))
exec(compile((_FOLDER / "__init__.py").read_text(), str(_FOLDER / "__init__.py"), "exec"))

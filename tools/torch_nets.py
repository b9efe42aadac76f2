"""The networks of the Python package, `unband.torch.nets`, without the package's extension.

    import torch_nets
    net = torch_nets.build("ggdbn")
"""

import importlib.util
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "crates/unband-py/python/unband/torch/nets"

_spec = importlib.util.spec_from_file_location(
    __name__, FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)])
_module = importlib.util.module_from_spec(_spec)
# Files that PyTorch pickles name their classes by this module.
sys.modules[__name__] = _module
_spec.loader.exec_module(_module)

"""unband's networks as PyTorch modules, with the tensor names of the authors' files.

    from unband.torch import nets
    net = nets.build("ggdbn")               # the published widths
    net, facts = nets.load("ggdbn.pth")     # recognised by its tensors

Names are those of `unband list` and `unband models`, variants as `rrdbnet:x2`. Every module has its authors'
input format: NCHW, RGB, 0 to 1, but -1 to 1 for deepDeband and its discriminator. They agree with the
authors' own code to 1e-9 in double precision.

A network is described once, as a graph in the library `unband-nets`; a module here executes that graph.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .. import _unband
from .layer import BandedDeformConv2d

if TYPE_CHECKING:
    import os

# Settings of the small configuration; those of a variant are its network's.
_SMALL: dict[str, dict[str, Any]] = {
    "adnet": {"width": 4},
    "alexnet": {"widths": (6, 8, 10, 7, 5)},
    "bdinn": {"levels": ((1, 1), (1, 1)), "middle": 1, "growth": 2, "width": 4, "inner": 2},
    "bitnet": {"width": 4, "gate": 2},
    "brdnet": {"width": 4},
    "compact": {"channels": 4, "layers": 2},
    "dbi": {},
    "deepdeband-f": {"width": 1},
    "deepdeband-w": {"width": 1},
    "ggdbn": {"width": 4, "pyramid": (8, 8, 4), "attention": 2, "fusion": 4},
    "indi": {"channels": 4, "factor": 3, "blocks": 2},
    "patchgan-sn": {"width": 2},
    "pix2pix-patchgan": {"width": 2},
    "realplksr": {"channels": 8, "large": 2, "blocks": 2, "kernel": 5},
    "rrdbnet": {"nf": 4, "nb": 2, "gc": 2},
    "span": {"channels": 4},
    "squeezenet": {"first": 4, "blocks": ((2, 3),) * 4 + ((2, 4),) * 4},
    "swinir": {"channels": 8, "depths": (2, 2), "heads": 2, "hidden": 16},
    "uformer-t": {"width": 4, "depths": (1, 1, 2, 1, 2, 1, 1, 1, 1), "heads": (1, 2, 2, 4, 4, 4, 2, 2, 1)},
    "unband-jpeg": {"width": 4, "blocks": 1},
    "unband-lite": {"widths": (4, 5, 6, 7), "encoder": (1, 0, 1), "coarse": 2, "decoder": (1, 2, 1)},
    "unband-sr-lite": {"widths": (4, 6), "blocks": (1, 1, 1)},
    "unet-sn": {"width": 2},
    "vgg16": {"width": 2},
    "vgg19": {"width": 2},
    "vgg-discriminator": {"width": 2},
}
_RRDBNETS = ("rrdbnet:x1-unshuffle", "rrdbnet:x2", "rrdbnet:x2-unshuffle")
_DISCRIMINATORS = ("vgg-discriminator:96", "vgg-discriminator:128-sn", "vgg-discriminator:192")

# Modules that precede their siblings in the authors' state dicts. All others come as they are run.
_FIRST: dict[str, tuple[str, ...]] = {
    "ggdbn": ("base", "main1", "main2", "adj1", "main3", "adj2", "main4", "main5", "model", "fusion"),
    "indi": ("linear", "conv", "encoder", "decoder", "linearAct", "conv1", "conv2", "conv3", "conv4", "one"),
    "uformer": ("input_proj", "output_proj", "modulator"),
    "unband-lite": ("head", "grid", "encoder"),
}

NAMES: tuple[str, ...] = (*_SMALL, *_RRDBNETS, "unband-sr-lite:x2", *_DISCRIMINATORS)


def build(name: str, small: bool = False, **options: Any) -> Network:
    """The module of that name, in training mode, with weights drawn by PyTorch's own rules.

    `small`: a few kilobytes, for tests; for `NAMES` only. `options`: other widths and depths, named as in the
    facts of `load`: `width=32`, `depths=(1, 1, 2)`. Variants that are not in `NAMES` are built too:
    `bdinn:unet`.

    Raises `KeyError` for an unknown name, `OptionError` for an unknown or wrong option.
    """
    settings = _as_text({**(_SMALL[name.partition(":")[0]] if small else {}), **options})
    graph = _unband.network(name + (("," if ":" in name else ":") + settings if settings else ""))
    if graph is None:
        raise KeyError(name)
    return Network(json.loads(graph))


def parameters(net: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in net.parameters())


def load(file: str | os.PathLike[str], **options: Any) -> tuple[Network, dict[str, str]]:
    """The network of a checkpoint with its weights, in evaluation mode, and its facts.

    All formats of `unband models` are read, without unpickling code; the tensors decide which network it is.
    The facts are `network` and its settings. `options`, as for `build`, are for settings that no tensor
    reveals; with some, those that differ from the published ones must all be there.

    Raises `InputError` for a file without a known network or with a damaged one, `FileError` for one that
    cannot be read, `OptionError` for options that do not fit.
    """
    name, settings, graph, tensors = _unband.read_checkpoint(file, _as_text(options))
    net = Network(json.loads(graph))
    state = net.state_dict()
    for key, shape, data in tensors:
        values = torch.frombuffer(bytearray(data), dtype=torch.float32).reshape(shape)
        state[key] = values.to(state[key].dtype)
    net.load_state_dict(state)
    return net.eval(), {"network": name, **dict(settings)}


def _as_text(options: dict[str, Any]) -> str:
    """`KEY=VALUE` for each, separated by commas; nested sequences are written out."""

    def words(value: Any) -> Iterator[str]:
        if isinstance(value, (tuple, list)):
            for part in value:
                yield from words(part)
        else:
            yield str(value).lower()

    return ",".join(f"{key}={' '.join(words(value))}" for key, value in options.items())


class Network(nn.Module):
    """A graph of `unband-nets`. Its inputs, in order or by their names, are N × C × H × W, or N × C where one
    sample per channel is expected; one output is a tensor, several are a tuple.

    Layers are PyTorch's own, at the paths of the state dict. In training, dropout and stochastic depth apply,
    and batch normalisation is by the batch.
    """

    def __init__(self, graph: dict[str, Any]) -> None:
        super().__init__()
        self.name: str = graph["name"]
        self.inputs: list[str] = [entry["name"] for entry in graph["inputs"]]
        self.outputs: list[str] = [name for name, _ in graph["outputs"]]
        self._params: list[dict[str, Any]] = graph["params"]
        # Operation, settings, path of the layer, places of the inputs, and places not needed afterwards.
        self._nodes: list[tuple[str, Any, tuple[str, ...], list[int], list[int]]] = [
            (*self._node(node), node["inputs"], []) for node in graph["nodes"]
        ]
        self._results = [place for _, place in graph["outputs"]]
        last = {place: node for node in self._nodes for place in node[3]}
        for place, node in last.items():
            if place not in self._results:
                node[4].append(place)
        self._points = self._find_points(graph["inputs"])
        for param in self._params:
            self._store(param)
        del self._params
        for module in list(self.modules()):
            children = sorted(module._modules.items(), key=self._rank)
            module._modules.clear()
            module._modules.update(children)

    def forward(
        self,
        first: Tensor | None = None,
        second: Tensor | None = None,
        third: Tensor | None = None,
        /,
        **named: Tensor,
    ) -> Tensor | tuple[Tensor, ...]:
        """The outputs."""
        given = (first, second, third)
        values: list[Any] = []
        for kind, settings, path, places, done in self._nodes:
            if kind == "Input":
                x = given[settings]
                x = named[self.inputs[settings]] if x is None else x
                values.append(x.flatten(1)[:, :, None, None] if len(values) in self._points else x)
                continue
            layer: Any = self
            for name in path:
                layer = layer._modules[name]
            values.append(_OPERATIONS[kind](layer, settings, *(values[place] for place in places)))
            for place in done:
                values[place] = None
        results = [values[at].flatten(1) if at in self._points else values[at] for at in self._results]
        return results[0] if len(results) == 1 else tuple(results)

    def extra_repr(self) -> str:
        """Name, inputs and outputs."""
        return f"{self.name!r}: {', '.join(self.inputs)} → {', '.join(self.outputs)}"

    def _node(self, node: dict[str, Any]) -> tuple[str, Any, tuple[str, ...]]:
        """Operation, settings, and path of the layer, which is made here unless another node shares it."""
        ((kind, settings),) = node["op"].items()
        if kind in ("Activation", "Combine", "Reduce"):
            kind, settings = (settings, None) if isinstance(settings, str) else next(iter(settings.items()))
        known = settings if isinstance(settings, dict) else {}
        first = [known[key] for key in ("weight", "params", "table", "scales") if known.get(key) is not None]
        if not first:
            return kind, settings, ()
        param = self._params[first[0][0] if isinstance(first[0], list) else first[0]]
        path = tuple(param["name"].split(".")[:-1])
        if isinstance(param["role"], dict):
            return "FixedConv" if kind == "Conv" else kind, settings, path
        path = path[:-1] if kind in ("BandedDeformConv", "DeformConv") else path
        if kind == "Conv" and len(param["shape"]) == 2:
            kind = "Linear"
        if kind in _LAYERS and path[-1] not in (around := self._container(path[:-1]))._modules:
            around._modules[path[-1]] = _in_form(_LAYERS[kind](settings), param["form"])
        return kind, settings, path

    def _container(self, path: tuple[str, ...]) -> nn.Module:
        """The module at a path, made if there is none; a name may be that of a method."""
        module: nn.Module = self
        for name in path:
            module = module._modules.setdefault(name, nn.Module())  # type: ignore[assignment]
        return module

    def _store(self, param: dict[str, Any]) -> None:
        """A parameter that no layer has made: tables, constants, and what is stored and never used."""
        *path, name = param["name"].split(".")
        around, shape, role = self._container(tuple(path)), param["shape"], param["role"]
        if any(hasattr(around, name + end) for end in ("", "_g", "_orig")):
            return
        if isinstance(role, dict):
            values = torch.tensor(role["Constant"]).reshape(shape)
            around.register_buffer(name, values, persistent=False)
        elif role == "Integer":
            index = name == "relative_position_index"
            values = torch.zeros(shape, dtype=torch.int64)
            around.register_buffer(name, _position_index(round(shape[0] ** 0.5)) if index else values)
        elif len(shape) == 4:
            conv = nn.Conv2d(shape[1], shape[0], shape[2:])
            self._container(tuple(path[:-1]))._modules[path[-1]] = _in_form(conv, param["form"])
        else:
            around.register_parameter(name, nn.Parameter(0.02 * torch.randn(shape)))

    def _rank(self, child: tuple[str, object]) -> int:
        """The place of a child of a module among its siblings: lists by number, others as `_FIRST` says."""
        name, first = child[0], _FIRST.get(self.name, ())
        return int(name) if name.isdigit() else first.index(name) if name in first else len(first)

    def _find_points(self, inputs: list[dict[str, Any]]) -> set[int]:
        """Places of values with one sample per channel at any size of the image."""
        points: set[int] = set()
        for at, (kind, settings, _, places, _) in enumerate(self._nodes):
            entry = kind == "Input" and inputs[settings]["point"]
            if entry or kind in ("Mean", "Max", "Flatten") or (places and points.issuperset(places)):
                points.add(at)
        return points


def _conv(s: dict[str, Any]) -> nn.Module:
    sides = s["kernel"], s["stride"], s["padding"], s["dilation"], s["groups"]
    return nn.Conv2d(s["input"], s["output"], *sides, bias=s["bias"] is not None)


def _conv_transpose(s: dict[str, Any]) -> nn.Module:
    sides = s["kernel"], s["stride"], s["padding"]
    return nn.ConvTranspose2d(s["input"], s["output"], *sides, bias=s["bias"] is not None)


def _banded(s: dict[str, Any]) -> nn.Module:
    least, largest = s["limits"] or (None, None)
    layer = BandedDeformConv2d(
        s["input"],
        s["output"],
        tuple(s["kernel"]),
        groups=s["groups"],
        min_sscale=least,
        max_sscale=largest,
        isReScale=s["whole"] is not None,
        init_angle=s["init_angle"],
    )
    if layer.conv_whole is not None and layer.conv_whole.bias is not None:
        nn.init.constant_(layer.conv_whole.bias, s["init_whole"])
    return layer


def _deform(s: dict[str, Any]) -> nn.Module:
    rows, columns = s["kernel"]
    conv = nn.Conv2d(s["input"], s["output"], (rows, columns), padding=(rows // 2, columns // 2), bias=False)
    return nn.ModuleDict({"conv": conv, "offset": nn.Conv2d(s["input"], 2 * rows * columns, 3, padding=1)})


# The layer of an operation, by its settings.
_LAYERS: dict[str, Callable[[dict[str, Any]], nn.Module]] = {
    "Conv": _conv,
    "Linear": lambda s: nn.Linear(s["input"], s["output"], bias=s["bias"] is not None),
    "ConvTranspose": _conv_transpose,
    "BandedDeformConv": _banded,
    "DeformConv": _deform,
    "PRelu": lambda s: nn.PReLU(s["slopes"]),
    "BatchNorm": lambda s: nn.BatchNorm2d(s["channels"], s["eps"]),
    "LayerNorm": lambda s: nn.LayerNorm(s["channels"], s["eps"]),
    "GroupNorm": lambda s: nn.GroupNorm(s["groups"], s["channels"], s["eps"]),
    "WindowAdd": lambda s: nn.Embedding(s["window"] ** 2, s["channels"]),
}


def _in_form(layer: nn.Module, form: str) -> nn.Module:
    """With the weight stored in that form."""
    if form == "Plain":
        return layer
    normalise: Any = nn.utils.weight_norm if form == "WeightNorm" else nn.utils.spectral_norm
    normalise(layer)
    return layer


def _called(layer: Any, _: Any, x: Tensor) -> Any:
    return layer(x)


def _called_on_channels(layer: Any, _: Any, x: Tensor) -> Any:
    return layer(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def _affine(layer: Any, s: Any, x: Tensor) -> Tensor:
    x = x * s["scale"] if s["scale"] != 1 else x
    x = x + s["offset"] if s["offset"] != 0 else x
    # Constants of the description.
    x = x * layer.scale[:, None, None] if s["scales"] is not None else x
    return x + layer.offset[:, None, None] if s["offsets"] is not None else x


def _deformed(layer: Any, _: Any, x: Tensor) -> Any:
    from torchvision.ops import deform_conv2d

    conv = layer["conv"]
    return deform_conv2d(x, layer["offset"](x), conv.weight, padding=conv.padding)


def _drop_path(layer: Any, s: Any, x: Tensor) -> Any:
    if not layer.training:
        return x
    kept = x.new_empty(x.shape[0], 1, 1, 1).bernoulli_(1 - s["share"])
    return x * (kept / (1 - s["share"]))


def _unit_channels(_: Any, s: Any, x: Tensor) -> Any:
    return x / (torch.linalg.vector_norm(x, dim=1, keepdim=True) + s["eps"])


def _window_add(layer: Any, s: Any, x: Tensor) -> Any:
    side, shift = s["window"], s["shift"]
    table = layer.weight.reshape(side, side, -1).roll((shift, shift), (0, 1)).permute(2, 0, 1)
    return x + table.repeat(1, x.shape[2] // side, x.shape[3] // side)


def _window_attention(layer: Any, s: Any, q: Tensor, kv: Tensor) -> Any:
    side, shift, heads = s["window"], s["shift"], s["heads"]
    n, channels, height, width = q.shape
    rows, columns = height // side, width // side

    def heads_of(x: Tensor, count: int) -> Tensor:
        """N × C × H × W → windows × heads × tokens × channels of a head."""
        x = x.roll((-shift, -shift), (2, 3)) if shift else x
        x = x.reshape(n, -1, rows, side, columns, side).permute(0, 2, 4, 3, 5, 1)
        return x.reshape(n * rows * columns, side * side, count, -1).transpose(1, 2)

    q = heads_of(q, heads) * (channels // heads) ** -0.5
    k, v = heads_of(kv, 2 * heads).chunk(2, 1)
    index = _position_index(side, q.device)
    bias = layer.relative_position_bias_table[index.flatten()]
    scores = q @ k.transpose(2, 3) + bias.reshape(*index.shape, heads).permute(2, 0, 1)
    if shift:
        mask = _shift_mask(height, width, side, shift, q)
        scores = (scores.unflatten(0, (n, -1)) + mask[:, None]).flatten(0, 1)
    x = (scores.softmax(-1) @ v).transpose(1, 2).reshape(n, rows, columns, side, side, channels)
    x = x.transpose(2, 3).reshape(n, height, width, channels).permute(0, 3, 1, 2)
    return x.roll((shift, shift), (2, 3)) if shift else x


def _position_index(side: int, device: torch.device | None = None) -> Tensor:
    """Index into the bias table of every two tokens of a window."""
    token = torch.arange(side * side, device=device)
    row, column = token // side, token % side
    rows, columns = row[:, None] - row, column[:, None] - column
    return (rows + side - 1) * (2 * side - 1) + columns + side - 1


def _shift_mask(height: int, width: int, side: int, shift: int, like: Tensor) -> Tensor:
    """-100 between tokens that are neighbours only because rows and columns were rolled. windows × tokens ×
    tokens."""

    def region(n: int) -> Tensor:
        at = torch.arange(n, device=like.device)
        return (at >= n - side).long() + (at >= n - shift).long()

    regions = 3 * region(height)[:, None] + region(width)
    regions = regions.reshape(height // side, side, width // side, side).transpose(1, 2)
    regions = regions.reshape(-1, side * side)
    return torch.where(regions[:, :, None] == regions[:, None, :], 0.0, -100.0).to(like.dtype)


def _bilinear_like(_: Any, __: Any, x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=False)


# The result of an operation, by the layer at its path, its settings and its inputs.
_OPERATIONS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("Conv", "ConvTranspose", "BandedDeformConv", "PRelu", "BatchNorm", "GroupNorm"), _called),
    **dict.fromkeys(("Linear", "LayerNorm"), _called_on_channels),
    "FixedConv": lambda layer, s, x: F.conv2d(x, layer.weight, None, s["stride"], s["padding"]),
    "DeformConv": _deformed,
    "Relu": lambda _, __, x: F.relu(x),
    "LeakyRelu": lambda _, slope, x: F.leaky_relu(x, slope),
    "Tanh": lambda _, __, x: torch.tanh(x),
    "Sigmoid": lambda _, __, x: torch.sigmoid(x),
    "Silu": lambda _, __, x: F.silu(x),
    "Mish": lambda _, __, x: F.mish(x),
    "Gelu": lambda _, __, x: F.gelu(x),
    "Sin": lambda _, __, x: torch.sin(x),
    "Exp": lambda _, __, x: torch.exp(x),
    "UnitChannels": _unit_channels,
    "WindowAdd": _window_add,
    "WindowAttention": _window_attention,
    "Add": lambda _, __, a, b: a + b,
    "Sub": lambda _, __, a, b: a - b,
    "Mul": lambda _, __, a, b: a * b,
    "AddScaled": lambda _, factor, a, b: torch.add(a, b, alpha=factor),
    "Affine": _affine,
    "Concat": lambda _, __, *x: torch.cat(x, 1) if len(x) > 1 else x[0],
    "Slice": lambda _, s, x: x[:, s["start"] : s["start"] + s["len"]],
    "PixelUnshuffle": lambda _, s, x: F.pixel_unshuffle(x, s["factor"]),
    "PixelShuffle": lambda _, s, x: F.pixel_shuffle(x, s["factor"]),
    "UpsampleNearest": lambda _, s, x: F.interpolate(x, scale_factor=float(s["factor"]), mode="nearest"),
    "BilinearLike": _bilinear_like,
    "Crop": lambda _, __, x, like: x[:, :, : like.shape[2], : like.shape[3]],
    "MaxPool": lambda _, s, x: F.max_pool2d(x, s["kernel"], s["stride"], ceil_mode=s["ceil"]),
    "Mean": lambda _, __, x: x.mean((2, 3), keepdim=True),
    "Max": lambda _, __, x: F.adaptive_max_pool2d(x, 1),
    "Flatten": lambda _, __, x: x.flatten(1)[:, :, None, None],
    "Dropout": lambda layer, s, x: F.dropout(x, s["share"], layer.training),
    "DropPath": _drop_path,
}

"""The nodes by their contract, without the host: needs torch, numpy and unband."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import unband

ROOT = Path(__file__).resolve().parent.parent / "node-pack"


def load():
    """The pack, as the host loads it: a folder whose name is not an identifier."""
    spec = importlib.util.spec_from_file_location(
        "pack", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["pack"] = module
    spec.loader.exec_module(module)
    return module


PACK = load()
NODES = PACK.NODE_CLASS_MAPPINGS


def banded(count: int = 1, size: tuple[int, int] = (96, 128)) -> torch.Tensor:
    """Skies of six bits, with a photo's noise before the rounding."""
    rng = np.random.default_rng(4)
    y = np.linspace(0.2, 0.6, size[0])[:, None, None]
    sky = y * np.array([0.7, 0.9, 1.2]) + rng.normal(0, 0.004, (count, *size, 3))
    codes = np.rint(np.rint(np.clip(sky, 0, 1) * 63) * 255 / 63).astype(np.uint8)
    return torch.from_numpy(codes.astype(np.float32) / np.float32(255))


def saved(image: torch.Tensor) -> np.ndarray:
    """The codes of the host's Save Image."""
    return np.clip(255.0 * image.numpy(), 0, 255).astype(np.uint8)


def defaults(name: str) -> dict[str, object]:
    """Default values of a node's settings."""
    required = NODES[name].INPUT_TYPES()["required"]

    def pick(kind, options=None):
        return kind[0] if isinstance(kind, list) else options["default"]

    return {key: pick(*value) for key, value in required.items() if value[0] != "IMAGE"}


def run(name: str, *images: torch.Tensor, **settings: object):
    """Runs a node; its results."""
    node = NODES[name]()
    made = getattr(node, node.FUNCTION)(*images, **(defaults(name) | settings))
    return made["result"] if isinstance(made, dict) else made


def test_every_node_keeps_the_contract_of_the_host():
    assert set(NODES) == {"UnbandDeband", "UnbandUndither", "UnbandInspect", "UnbandScore", "UnbandUpscale"}
    assert set(PACK.NODE_DISPLAY_NAME_MAPPINGS) == set(NODES)
    for node in NODES.values():
        assert callable(getattr(node, node.FUNCTION))
        assert node.CATEGORY and node.DESCRIPTION and node.RETURN_TYPES
        for inputs in node.INPUT_TYPES().values():
            assert all(isinstance(value, tuple) for value in inputs.values())


def test_save_image_writes_the_codes_of_the_library():
    image = banded()
    made, report = run("UnbandDeband", image)
    assert made.dtype == torch.float32 and made.shape == image.shape
    assert np.array_equal(saved(made)[0], unband.deband(saved(image)[0], depth=8))
    assert "6 bits" in report and "restored" in report


def test_batches_are_images_one_by_one():
    image = banded(3)
    made, report = run("UnbandDeband", image)
    assert len(report.splitlines()) == 3
    for one, whole in zip(image, made, strict=True):
        assert torch.equal(run("UnbandDeband", one[None])[0][0], whole)


def test_depth_float_has_more_levels_than_save_image():
    image = banded()
    made, _ = run("UnbandDeband", image, depth="float, not rounded")
    assert len(made.unique()) > 4 * len(image.unique())


def test_a_mask_limits_the_repair():
    image = banded()
    mask = torch.zeros(1, 96, 128)
    mask[:, :48] = 1
    made, _ = run("UnbandDeband", image, mask=mask)
    assert torch.equal(made[:, 48:], image[:, 48:])
    assert not torch.equal(made[:, :48], image[:, :48])
    # The host's empty mask of an image without alpha has another size.
    made, _ = run("UnbandDeband", image, mask=torch.zeros(1, 64, 64))
    assert torch.equal(made, image)


@pytest.mark.parametrize("method", ["smooth", "f3kdb", "gradfun", "unband-lite"])
def test_methods_have_their_own_defaults(method):
    image = banded()
    made, _ = run("UnbandDeband", image, method=method)
    assert np.array_equal(saved(made)[0], unband.deband(saved(image)[0], method=method, depth=8))


def test_values_between_the_codes_stay_values():
    image = banded() * 0.9173
    made, _ = run("UnbandDeband", image, depth="float, not rounded")
    assert made.shape == image.shape and torch.isfinite(made).all()


def test_inspect_and_score_say_what_is_there():
    image = banded(2, (320, 400))
    finding, maps = run("UnbandInspect", image)
    assert len(finding.splitlines()) == 2 and maps.shape == image.shape
    grade, cambi, values = run("UnbandScore", image, reference=image)
    assert grade.splitlines()[0] in {"slight", "visible", "strong"}
    assert cambi > 0 and "psnr" in values


def test_upscale_doubles_the_size():
    (made,) = run("UnbandUpscale", banded(1, (40, 50)))
    assert made.shape == (1, 80, 100, 3)


def test_undither_leaves_other_images():
    image = banded()
    (made,) = run("UnbandUndither", image)
    assert made.shape == image.shape


def test_example_workflows_fit_the_nodes():
    for path in (ROOT / "example_workflows").glob("*.json"):
        flow = json.loads(path.read_text())
        for item in flow["nodes"]:
            if item["type"] not in NODES:
                continue
            inputs = NODES[item["type"]].INPUT_TYPES()
            settings = {key: value for key, value in inputs["required"].items() if value[0] != "IMAGE"}
            assert len(item["widgets_values"]) == len(settings), path
            for value, (kind, *_) in zip(item["widgets_values"], settings.values(), strict=True):
                assert value in kind if isinstance(kind, list) else isinstance(value, float), (path, value)
            outputs = [output["type"] for output in item["outputs"]]
            assert outputs == list(NODES[item["type"]].RETURN_TYPES), path

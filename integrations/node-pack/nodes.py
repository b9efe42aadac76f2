"""The nodes. Images are batches × height × width × channels with values of 0 to 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

import unband

from .host import Steps, blended, codes_of, values_of

if TYPE_CHECKING:
    from torch import Tensor

CATEGORY = "image/unband"
# For files of 8 bits the result is dithered; without that, saving would band it again.
DEPTHS = {"8 bits, dithered (Save Image)": 8, "16 bits": 16, "float, not rounded": "float"}
# Methods without a weights file of their own, and those that take the general strength.
WITHOUT_FILE = [
    m for m in unband.list_methods() if m.name in ("unband-lite", "unband-jpeg") or all(p.kind != "file" for p in m.params)
]
METHODS = ["auto", *(method.name for method in WITHOUT_FILE)]
OWN = {"auto", *(method.name for method in WITHOUT_FILE if method.own)}
KINDS = ["auto", "photo", "drawing", "data"]
# A tenth of a square's samples on false contours is a lot.
FULL = 0.1


def _slider(default: float, most: float, step: float, tooltip: str) -> tuple[str, dict[str, Any]]:
    return ("FLOAT", {"default": default, "min": 0.0, "max": most, "step": step, "tooltip": tooltip})


STRENGTH = _slider(1.0, 4.0, 0.05, "1 is tuned, 0 changes nothing; for auto and unband's own methods")
DEPTH = (list(DEPTHS), {"tooltip": "8 bits for Save Image; float for further nodes"})


class Deband:
    """Removes banding."""

    CATEGORY = CATEGORY
    FUNCTION = "run"
    RETURN_TYPES = ("IMAGE", "STRING")
    RETURN_NAMES = ("image", "report")
    DESCRIPTION = (
        "Removes banding (false contours). Invents no detail: values stay within the steps of the image."
    )

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        """Inputs of the node."""
        return {
            "required": {
                "image": ("IMAGE",),
                "method": (
                    METHODS,
                    {"tooltip": "auto chooses by the image; others are the methods of the field"},
                ),
                "strength": STRENGTH,
                "depth": DEPTH,
                "band_step": _slider(
                    0.0, 64.0, 0.25, "width of the bands in codes of 8 bits; 0: found in the image"
                ),
                "treat_as": (KINDS, {"tooltip": "drawings and data stay as they are"}),
            },
            "optional": {"mask": ("MASK", {"tooltip": "repaired where the mask is white"})},
        }

    def run(
        self,
        image: Tensor,
        method: str,
        strength: float,
        depth: str,
        band_step: float,
        treat_as: str,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, str]:
        """Debands each image of the batch."""
        steps, lines = Steps(len(image)), []

        def one(codes: Any, number: int) -> Tensor:
            made, report = unband.deband(
                codes,
                method=method,
                # Others have a strength of their own, with another meaning.
                strength=strength if method in OWN else None,
                depth=DEPTHS[depth],
                band_step=band_step or None,
                treat_as=treat_as,
                progress=steps,
                report=True,
            )
            lines.append(f"{report.findings.sentence}: {report.reason}, {report.method}")
            return blended(image[number], values_of(made), mask, number)

        return torch.stack(steps.each(image, one)), "\n".join(lines)


class Undither:
    """Removes a dither pattern."""

    CATEGORY = CATEGORY
    FUNCTION = "run"
    RETURN_TYPES = ("IMAGE",)
    DESCRIPTION = (
        "Removes ordered and diffused dither of few levels or colours, such as GIF's; other images stay."
    )

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        """Inputs of the node."""
        return {"required": {"image": ("IMAGE",), "strength": STRENGTH, "depth": DEPTH}}

    def run(self, image: Tensor, strength: float, depth: str) -> tuple[Tensor]:
        """Works on each image of the batch."""
        steps = Steps(len(image))

        def one(codes: Any, _number: int) -> Tensor:
            made = unband.deband(
                codes, method="undither", strength=strength, depth=DEPTHS[depth], progress=steps
            )
            return values_of(made)

        return (torch.stack(steps.each(image, one)),)


class Inspect:
    """Finds banding and its cause."""

    CATEGORY = CATEGORY
    FUNCTION = "run"
    RETURN_TYPES = ("STRING", "IMAGE")
    RETURN_NAMES = ("finding", "map")
    OUTPUT_NODE = True
    DESCRIPTION = "Finds banding and its cause. The map marks banded squares."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        """Inputs of the node."""
        return {"required": {"image": ("IMAGE",)}}

    def run(self, image: Tensor) -> dict[str, Any]:
        """Inspects each image of the batch."""
        lines = []

        def one(codes: Any, number: int) -> Tensor:
            found = unband.inspect(codes)
            lines.append(f"{found.grade}: {found.sentence}")
            return _map(image[number], found.map)

        maps = torch.stack(Steps(len(image)).each(image, one))
        return {"ui": {"text": lines}, "result": ("\n".join(lines), maps)}


def _map(image: Tensor, share: Any) -> Tensor:
    """The image in grey, banded squares in orange."""
    values = image.detach().cpu().float().numpy()
    height, width = values.shape[:2]
    weight = 0.8 * np.clip(np.kron(share / FULL, np.ones((64, 64))), 0, 1)[:height, :width, None]
    grey = 0.15 + 0.55 * values[..., :3].mean(axis=-1, keepdims=True)
    tinted = grey + weight * (np.array([1.0, 0.45, 0.0]) - grey)
    return torch.from_numpy(tinted.astype(np.float32))


class Score:
    """Metrics of banding."""

    CATEGORY = CATEGORY
    FUNCTION = "run"
    RETURN_TYPES = ("STRING", "FLOAT", "STRING")
    RETURN_NAMES = ("grade", "cambi", "values")
    OUTPUT_NODE = True
    DESCRIPTION = (
        "Verdict on banding and metrics: CAMBI and others; with a reference PSNR, SSIM and contour metrics."
    )

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        """Inputs of the node."""
        return {"required": {"image": ("IMAGE",)}, "optional": {"reference": ("IMAGE",)}}

    def run(self, image: Tensor, reference: Tensor | None = None) -> dict[str, Any]:
        """Scores each image of the batch. `cambi` is their mean."""

        def one(codes: Any, number: int) -> tuple[str, dict[str, float]]:
            values = unband.score(codes)
            if reference is not None:
                values |= unband.compare(codes_of(reference[number % len(reference)]), codes)
            return unband.inspect(codes).grade, values

        rows = Steps(len(image)).each(image, one)
        lines = [", ".join(f"{name} {value:.4g}" for name, value in values.items()) for _, values in rows]
        grades = [grade for grade, _ in rows]
        texts = [f"{grade}: {line}" for grade, line in zip(grades, lines, strict=True)]
        cambi = float(np.mean([values["cambi"] for _, values in rows]))
        return {"ui": {"text": texts}, "result": ("\n".join(grades), cambi, "\n".join(texts))}


class Upscale:
    """Upscales by the built-in network."""

    CATEGORY = CATEGORY
    FUNCTION = "run"
    RETURN_TYPES = ("IMAGE",)
    DESCRIPTION = (
        "Upscales photos by a small network, drawings and pixel art by their own rules. No model file."
    )

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        """Inputs of the node."""
        scale = ("FLOAT", {"default": 2.0, "min": 1.05, "max": 4.0, "step": 0.05})
        kinds = (KINDS, {"tooltip": "auto recognises drawings and pixel art"})
        return {"required": {"image": ("IMAGE",), "scale": scale, "treat_as": kinds}}

    def run(self, image: Tensor, scale: float, treat_as: str) -> tuple[Tensor]:
        """Upscales each image of the batch."""
        steps = Steps(len(image))

        def one(codes: Any, _number: int) -> Tensor:
            return values_of(unband.upscale(codes, scale, treat_as=treat_as, progress=steps))

        return (torch.stack(steps.each(image, one)),)


NODES = {"Deband": Deband, "Undither": Undither, "Inspect": Inspect, "Score": Score, "Upscale": Upscale}
NODE_CLASS_MAPPINGS = {f"Unband{name}": node for name, node in NODES.items()}
NODE_DISPLAY_NAME_MAPPINGS = {f"Unband{name}": f"{name} (unband)" for name in NODES}

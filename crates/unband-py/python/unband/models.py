"""Checkpoints of networks: contents, import under a name, export to ONNX.

They run the program, so that files and messages are those of `unband models`.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ._program import run

Path = str | os.PathLike[str]


def info(file: Path) -> dict[str, Any]:
    """Contents of a checkpoint, as `unband models info --json` has them (docs/guide/json.md).

    `network` is None for a file without a known one; else its `name`, `settings`, `parameters` and faults.
    `file` may be the name of an imported model. Raises `UnbandError` for files that are not checkpoints.
    """
    done: dict[str, Any] = json.loads(run(["models", "info", "--json", "--", os.fspath(file)]))
    return done


def import_(file: Path, *, name: str | None = None, half: bool = False, overwrite: bool = False) -> None:
    """Imports a checkpoint as a named model, for `weights=name`.

    `name`: by default the published name, or that of its network. `half`: store 16 bits per weight. The
    folder is that of the program, or `UNBAND_MODELS`.
    """
    arguments = ["models", "import", "--quiet"]
    arguments += [f"--as={name}"] if name is not None else []
    arguments += ["--half"] * half + ["--overwrite"] * overwrite
    run([*arguments, "--", os.fspath(file)])


def export(
    what: Path,
    onnx: Path,
    *,
    weights: Path | None = None,
    size: tuple[int, int] | None = None,
    overwrite: bool = False,
) -> None:
    """Writes a network as an ONNX file.

    `what`: a checkpoint, or the name of a network, whose weights are then `weights` or random ones. `size`:
    height and width of the input; any size by default.
    """
    arguments = ["models", "export", "--quiet", f"--onnx={os.fspath(onnx)}"]
    arguments += [f"--weights={os.fspath(weights)}"] if weights is not None else []
    arguments += [f"--size={size[0]}x{size[1]}"] if size is not None else []
    arguments += ["--overwrite"] * overwrite
    run([*arguments, "--", os.fspath(what)])

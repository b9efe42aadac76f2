"""The notebooks run, and hold the results of a run."""

from __future__ import annotations

import importlib.util
import json
import shutil

import pytest

NEEDS = {"clean-photos": (), "codec-ladder": ("ffmpeg",), "train-banded-layer": ("torch",)}


@pytest.mark.parametrize("name", NEEDS)
def test_a_notebook_runs(root, tmp_path, monkeypatch, name):
    pytest.importorskip("matplotlib").use("agg")
    for needed in NEEDS[name]:
        if not (shutil.which(needed) or importlib.util.find_spec(needed)):
            pytest.skip(f"{needed} is not installed")
    path = root / "examples" / "notebooks" / f"{name}.ipynb"
    assert path.stat().st_size < 100_000
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert any(cell["outputs"] for cell in cells)
    assert not any(output["output_type"] == "error" for cell in cells for output in cell["outputs"])
    # In a copy of the folder, whose files the notebook may write next to.
    (tmp_path / "notebooks").mkdir()
    for example in ("sunset.png", "dusk.jpg"):
        shutil.copy(root / "examples" / example, tmp_path)
    monkeypatch.chdir(tmp_path / "notebooks")
    names: dict[str, object] = {"__name__": "__main__"}
    for cell in cells:
        exec(compile("".join(cell["source"]), path.name, "exec"), names)

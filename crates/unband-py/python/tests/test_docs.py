"""The Python lines of the pages run, in the order of each page."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess

import pytest

import unband

PAGES = ["README.md", "docs/guide/python.md", "crates/unband-py/README.md"]


@pytest.mark.parametrize("page", PAGES)
def test_the_lines_of_a_page_run(root, page, tmp_path, monkeypatch, capsys):
    blocks = re.findall(r"^```python\n(.*?)^```", (root / page).read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    monkeypatch.chdir(tmp_path)
    sunset = root / "examples" / "sunset.png"
    shutil.copy(sunset, "sky.png")
    (tmp_path / "photos").mkdir()
    shutil.copy(sunset, "photos/a.png")
    shutil.copy(root / "weights" / "unband-lite.safetensors", "weights.safetensors")
    if shutil.which("ffmpeg"):
        source = "gradients=s=128x96:duration=0.25:r=24"
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "film.mkv"], check=True)
    names: dict[str, object] = {"unband": unband}
    for block in blocks:
        needs = re.match(r"# needs: (\S+)\n", block)
        if needs and not (
            (tmp_path / needs[1]).exists()
            or (importlib.util.find_spec(needs[1]) if "." not in needs[1] else None)
        ):
            compile(block, page, "exec")
            continue
        exec(compile(block, page, "exec"), names)
    assert "Traceback" not in capsys.readouterr().err

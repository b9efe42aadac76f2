"""Images and paths for all tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def sky() -> np.ndarray:
    """A gradient of 6 bits per channel in 8-bit codes: 96 × 128 × 3."""
    y, x = np.mgrid[0:96, 0:128]
    ramp = np.stack([0.30 + x / 400, 0.35 + y / 300, 0.5 + (x + y) / 700], axis=-1)
    return (np.round(ramp * 63) * 255 // 63).astype(np.uint8)


@pytest.fixture(scope="session")
def sunset() -> Path:
    """A banded photo, 6 bits in a PNG."""
    return ROOT / "examples" / "sunset.png"


@pytest.fixture(scope="session")
def three_shots(tmp_path_factory) -> Path:
    """Three shots of eleven seconds each, five frames a second, with sound."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("FFmpeg is not installed")
    path = tmp_path_factory.mktemp("shots") / "three.mkv"
    parts = [
        f"gradients=s=320x192:r=5:d=11:c0={a}:c1={b}:x0=0:x1={x}:y0=0:y1={y}:speed=0.00001[{i}]"
        for i, (a, b, x, y) in enumerate(
            [
                ("0x203040", "0x405060", 319, 0),
                ("0x804020", "0xa06040", 0, 191),
                ("0x103010", "0x306030", 319, 191),
            ]
        )
    ]
    graph = ";".join([*parts, "[0][1][2]concat=n=3,format=yuv420p[v]", "sine=r=8000:d=33[s]"])
    command = ["ffmpeg", "-v", "error", "-filter_complex", graph, "-map", "[v]", "-map", "[s]"]
    subprocess.run([*command, "-c:v", "libx264", "-crf", "30", "-c:a", "aac", path], check=True)
    return path


@pytest.fixture(scope="session")
def hashes():
    """Hashes of all packets of a file: frames, sound, and times."""

    def of(path, *options: str) -> list[str]:
        command = ["ffmpeg", "-v", "error", "-i", path, "-map", "0", *options, "-f", "framemd5", "-"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return [line for line in text.splitlines() if not line.startswith("#")]

    return of

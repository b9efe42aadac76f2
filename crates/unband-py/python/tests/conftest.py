"""Images and paths for all tests."""

from __future__ import annotations

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

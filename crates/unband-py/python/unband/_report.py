"""Findings, reports and proofs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray


class PlaneGrid(NamedTuple):
    """The quantisation grid of a plane."""

    step_codes: float
    """Distance of neighbouring levels, in 8-bit codes."""
    offset_codes: float
    """Offset of the grid, in 8-bit codes."""
    bits: int | None
    """Bits of the grid, where it has whole ones."""
    found: bool
    """Was a coarser grid than that of the samples found?"""
    confidence: float
    """0 to 1."""
    truncated: bool
    """Were samples rounded down?"""


class Findings(NamedTuple):
    """Findings of `inspect` on an image."""

    cause: str
    """The degradation in a word, such as "levels" or "jpeg"; docs/guide/json.md lists all."""
    sentence: str
    """The finding in one sentence."""
    grade: str
    """Severity: "none", "slight", "visible" or "strong"."""
    banded_share: float
    """Share of the smooth area that is near a false contour, 0 to 1."""
    visible: bool
    """Is banding visible at 8 bits?"""
    lossy: bool
    """Was it coded with loss?"""
    resized: bool
    """Was it resized after it was quantised?"""
    effective_bits: int
    """Bits per sample in use; 32 for floating point without a grid."""
    alpha_bits: int | None
    """Bits of a banded alpha channel."""
    drawing: str | None
    """Kind of drawing or data, whose plateaus are intended; None for photos."""
    dither: str | None
    """Dither of the source: "tile", "gradient-noise", "error-diffusion"; None without."""
    dither_tile: tuple[int, int] | None
    """Samples across and down of its tile; None without one."""
    colours: int | None
    """Number of colours of the palette behind a dithered image; None for others."""
    whole_step: float | None
    """Step of floating point in whole metres or the like; None for others."""
    light_curve: str | None
    """Curve from codes to linear light: "sRGB", "gamma 2.2", "BT.709" or "PQ"; None for others."""
    space: str
    """Space of the grids: "native", matrix and range of luma and colour differences, or "rgb" behind a video
    frame."""
    grids: tuple[PlaneGrid, ...]
    """One for each plane of that space."""
    map: NDArray[Any]
    """Share of samples on a false contour, 0 to 1, float32, for each square of 64 × 64 samples: rows ×
    columns."""

    @classmethod
    def of(cls, found: dict[str, Any]) -> Findings:
        """From the extension's dict."""
        import numpy as np

        rows, columns, data = found["map"]
        grids = tuple(PlaneGrid(**grid) for grid in found["grids"])
        return cls(**{**found, "grids": grids, "map": np.frombuffer(data, np.float32).reshape(rows, columns)})


class Report(NamedTuple):
    """Report of `deband`."""

    findings: Findings
    """Findings on the input."""
    method: str
    """The method."""
    faithful: str
    """Intervals that samples were kept in: "no", "grid" (of the samples) or "file" (of a JPEG file)."""
    changed: bool
    """Does any sample differ, or the depth?"""
    alpha_repaired: bool
    """Was the alpha channel repaired?"""
    reason: str
    """"restored", "one-code-only", "nothing-found", "steps-kept", "drawn", "asked", "not-asked",
    "alpha-only" or "depth-only"."""
    depth: int
    """Bits of the result; 32 for floating point."""
    mean_shift_codes: float
    """Largest shift of the mean of a plane, in 8-bit codes."""
    max_change_codes: float
    """Largest change of a sample, in 8-bit codes."""
    samples_moved: int
    """Samples whose value differs, dither included."""
    samples_clipped: int
    """Samples that were clipped at black or white."""

    @classmethod
    def of(cls, told: dict[str, Any]) -> Report:
        """From the extension's dict."""
        return cls(**{**told, "findings": Findings.of(told["findings"])})


class Proof(NamedTuple):
    """Result of `prove`; true when it holds."""

    samples: int
    """Checked samples."""
    outside: int
    """Samples outside their interval by one code or more."""
    worst_codes: float
    """Distance of the worst one, in codes."""

    @property
    def holds(self) -> bool:
        """Are all samples inside?"""
        return self.outside == 0

    def __bool__(self) -> bool:
        return self.holds

"""Removes banding (false contours) from images and video, measures it, and makes training data.

Images are arrays of NumPy, tensors, files, or an `Image` with the metadata of its file:

    import unband
    smooth = unband.deband(array)                       # the same dtype and layout
    unband.deband("sky.png").save("smooth.png")         # with metadata
    deep, report = unband.deband(array, depth=16, report=True)
"""

from __future__ import annotations

from . import errors, models
from ._deband import deband, dither, inspect, prove, upscale
from ._degrade import Degrade, Degraded, list_recipes, make_pairs
from ._evaluate import Mean, PairScores, Table, TableGroup, TableRow, evaluate
from ._files import FileReport, deband_file
from ._image import Image, open
from ._job import Job
from ._metrics import Metric, MetricInfo, compare, create_metric, list_metrics, score
from ._registry import Method, Parameter, list_methods
from ._report import Findings, PlaneGrid, Proof, Report
from ._segments import (
    ScorePart,
    ScorePlan,
    ShotScores,
    VideoPlan,
    VideoScores,
    VideoSegment,
    plan_score,
    plan_video,
    score_video,
)
from ._unband import version as _version
from ._video import Frame, VideoReport, deband_video, frames, upscale_video
from .errors import (
    FileError,
    InputError,
    LimitError,
    MissingExtraError,
    OptionError,
    UnbandError,
    UnsupportedError,
)

__version__ = _version()

__all__ = [
    "Degrade",
    "Degraded",
    "FileError",
    "FileReport",
    "Findings",
    "Frame",
    "Image",
    "InputError",
    "Job",
    "LimitError",
    "Mean",
    "Method",
    "Metric",
    "MetricInfo",
    "MissingExtraError",
    "OptionError",
    "PairScores",
    "Parameter",
    "PlaneGrid",
    "Proof",
    "Report",
    "ScorePart",
    "ScorePlan",
    "ShotScores",
    "Table",
    "TableGroup",
    "TableRow",
    "UnbandError",
    "UnsupportedError",
    "VideoPlan",
    "VideoReport",
    "VideoScores",
    "VideoSegment",
    "compare",
    "create_metric",
    "deband",
    "deband_file",
    "deband_video",
    "dither",
    "errors",
    "evaluate",
    "frames",
    "inspect",
    "list_methods",
    "list_metrics",
    "list_recipes",
    "make_pairs",
    "models",
    "open",
    "plan_score",
    "plan_video",
    "prove",
    "score",
    "score_video",
    "upscale",
    "upscale_video",
]

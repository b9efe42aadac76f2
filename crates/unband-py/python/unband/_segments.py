"""One video in segments, for several processes and machines: debanding, upscaling and metrics."""

from __future__ import annotations

import inspect
import multiprocessing
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _unband
from ._call import Progress, job
from ._files import path_of
from ._job import Row, _message
from ._video import VideoReport, deband_video, upscale_video, upscaling
from .errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_OWN = frozenset({"input", "output", "resume", "threads", "progress", "params"})


class VideoPlan:
    """A video job whose segments can be made in any process on any machine that sees its files.

    `segments`: those that are not made yet, in order; none where nothing needs repair. Each is a picklable
    function without arguments that makes it. `join` then joins all of them with everything else of the video;
    segments that are missing are made there. Only one job at a time may write a result: the plan holds that
    right until `join`, `close` or the end of a `with` block. Finished segments stay for a plan with
    `resume=True`, in a folder next to the result.

        with unband.plan_video("in.mkv", "out.mkv") as plan, multiprocessing.Pool() as pool:
            rows = pool.map(unband.VideoSegment.__call__, plan.segments)
            report = plan.join()
    """

    def __init__(
        self, native: _unband.VideoJob, files: tuple[str, str], options: dict[str, Any], threads: int | None
    ) -> None:
        self._native = native
        self._threads = threads
        self.worker = _Maker(files, options)
        found = native.missing()
        self.segments = [VideoSegment(self.worker, number, start, text) for number, start, text in found]

    def join(self, *, progress: Progress = None) -> VideoReport:
        """Joins the segments and moves the result to its place; ends the plan. `progress` is about segments
        that are missing. Raises `UnbandError`, as `deband_video` does.
        """
        with job(self._threads, progress) as options:
            return VideoReport(**self._native.join(options))

    def close(self) -> None:
        """Ends the plan without a result."""
        self._native.close()

    def __enter__(self) -> VideoPlan:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Maker:
    """Makes a segment from its number, start and JSON; travels once to each worker."""

    def __init__(self, files: tuple[str, str], options: dict[str, Any]) -> None:
        self.files, self.options = files, options

    def name(self, number: int) -> str:
        return f"{self.files[1]}#{number + 1}"

    def __call__(self, state: tuple[int, float, str], threads: int | None = None) -> Row:
        number, seconds, text = state
        name = self.name(number)
        row: Row = {"input": name, "start": seconds, "status": "failed", "error": None, "hint": None}
        began = time.perf_counter()
        try:
            with job(_threads(threads), None, **self.options) as options:
                made = _unband.make_segment(*self.files, text, options)
            row.update(status="present" if made.pop("present") else "written", **made)
        except Exception as error:
            row.update(error=_message(error, name), hint=getattr(error, "hint", None))
        row["seconds"] = round(time.perf_counter() - began, 4)
        return row


def _threads(threads: int | None) -> int | None:
    """One thread in a process of `multiprocessing`, unless a number is given."""
    if threads is None and multiprocessing.parent_process() is not None:
        return 1
    return threads


class VideoSegment(NamedTuple):
    """A segment of a planned video job; picklable. Made by `plan_video`."""

    worker: _Maker
    number: int
    """Its number, from 0."""
    start: float
    """Time of its first frame, in seconds."""
    text: str
    """The segment as JSON."""

    @property
    def name(self) -> str:
        """Name of the result, and number of the segment from 1."""
        return self.worker.name(self.number)

    @property
    def state(self) -> tuple[int, float, str]:
        """What travels for each segment."""
        return (self.number, self.start, self.text)

    def __call__(self, threads: int | None = None) -> Row:
        """Makes the segment, unless it exists, and returns its row: `input` (its name), `start`, `status`
        ("written", "present" or "failed"), `frames`, `changed`, `bytes`, `seconds`, `error`, `hint`. Never
        raises for a bad video. `threads`: by default all, one in a process of `multiprocessing`.
        """
        return self.worker(self.state, threads)


def plan_video(
    input: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    resume: bool = False,
    threads: int | None = None,
    progress: Progress = None,
    upscale: bool = False,
    **options: Any,
) -> VideoPlan:
    """Plans a video job in segments: decodes the video once, finds its shots and their banding, and cuts it
    at the beginning of shots, into segments of 10 to 60 s.

    `options`: those of `deband_video`; with `upscale=True` those of `upscale_video`. `resume`: continue
    unfinished work, also of these. `threads` and `progress` are those of the plan. Raises what they raise
    before their first frame.
    """
    bound = inspect.signature(upscale_video if upscale else deband_video).bind(input, output, **options)
    bound.apply_defaults()
    given = {name: value for name, value in bound.arguments.items() if name not in _OWN}
    given = upscaling(**given) if upscale else {**given, "params": bound.arguments["params"]}
    files = (os.path.abspath(path_of(input, "input")), os.path.abspath(path_of(output, "output")))
    with job(threads, progress, resume=resume, **given) as native_options:
        native = _unband.VideoJob(*files, native_options)
    return VideoPlan(native, files, given, threads)


class ShotScores(NamedTuple):
    """Values of a shot."""

    frames: tuple[int, int]
    """Its first frame, from 0, and the one after its last."""
    seconds: tuple[float, float]
    """Its start and end."""
    grade: str
    """"none", "slight", "visible" or "strong" banding, of its worst frame."""
    metrics: dict[str, float | None]
    """Values by name; None where a metric has no value."""


class VideoScores(NamedTuple):
    """Metrics of a video."""

    metrics: dict[str, float | None]
    """Values of all measured frames together, by name; None where a metric has no value."""
    grade: str
    """"none", "slight", "visible" or "strong" banding, of the worst shot."""
    verdict: str
    """The verdict in one line."""
    frames: int
    """Number of frames."""
    seconds: tuple[float, float]
    """Time of the first frame and end of the last one."""
    shots: list[ShotScores]
    """Its shots."""
    line: list[tuple[float, float]]
    """Seconds and leading metric (CAMBI, or else the first one) of each frame; NaN without a value."""


def _scores(found: dict[str, Any]) -> VideoScores:
    return VideoScores(**{**found, "shots": [ShotScores(*shot) for shot in found["shots"]]})


def _asked(metrics: Iterable[str] | None, every: int | None) -> dict[str, Any]:
    if isinstance(metrics, str):
        raise OptionError(f"`metrics` must be a list of names, got {metrics!r}", argument="metrics")
    return {"metrics": None if metrics is None else list(metrics), "every": every}


def score_video(
    input: str | os.PathLike[str],
    metrics: Iterable[str] | None = None,
    *,
    every: int | None = None,
    threads: int | None = None,
    progress: Progress = None,
) -> VideoScores:
    """Metrics of a video file, frame by frame, by shots, and as a whole, as `unband score` has them. Needs
    FFmpeg 5.1 or newer.

    `metrics`: names of metrics without a reference; by default those of `score`. CAMBI, or else the first
    one, is measured on each frame; the others, and the grade, on the first frame of each shot and on those
    whose number is a multiple of `every` (default 15). `progress`: True for a bar, or a function of finished
    and all frames. Raises `InputError` for damaged videos, `OptionError` for unknown metrics.
    """
    with job(threads, progress, **_asked(metrics, every)) as options:
        return _scores(_unband.score_video(path_of(input, "input"), options))


class _Measurer:
    """Measures a part from its JSON."""

    def __init__(self, path: str, asked: dict[str, Any]) -> None:
        self.path, self.asked = path, asked

    def name(self, number: int) -> str:
        return f"{self.path}#{number + 1}"

    def __call__(self, state: tuple[int, str], threads: int | None = None) -> Row:
        number, text = state
        name = self.name(number)
        row: Row = {"input": name, "status": "failed", "error": None, "hint": None}
        began = time.perf_counter()
        try:
            with job(_threads(threads), None, **self.asked) as options:
                values, frames = _unband.score_video_part(self.path, text, options)
            row.update(status="measured", frames=frames, values=values)
        except Exception as error:
            row.update(error=_message(error, name), hint=getattr(error, "hint", None))
        row["seconds"] = round(time.perf_counter() - began, 4)
        return row


class ScorePart(NamedTuple):
    """A part of a video to be measured; picklable. Made by `plan_score`."""

    worker: _Measurer
    number: int
    """Its number, from 0."""
    text: str
    """The part as JSON."""

    @property
    def name(self) -> str:
        """Path of the video, and number of the part from 1."""
        return self.worker.name(self.number)

    @property
    def state(self) -> tuple[int, str]:
        """What travels for each part."""
        return (self.number, self.text)

    def __call__(self, threads: int | None = None) -> Row:
        """Measures the part and returns its row: `input`, `status`, `frames`, `values` (JSON for
        `ScorePlan.join`), `seconds`, `error`, `hint`."""
        return self.worker(self.state, threads)


class ScorePlan(NamedTuple):
    """Parts of a video that can be measured in any process on any machine that sees the file."""

    worker: Callable[..., Row]
    parts: list[ScorePart]
    """The parts, in order."""
    asked: dict[str, Any]

    def join(self, values: list[str]) -> VideoScores:
        """Metrics of the whole video from `row["values"]` of all parts, in order: those of `score_video`."""
        if len(values) != len(self.parts):
            message = f"`values` must hold {len(self.parts)} parts, got {len(values)}"
            raise OptionError(message, argument="values")
        with job(None, None, **self.asked) as options:
            return _scores(_unband.score_of_video_parts(values, options))


def plan_score(
    input: str | os.PathLike[str],
    metrics: Iterable[str] | None = None,
    *,
    every: int | None = None,
    threads: int | None = None,
    progress: Progress = None,
) -> ScorePlan:
    """Cuts a video into parts of 10 to 60 s for `score_video` on several machines. Decodes it once. Arguments
    as for `score_video`."""
    path = os.path.abspath(path_of(input, "input"))
    asked = _asked(metrics, every)
    with job(threads, progress) as options:
        texts = _unband.video_parts(path, options)
    worker = _Measurer(path, asked)
    return ScorePlan(worker, [ScorePart(worker, i, text) for i, text in enumerate(texts)], asked)

"""Jobs for many processes and machines: from the path of a file to one row."""

from __future__ import annotations

import inspect
import json
import math
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from . import _remote, _unband
from ._deband import deband, upscale
from ._degrade import Degrade, _side, make_pairs
from ._files import deband_file
from ._image import Image, open
from ._metrics import compare, list_metrics, score
from ._registry import list_methods
from .errors import InputError, OptionError, UnbandError

_DEFAULTS: dict[str, tuple[str, ...]] = {
    "deband": ("cambi",),
    "score": ("cambi", "cambi-coarse", "bband"),
    "compare": ("psnr", "ssim-gauss11-rgb", "cambi"),
    "degrade": (),
    "upscale": (),
    "make_pairs": (),
}
_OWN: dict[str, frozenset[str]] = {
    "score": frozenset(),
    "compare": frozenset({"reference"}),
    "degrade": frozenset({"recipe", "seed", "patch", "effort"}),
    "make_pairs": frozenset({"recipe", "seed", "patch", "effort"}),
    "upscale": frozenset(
        {"scale", "width", "height", "fit", "weights", "depth", "dither", "locked", "seed", "precision"}
        | {"max_memory", "format", "quality", "effort"}
    ),
    "deband": frozenset(inspect.signature(deband_file).parameters)
    - {"input", "output", "overwrite", "threads", "progress", "params"},
}
_KEPT = frozenset({".png", ".tif", ".tiff", ".exr", ".pfm", ".ppm", ".pgm", ".pnm"})
"""Endings of lossless files that results keep; other inputs become PNG."""
_ENDINGS = {"jpeg": ".jpg", "jpeg xl": ".jxl", "openexr": ".exr", "tiff": ".tif", "yuv4mpeg2": ".y4m"}

Row = dict[str, Any]


class Job:
    """A job on one file, as a function of its path: picklable, and the same on any machine.

    `task`: "deband", "score", "compare", "degrade", "upscale" or "make_pairs". Nothing is opened and no
    thread started until a call, which returns one row and never raises for a bad file:

        job = unband.Job("deband", out="clean")
        rows = multiprocessing.Pool().imap_unordered(job, paths)

    `out`: folder of the results, local or a URL of fsspec. Their names are those of the inputs: below `root`
    with subfolders, else the last part. Results of lossy files are PNG, unless `format` names a format.
    `skip_existing`: a result that exists is not made again, only its metrics are; otherwise it is replaced.
    `metrics`: names, for the input and the result; by default CAMBI for "deband", the defaults of `score`,
    and PSNR, SSIM and CAMBI for "compare". `reference`: for "compare", the folder of the clean images.
    `recipe`, `seed`, `patch`: for "degrade" and "make_pairs"; a recipe's file is read here, once.
    `threads`: None for all processors, one in a process of `multiprocessing`.
    `scratch`: folder for copies of remote files. Other `options` are those of `deband_file` and `upscale`.

    Results are written completely or not at all. Raises `OptionError` for options that no file could have.
    """

    __slots__ = ("metrics", "options", "out", "root", "scratch", "skip_existing", "task", "threads")

    def __init__(
        self,
        task: str,
        out: str | os.PathLike[str] | None = None,
        *,
        root: str | os.PathLike[str] | None = None,
        skip_existing: bool = True,
        metrics: Iterable[str] | None = None,
        threads: int | None = None,
        scratch: str | os.PathLike[str] | None = None,
        **options: Any,
    ) -> None:
        if task not in _DEFAULTS:
            raise OptionError(f"`task` must be one of {', '.join(_DEFAULTS)}, got {task!r}", argument="task")
        writes = task not in ("score", "compare")
        if writes != (out is not None):
            rule = "needs `out`, the folder of the results" if writes else "writes nothing, drop `out`"
            raise OptionError(f"{task} {rule}", argument="out")
        if isinstance(metrics, str):
            raise OptionError(f"`metrics` must be a list of names, got {metrics!r}", argument="metrics")
        if threads is not None and (not isinstance(threads, int) or isinstance(threads, bool) or threads < 1):
            raise OptionError(f"`threads` must be a whole number from 1, got {threads!r}", argument="threads")
        self.task = task
        self.out = None if out is None else _remote.absolute(os.fspath(out))
        self.root = None if root is None else _remote.absolute(os.fspath(root))
        self.skip_existing = skip_existing
        self.metrics = _DEFAULTS[task] if metrics is None else tuple(metrics)
        self.threads = threads
        self.scratch = None if scratch is None else os.path.abspath(scratch)
        self.options = options
        self._check()

    def _check(self) -> None:
        known = {metric.name: metric for metric in list_metrics()}
        for name in self.metrics:
            if name not in known:
                raise OptionError(
                    f"there is no metric `{name}`", f"the metrics are {', '.join(known)}", "metrics"
                )
            if known[name].compared_with is not None and self.task != "compare":
                raise OptionError(f"{name} needs a second image", 'use the task "compare"', "metrics")
        own = _OWN[self.task]
        if self.task == "deband":
            methods = {method.name: method for method in list_methods()}
            method = methods.get(str(self.options.get("method", "auto")).partition(":")[0])
            own |= {param.keyword for param in method.params} if method else frozenset()
            own |= {"weights"} if "method" in self.options else frozenset()
        for name in self.options:
            if name not in own:
                hint = f"{self.task} has {', '.join(sorted(own))}" if own else None
                raise OptionError(f"unknown argument `{name}` of {self.task}", hint, name)
        if self.task in ("degrade", "make_pairs"):
            if "recipe" not in self.options:
                raise OptionError(f"{self.task} needs `recipe`", "unband.list_recipes() has them", "recipe")
            given = self.options["recipe"]
            degrade = Degrade(given, self.options.get("seed", 0))
            _, (name, text, _) = degrade.__reduce__()
            _side(self.options.get("patch"))
            self.options = {**self.options, "recipe": name, "text": text}
        if self.task == "compare":
            if "reference" not in self.options:
                raise OptionError(
                    "compare needs `reference`, the folder of the clean images", None, "reference"
                )
            folder = _remote.absolute(os.fspath(self.options["reference"]))
            self.options = {**self.options, "reference": folder}
        self._try()

    def _try(self) -> None:
        """Finds values outside their ranges before the first file."""
        import numpy as np

        given = {name: value for name, value in self.options.items() if name not in _FILES}
        if self.task == "deband" and "weights" not in given and ":" not in str(given.get("method", "")):
            networks = {m.name for m in list_methods() if any(p.keyword == "weights" for p in m.params)}
            if given.get("method") not in networks:
                deband(np.zeros((1, 1, 3), np.uint8), threads=1, **given)

    def replace(self, **changes: Any) -> Job:
        """The job with other values of `root`, `threads`, `scratch`, `skip_existing` or `metrics`."""
        made = Job.__new__(Job)
        for name in Job.__slots__:
            setattr(made, name, changes.pop(name, getattr(self, name)))
        if changes:
            raise OptionError(f"unknown argument `{next(iter(changes))}`", argument=next(iter(changes)))
        return made

    def describe(self) -> dict[str, Any]:
        """All that decides the results, as JSON: two jobs with equal descriptions make equal files."""
        values: Mapping[str, Any] = {
            "task": self.task,
            "out": self.out,
            "root": self.root,
            "metrics": list(self.metrics),
            "options": {name: _plain(value) for name, value in sorted(self.options.items())},
        }
        return dict(values)

    def peak_memory(self, *paths: str | os.PathLike[str]) -> int:
        """Expected peak memory of the work on the largest of these local files, in bytes, by the sizes in
        their headers, as `unband` shares memory between images: that of the job on one thread, of reading, or
        of writing, without the program itself. 0 where it is not known: for "upscale", and for files
        without a size.
        """
        if self.task == "upscale" or not paths:
            return 0
        how = {"method": "auto", "params": {}}
        if "max_memory" in self.options:
            how["max_memory"] = self.options["max_memory"]
        return _unband.peak_memory([os.fspath(path) for path in paths], how)

    def __repr__(self) -> str:
        options = "".join(f", {name}={value!r}" for name, value in self.options.items() if name != "text")
        place = "" if self.out is None else f", {self.out!r}"
        return f"unband.Job({self.task!r}{place}{options})"

    def name_of(self, path: str) -> str:
        """The name of an input below `root`, or its last part, with slashes."""
        if self.root is None:
            return path.rstrip("/").replace(os.sep, "/").rpartition("/")[2]
        name = _remote.within(_remote.absolute(path), self.root)
        if name is None:
            raise InputError(
                f"{path}: is not below `root`, {self.root}", "set `root` to a folder of all inputs"
            )
        return name

    def output_of(self, path: str | os.PathLike[str]) -> str | None:
        """The file that the job writes for an input; for "make_pairs" the degraded side."""
        if self.out is None:
            return None
        stem, ending = os.path.splitext(self.name_of(os.fspath(path)))
        if self.task in ("degrade", "make_pairs"):
            ending = ".png"
        elif self.options.get("format") is not None:
            ending = _ending(str(self.options["format"]))
        elif ending.lower() not in _KEPT:
            ending = ".png"
        folder = _remote.join(self.out, "lq") if self.task == "make_pairs" else self.out
        return _remote.join(folder, stem + ending)

    def __call__(self, path: str | os.PathLike[str]) -> Row:
        """The row of a file.

        | key | value |
        |---|---|
        | `task`, `input` | as given |
        | `status` | "written", "copied" (nothing to repair), "unchanged" (no file needed), "present", |
        | | "measured" or "failed" |
        | `output`, `clean` | the file, and the clean side of "make_pairs" |
        | `bytes`, `seconds` | its size, and the time of the row |
        | `method`, `cause` | the method and the degradation that was found |
        | `before`, `after` | metrics of the input and of the result, by name |
        | `record` | draws of a recipe, as JSON |
        | `error`, `hint` | the reason of a failure and the next action |
        """
        start = time.perf_counter()
        name = os.fspath(path)
        row: Row = dict.fromkeys(_KEYS)
        row.update(task=self.task, input=name, status="failed", before={}, after={})
        try:
            row.update(self._row(name))
        except Exception as error:
            row.update(error=_message(error, name), hint=getattr(error, "hint", None))
        row["seconds"] = round(time.perf_counter() - start, 4)
        return row

    def _row(self, path: str) -> Row:
        output = self.output_of(path)
        with _remote.local(path, self.scratch) as source:
            try:
                if output is None:
                    return self._measured(path, source)
                if self.skip_existing and _remote.exists(output):
                    return self._present(source, output)
                return {"output": output, **_TASKS[self.task](self, source, path, output)}
            except UnbandError as error:
                # Messages name the file that the caller knows, not its copy.
                raise _Renamed(str(error).replace(source, path), error) from error

    @property
    def _threads(self) -> int | None:
        if self.threads is None and multiprocessing.parent_process() is not None:
            return 1
        return self.threads

    def _values(self, image: Image | str) -> dict[str, float | None]:
        """The metrics of an image; None where one has no value."""
        found: dict[str, float | None] = {}
        held = open(image, threads=self._threads) if isinstance(image, str) and self.metrics else image
        for name in self.metrics:
            try:
                value = score(held, [name], threads=self._threads)[name]
            except InputError:
                value = math.nan
            found[name] = None if math.isnan(value) else value
        return found

    def _measured(self, path: str, source: str) -> Row:
        if self.task == "score":
            from ._deband import inspect as inspected

            image = open(source, threads=self._threads)
            cause = inspected(image, threads=self._threads).cause
            return {"status": "measured", "cause": cause, "before": self._values(image)}
        clean = _remote.join(self.options["reference"], self.name_of(path))
        with _remote.local(clean, self.scratch) as reference:
            values = compare(reference, source, self.metrics, threads=self._threads)
        before = {name: None if math.isnan(value) else value for name, value in values.items()}
        return {"status": "measured", "before": before, "clean": clean}

    def _present(self, source: str, output: str) -> Row:
        row: Row = {"status": "present", "output": output, "bytes": _size(output)}
        if self.task == "make_pairs":
            row["clean"] = self._clean_of(output)
        if self.metrics:
            with _remote.local(output, self.scratch) as result:
                row.update(before=self._values(source), after=self._values(result))
        return row

    def _clean_of(self, output: str) -> str:
        name = _remote.within(output, _remote.join(str(self.out), "lq"))
        return _remote.join(_remote.join(str(self.out), "gt"), str(name))

    def _deband(self, source: str, _path: str, output: str) -> Row:
        with _Result(output, self.scratch) as result:
            done = deband_file(
                source, result.path, overwrite=not self.skip_existing, threads=self._threads, **self.options
            )
            before = self._values(source)
            after = self._values(result.path) if done.output else before
            size = result.finish(not self.skip_existing) if done.output else None
        return {
            "status": "unchanged" if done.output is None else "copied" if done.copied else "written",
            "output": output if done.output else None,
            "bytes": size,
            "method": done.report.method,
            "cause": done.report.findings.cause,
            "before": before,
            "after": after,
        }

    def _upscale(self, source: str, _path: str, output: str) -> Row:
        how = {name: value for name, value in self.options.items() if name not in _FILES}
        saving = {name: self.options[name] for name in ("quality", "effort") if name in self.options}
        image = open(source, threads=self._threads)
        made = upscale(image, threads=self._threads, **how)
        with _Result(output, self.scratch) as result:
            made.save(result.path, overwrite=not self.skip_existing, threads=self._threads, **saving)
            size = result.finish(not self.skip_existing)
        return {
            "status": "written",
            "bytes": size,
            "before": self._values(image),
            "after": self._values(made),
        }

    def _pair(self, source: str, path: str, output: str) -> Row:
        """Both sides, by the program: draws and files are those of `unband degrade`."""
        how = {name: value for name, value in self.options.items() if name != "text"}
        with tempfile.TemporaryDirectory(prefix="unband-", dir=self.scratch) as folder:
            if self.options["text"] is not None:
                recipe = Path(folder, Path(how["recipe"]).name)
                recipe.write_text(self.options["text"], encoding="utf-8")
                how["recipe"] = recipe
            # A folder with one file: its name, subfolders included, gives the draws.
            inside = Path(folder, "in", *self.name_of(path).split("/"))
            inside.parent.mkdir(parents=True)
            try:
                inside.symlink_to(os.path.abspath(source))
            except OSError:
                shutil.copyfile(source, inside)
            try:
                (entry,) = make_pairs(
                    Path(folder, "in"), Path(folder, "out"), recursive=True, threads=self._threads, **how
                )
            except UnbandError as error:
                raise _Renamed(str(error).replace(os.fspath(inside), path), error) from error
            entry["source"] = path
            lq, gt = (os.path.join(folder, "out", *entry[side].split("/")) for side in ("lq", "gt"))
            row: Row = {"status": "written", "bytes": os.path.getsize(lq), "record": _json(entry)}
            row.update(before=self._values(gt), after=self._values(lq))
            if self.task == "make_pairs":
                row["clean"] = self._clean_of(output)
                # The degraded side is the last, so that where it exists the pair is complete.
                _remote.publish(gt, row["clean"], overwrite=True)
            _remote.publish(lq, output, overwrite=not self.skip_existing)
        return row


_KEYS = (
    "task",
    "input",
    "status",
    "output",
    "clean",
    "bytes",
    "seconds",
    "method",
    "cause",
    "before",
    "after",
    "record",
    "error",
    "hint",
)
_FILES = frozenset({"format", "quality", "effort", "only_banded", "preserve_times", "prove", "text"})
_TASKS: dict[str, Callable[[Job, str, str, str], Row]] = {
    "deband": Job._deband,
    "upscale": Job._upscale,
    "degrade": Job._pair,
    "make_pairs": Job._pair,
}


class _Renamed(UnbandError):
    """An error with the name that the caller knows."""

    def __init__(self, message: str, error: UnbandError) -> None:
        super().__init__(message, error.hint, error.argument)


class _Result:
    """A file to be written: in its place, or in scratch for a URL."""

    def __init__(self, output: str, scratch: str | None) -> None:
        self._output = output
        self._folder = None
        if _remote.is_url(output):
            self._folder = tempfile.TemporaryDirectory(prefix="unband-", dir=scratch)
            self.path = os.path.join(self._folder.name, output.rpartition("/")[2])
        else:
            self.path = output
            os.makedirs(os.path.dirname(output), exist_ok=True)

    def __enter__(self) -> _Result:
        return self

    def finish(self, overwrite: bool) -> int:
        """Publishes the file and returns its size."""
        size = os.path.getsize(self.path)
        if self._folder is not None:
            _remote.publish(self.path, self._output, overwrite=overwrite)
        return size

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()


def _size(path: str) -> int:
    if not _remote.is_url(path):
        return os.path.getsize(path)
    system, inner = _remote.file_system(path)
    return int(system.size(inner))


def _ending(format: str) -> str:
    return _ENDINGS.get(format.lower(), "." + format.lower())


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return os.fspath(value) if isinstance(value, os.PathLike) else repr(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _message(error: Exception, path: str) -> str:
    text = str(error) or type(error).__name__
    if not isinstance(error, UnbandError):
        text = f"{type(error).__name__}: {text}"
    return text if path in text else f"{path}: {text}"

"""Jobs on many machines, through Ray Data: paths and rows travel, never samples.

import unband.ray
done = unband.ray.run("photos", unband.Job("deband", out="clean"))
print(done)
"""

from __future__ import annotations

import argparse
import glob
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from . import _remote, _unband
from ._call import Progress, _Bar
from ._degrade import Degrade
from ._job import Job, Row
from ._manifest import Manifest, rows
from ._segments import ScorePlan, VideoScores, plan_score, plan_video
from ._shards import PART, Shards, named
from ._video import VideoReport
from .errors import InputError, MissingExtraError, OptionError, UnbandError

try:
    from ._pool import INTERPRETER, Call, How, Item, fitting, quiet, start, wave
except MissingExtraError as error:
    if __name__ == "__main__":
        sys.exit(f"error: {error}\nhint: {error.hint}")
    raise

__all__ = ["Summary", "main", "make_dataset", "run", "score_video", "start", "video"]

_WAVE = 50_000
"""Paths that Ray holds at a time, so that its object store and the driver stay small."""
_SAMPLE = 256
"""Files whose headers are read for the memory of a worker."""


class Summary(NamedTuple):
    """Result of a run."""

    manifest: Path
    """File with one row for each input."""
    made: int
    """Rows of this run."""
    before: int
    """Inputs that had a row from an earlier run."""
    failed: int
    """Inputs whose row holds an error."""
    seconds: float
    """Time of this run."""

    def rows(self, *, failed: bool | None = None) -> Iterator[Row]:
        """The rows, from the manifest; with `failed` True or False only those with an error, or without."""
        return (row for row in rows(self.manifest) if failed is None or (row["error"] is not None) == failed)

    def __str__(self) -> str:
        numbers = f"{self.made} rows in {self.seconds:.1f} s, {self.before} from before, {self.failed} failed"
        return f"{numbers}: {self.manifest}"


def run(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    job: Job | Callable[[str], Row],
    *,
    num_cpus: float = 1,
    actors: int | tuple[int, int] | None = None,
    memory: float | None = None,
    manifest: str | os.PathLike[str] = "run.jsonl",
    retry: bool = False,
    progress: Progress = None,
    address: str | None = None,
) -> Summary:
    """Does a job on each file, on all machines of a Ray cluster, which is started on this one if there is
    none.

    `paths`: a folder with all its subfolders, a pattern, or paths; also URLs of fsspec. All machines must see
    the same paths. For a folder or a pattern the job's `root` is its folder, unless the job has one.
    `job`: a `Job`, or a function from a path to a row with `input` and `error`.
    `num_cpus`: processors, and threads, of a worker. `actors`: number of workers, or the smallest and the
    largest number; by default as many as there are processors, and more when machines join.
    `memory`: bytes that Ray reserves for a worker; by default the job's own estimate, `Job.peak_memory`, for
    the largest of up to 256 local files, and 200 MB; 0 for none.
    `manifest`: file on this machine for the rows. Inputs that have one are skipped; with `retry` those with
    an error are done again.
    `progress`: True for a bar, or a function of finished and all files. `address`: as for `start`.

    A lost worker or machine loses nothing: its files are done again elsewhere. A file that ends its worker
    three times gets a row with an error. Raises `OptionError` if two inputs have one result, or if the
    manifest is of another job.
    """
    names, root = _listed(paths)
    if isinstance(job, Job):
        if job.root is None and root is not None:
            job = job.replace(root=root)
        names = _apart(names, job)
        described = job.describe()
        memory = _needed(job, names) if memory is None else memory
        job = job.replace(threads=max(1, int(num_cpus)))
    else:
        described = {"function": getattr(job, "__qualname__", type(job).__qualname__)}
    how = How(num_cpus, actors, memory, address)
    return _drive([(name, name) for name in names], job, described, how, manifest, retry, progress)


def _needed(job: Job, names: list[str]) -> float:
    """Bytes of a worker for the largest of some files, evenly spread over the list."""
    local = [name for name in names if not _remote.is_url(name)]
    sample = local[:: -(-len(local) // _SAMPLE) or 1]
    needed = job.peak_memory(*sample)
    return needed + INTERPRETER if needed else 0


def _drive(
    items: list[Item],
    job: Call,
    described: dict[str, Any],
    how: How,
    manifest: str | os.PathLike[str],
    retry: bool,
    progress: Progress,
) -> Summary:
    began = time.perf_counter()
    book = Manifest(manifest, described)
    bar = _Bar("file") if progress is True else progress if callable(progress) else None
    try:
        known = book.done
        todo = [item for item in items if item[0] not in known or (retry and not known[item[0]])]
        before, made = len(items) - len(todo), 0
        if todo:
            start(how.address)
            how = how._replace(memory=fitting(how.memory))
        with quiet():
            for first in range(0, len(todo), _WAVE):
                for row in wave(todo[first : first + _WAVE], job, how):
                    made += book.add(row)
                    book.flush()
                    if bar is not None:
                        bar(made, len(todo))
        failed = sum(not book.done[name] for name, _ in items)
    finally:
        book.close()
        if isinstance(bar, _Bar):
            bar.close()
    return Summary(book.path, made, before, failed, time.perf_counter() - began)


def _listed(paths: Any) -> tuple[list[str], str | None]:
    """The files, without repetition, and the folder that all are below, if one was named."""
    if isinstance(paths, (str, os.PathLike)):
        return _found(_remote.absolute(os.fspath(paths)))
    return list(dict.fromkeys(_remote.absolute(os.fspath(path)) for path in paths)), None


def _found(place: str) -> tuple[list[str], str | None]:
    pattern = glob.has_magic(place)
    fixed = place
    while pattern and glob.has_magic(fixed):
        fixed = fixed.rpartition("/" if _remote.is_url(place) else os.sep)[0]
    if _remote.is_url(place):
        system, inner = _remote.file_system(place)
        if not pattern and system.isfile(inner):
            return [place], None
        inside = system.glob(inner) if pattern else system.find(inner)
        # With the scheme as it was given: some have several names, or paths that begin with a slash.
        base = _remote.file_system(fixed)[1].rstrip("/")
        found = [fixed.rstrip("/") + name.removeprefix(base) for name in inside]
    elif pattern:
        found = [name for name in glob.iglob(place, recursive=True) if os.path.isfile(name)]
    elif os.path.isdir(place):
        found = [os.path.join(where, name) for where, _, names in os.walk(place) for name in names]
    else:
        return [place], None
    if not pattern:
        found = [name for name in found if _unband.readable(name)]
    if not found:
        raise InputError(f"{place}: has no images", "check the name, or name the files", "paths")
    return sorted(found), fixed


def _apart(names: list[str], job: Job) -> list[str]:
    """The inputs without the job's own results. Refuses two inputs with one result."""
    if job.out is None:
        return names
    names = [name for name in names if _remote.within(name, str(job.out)) is None]
    first: dict[str, str] = {}
    for name in names:
        try:
            output = str(job.output_of(name))
        except InputError:
            continue  # Its row has the error.
        other = first.setdefault(output, name)
        if other != name:
            message = f"{other} and {name} have one result, {output}"
            raise OptionError(message, "set `root` of the job, or rename one of them", "paths")
    return names


def video(
    input: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    num_cpus: float = 1,
    actors: int | tuple[int, int] | None = None,
    memory: float | None = None,
    resume: bool = True,
    progress: Progress = None,
    address: str | None = None,
    **options: Any,
) -> VideoReport:
    """Debands or upscales one video on all machines of a Ray cluster, which is started on this one if there
    is none.

    This machine plans segments of 10 to 60 s at cuts, workers make them, and this machine joins them with
    sound, subtitles, times and all else: the frames are those of `deband_video`. All machines must see
    `input` and the folder of `output` under the same paths, and have the same FFmpeg.
    `options`: those of `deband_video`; with `upscale=True` those of `upscale_video`. `progress`: True for a
    bar, or a function of finished and all segments. Other arguments as for `run`; `memory`: none by default.

    A lost worker or machine loses at most the segments that it works on. Finished segments stay next to the
    result, in OUTPUT.unfinished: the same call continues, and so does `deband_video` with `resume=True`.
    With `resume=False` earlier work is an error, or removed where `overwrite=True`. Raises the error of the
    first segment that cannot be made.
    """
    with plan_video(input, output, resume=resume, **options) as plan:
        calls = {segment.name: segment for segment in plan.segments}
        how = How(num_cpus, actors, memory, address)
        work = partial(plan.worker, threads=max(1, int(num_cpus)))
        _collect({name: segment.state for name, segment in calls.items()}, work, how, progress)
        return plan.join()


def score_video(
    input: str | os.PathLike[str],
    metrics: Iterable[str] | None = None,
    *,
    every: int | None = None,
    num_cpus: float = 1,
    actors: int | tuple[int, int] | None = None,
    memory: float | None = None,
    progress: Progress = None,
    address: str | None = None,
) -> VideoScores:
    """Metrics of one video, measured in parts on all machines: the values of `unband.score_video`.

    Arguments as for `unband.score_video` and `video`. Nothing is kept for a second run.
    """
    plan: ScorePlan = plan_score(input, metrics, every=every)
    how = How(num_cpus, actors, memory, address)
    work = partial(plan.worker, threads=max(1, int(num_cpus)))
    found = _collect({part.name: part.state for part in plan.parts}, work, how, progress)
    return plan.join([found[part.name]["values"] for part in plan.parts])


def _collect(items: dict[str, Any], job: Call, how: How, progress: Progress) -> dict[str, Row]:
    """Rows of all items by name. Raises the error of the first one that failed, after all others ended."""
    bar = _Bar("part") if progress is True else progress if callable(progress) else None
    found: dict[str, Row] = {}
    try:
        if items:
            start(how.address)
            how = how._replace(memory=fitting(how.memory))
        with quiet():
            for row in wave(list(items.items()), job, how, block=1) if items else ():
                found[row["input"]] = row
                if bar is not None:
                    bar(len(found), len(items))
    finally:
        if isinstance(bar, _Bar):
            bar.close()
    for name in items:
        if found[name]["error"] is not None:
            raise UnbandError(found[name]["error"], found[name]["hint"])
    return found


def make_dataset(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    recipe: str | os.PathLike[str],
    *,
    shard: int = 256,
    seed: int = 0,
    draws: int = 1,
    patch: int | None = None,
    step: int | None = None,
    split: tuple[int, int, int] = (60, 20, 20),
    root: str | os.PathLike[str] | None = None,
    scratch: str | os.PathLike[str] | None = None,
    num_cpus: float = 1,
    actors: int | tuple[int, int] | None = None,
    memory: float | None = None,
    manifest: str | os.PathLike[str] = "dataset.jsonl",
    retry: bool = False,
    progress: Progress = None,
    address: str | None = None,
) -> Summary:
    """Makes training pairs in shards: `out`/shard-00000 and so on, each one a dataset with its manifest, as
    `unband dataset pairs` makes it.

    `shard`: clean images of a shard. `recipe`, `seed`, `draws`, `patch`, `step` and `split` as for
    `unband dataset pairs`; a recipe's file is read here. The degradation of an image depends on its name and
    the seed, not on the machine. `root`: names are the paths below it, by default the folder in `paths`.
    Other arguments as for `run`; the manifest has one row for each shard.

    A worker checks each shard with `unband dataset check` before it gets its name. Damaged images are listed
    in the row's `record`, and the other images of their shard are made.
    """
    names, found = _listed(paths)
    out = _remote.absolute(os.fspath(out))
    base = found if root is None else _remote.absolute(os.fspath(root))
    if not isinstance(shard, int) or isinstance(shard, bool) or shard < 1:
        raise OptionError(f"`shard` must be a whole number from 1, got {shard!r}", argument="shard")
    _, (recipe, text, _) = Degrade(recipe, seed).__reduce__()
    files = named([name for name in names if _remote.within(name, out) is None], base)
    options = [f"--seed={seed}", f"--draws={draws}", f"--threads={max(1, int(num_cpus))}"]
    options += [f"--split={','.join(map(str, split))}"]
    options += [] if patch is None else [f"--patch={patch}"]
    options += [] if step is None else [f"--step={step}"]
    own = None if text is None else (os.path.basename(recipe), text)
    if own is None:
        options.append(f"--recipe={recipe}")
    job = Shards(out, options, own, None if scratch is None else os.path.abspath(scratch))
    cut = [files[first : first + shard] for first in range(0, len(files), shard)]
    items: list[Item] = [
        (name := f"shard-{number:05}", {"name": name, "files": part}) for number, part in enumerate(cut)
    ]
    kept = [option for option in options if not option.startswith("--threads=")]
    digest = hashlib.sha256(json.dumps([files, text]).encode()).hexdigest()
    described = {"task": "make_dataset", "out": out, "options": kept, "shard": shard, "files_sha256": digest}
    how = How(num_cpus, actors, memory, address)
    done = _drive(items, job, described, how, manifest, retry, progress)
    if not _remote.is_url(out):
        for part in Path(out).glob(f"{PART}*"):
            shutil.rmtree(part, ignore_errors=True)
    return done


def _value(text: str) -> tuple[str, Any]:
    """An option KEY=VALUE, whose value is JSON or a word."""
    key, found, value = text.partition("=")
    if not found or not key.isidentifier():
        raise argparse.ArgumentTypeError(f"must be KEY=VALUE, got {text!r}")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _arguments() -> argparse.ArgumentParser:
    about = "Does a job on many files, on all processors, or on all machines of a Ray cluster."
    parser = argparse.ArgumentParser("python -m unband.ray", description=about)
    tasks = "deband, score, compare, degrade, upscale, make_pairs, dataset (pairs in shards), or video (one)"
    parser.add_argument("task", help=tasks)
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="a folder, a pattern in quotes, files or URLs"
    )
    parser.add_argument("-o", "--out", help="folder or URL of the results")
    parser.add_argument(
        "--set", type=_value, action="append", default=[], metavar="KEY=VALUE", help="an option"
    )
    parser.add_argument("--root", help="folder or URL that names are relative to")
    parser.add_argument("--scratch", help="folder for copies of remote files")
    parser.add_argument("--num-cpus", type=float, default=1, metavar="N", help="processors of a worker [1]")
    parser.add_argument("--actors", type=int, metavar="N", help="number of workers [as many as fit]")
    parser.add_argument("--memory", type=float, metavar="BYTES", help="memory that Ray reserves for a worker")
    parser.add_argument(
        "--manifest", default="run.jsonl", metavar="FILE", help="rows, one a line [run.jsonl]"
    )
    address = "of a running cluster, auto for that of this machine [a new one]"
    parser.add_argument("--address", help=address)
    parser.add_argument("--retry", action="store_true", help="do failed files of an earlier run again")
    parser.add_argument("-q", "--quiet", action="store_true", help="no bar")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """The command line: 0 done, 1 some files failed, 2 wrong usage."""
    given = _arguments().parse_args(arguments)
    paths = given.paths[0] if len(given.paths) == 1 else given.paths
    how = {
        name: getattr(given, name)
        for name in ("num_cpus", "actors", "memory", "manifest", "retry", "address")
    }
    how["progress"] = None if given.quiet else True
    options = dict(given.set) | {"root": given.root, "scratch": given.scratch}
    try:
        if given.task == "video":
            return _one_video(given)
        if given.task == "dataset":
            done = make_dataset(paths, given.out or "", options.pop("recipe", ""), **options, **how)
        else:
            done = run(paths, Job(given.task, given.out, **options), **how)
    except UnbandError as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        print(f"error: {error}{hint}", file=sys.stderr)
        return 2
    for number, row in enumerate(done.rows(failed=True)):
        print(f"error: {row['error']}" if number < _SHOWN else "…", file=sys.stderr)
        if number >= _SHOWN:
            break
    print(done)
    return 1 if done.failed else 0


def _one_video(given: argparse.Namespace) -> int:
    if len(given.paths) != 1 or given.out is None:
        raise OptionError("video needs one input, and a file for the result", "add `--out result.mkv`", "out")
    how = {name: getattr(given, name) for name in ("num_cpus", "actors", "memory", "address")}
    done = video(given.paths[0], given.out, progress=None if given.quiet else True, **how, **dict(given.set))
    print(f"{done.frames} frames, {done.changed} changed, in {done.seconds:.1f} s: {done.output}")
    return 0


_SHOWN = 20
"""Failed files that the command line lists."""

if __name__ == "__main__":
    # Workers need its classes under their own name.
    from unband.ray import main as _main

    sys.exit(_main())

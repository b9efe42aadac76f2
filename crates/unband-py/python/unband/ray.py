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
import logging
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from . import _remote
from ._call import Progress, _Bar
from ._degrade import Degrade
from ._job import Job, Row, _json, _message
from ._manifest import Manifest, rows
from ._program import run as _program
from .errors import InputError, MissingExtraError, OptionError, UnbandError

try:
    import ray
    import ray.data
except ImportError as error:
    if __name__ == "__main__":
        sys.exit("error: unband.ray needs Ray\nhint: pip install 'unband[ray]'")
    raise MissingExtraError("unband.ray needs Ray", "pip install 'unband[ray]'") from error

__all__ = ["Summary", "main", "make_dataset", "run", "start"]

_ENDINGS = frozenset(
    ".png .jpg .jpeg .tif .tiff .webp .avif .jxl .exr .ppm .pgm .pbm .pnm .pam .pfm .gif .bmp .heic".split()
)
_WAVE = 50_000
"""Paths that Ray holds at a time, so that its object store and the driver stay small."""
_BLOCK = 16
"""Paths of a task at most: as many rows are made again when a machine is lost."""
_STORE = 80_000_000
"""Bytes of the object store of an own Ray; 75 MiB is its minimum."""

_Item = tuple[str, Any]
_Call = Callable[[Any], Row]


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


def start(address: str | None = None) -> None:
    """Joins a Ray cluster, or starts one on this machine. Does nothing in a process that has one.

    `address`: as for `ray.init`, "auto" for the cluster of this machine. By default that of the variable
    `RAY_ADDRESS`, else a new cluster that ends with this process, with all processors and an object store of
    80 MB.
    """
    if ray.is_initialized():
        return
    # No report of use leaves the machine unless its owner asks for it.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.WARNING}
    address = address or os.environ.get("RAY_ADDRESS")
    if address is None:
        # Never one that another program has started for itself, and ends.
        own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
        quiet.update(num_cpus=own, object_store_memory=_STORE, include_dashboard=False)
    ray.init(address=address or "local", **quiet)


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
    `memory`: bytes that Ray reserves for a worker; by default `max_memory` of the job.
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
        limit = job.options.get("max_memory")
        memory = memory if memory is not None or limit is None else limit + _INTERPRETER
        job = job.replace(threads=max(1, int(num_cpus)))
    else:
        described = {"function": getattr(job, "__qualname__", type(job).__qualname__)}
    how = _How(num_cpus, actors, memory, address)
    return _drive([(name, name) for name in names], job, described, how, manifest, retry, progress)


_INTERPRETER = 200_000_000
"""Bytes of a worker without images."""


class _How(NamedTuple):
    num_cpus: float
    actors: int | tuple[int, int] | None
    memory: float | None
    address: str | None


class _Worker:
    """The actor: holds the job, and maps an item to its row as JSON, whose type is the same for all."""

    def __init__(self, job: _Call) -> None:
        self._job = job

    def __call__(self, item: dict[str, Any]) -> dict[str, str]:
        name, given = json.loads(item["item"])
        try:
            row = self._job(given)
        except Exception as error:
            row = _failed(name, _message(error, name), getattr(error, "hint", None))
        return {"row": json.dumps(row)}


def _failed(name: str, message: str, hint: str | None) -> Row:
    return {"input": name, "status": "failed", "error": message, "hint": hint}


def _drive(
    items: list[_Item],
    job: _Call,
    described: dict[str, Any],
    how: _How,
    manifest: str | os.PathLike[str],
    retry: bool,
    progress: Progress,
) -> Summary:
    began = time.perf_counter()
    book = Manifest(manifest, described)
    bar = _Bar() if progress is True else progress if callable(progress) else None
    try:
        known = book.done
        todo = [item for item in items if item[0] not in known or (retry and not known[item[0]])]
        before, made = len(items) - len(todo), 0
        if todo:
            start(how.address)
        with _quiet():
            for first in range(0, len(todo), _WAVE):
                for row in _wave(todo[first : first + _WAVE], job, how):
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


def _wave(items: list[_Item], job: _Call, how: _How) -> Iterator[Row]:
    """Rows of all items, each once. Those lost with their workers are asked for again, one for each task."""
    missing = dict(items)
    block = _BLOCK
    for _ in range(2):
        for row in _pass(list(missing.items()), job, how, block):
            if missing.pop(row["input"], None) is not None:
                yield row
        if not missing:
            return
        block = 1
    for name in missing:
        message = f"{name}: its worker ended several times without a row"
        yield _failed(name, message, "more memory for a worker: fewer `actors`, or `max_memory` of the job")


def _pass(items: list[_Item], job: _Call, how: _How, block: int) -> Iterator[Row]:
    slots = _slots(how)
    size = max(1, min(block, len(items) // (4 * slots)))
    blocks = -(-len(items) // size)
    low, high = (how.actors, how.actors) if isinstance(how.actors, int) else how.actors or (1, None)
    pool = ray.data.ActorPoolStrategy(
        min_size=low,
        max_size=high,
        initial_size=max(low, min(slots, blocks, high or slots)),
        max_tasks_in_flight_per_actor=2,
    )
    source = ray.data.from_items([{"item": json.dumps(item)} for item in items], override_num_blocks=blocks)
    with warnings.catch_warnings():
        # Ray has no other way yet to set the number of attempts.
        warnings.filterwarnings("ignore", "`ray_remote_args_fn` is deprecated")
        made = source.map(
            _Worker,
            fn_constructor_args=(job,),
            compute=pool,
            num_cpus=how.num_cpus,
            memory=how.memory,
            ray_remote_args_fn=_attempts,
        )
    for found in made.iter_rows():
        yield json.loads(found["row"])


def _attempts() -> dict[str, Any]:
    """Workers are started again without end, but an item that ends three of them is given up."""
    return {"max_restarts": -1, "max_task_retries": 2}


def _slots(how: _How) -> int:
    """Workers that the machines have processors for."""
    if isinstance(how.actors, int):
        return max(1, how.actors)
    nodes = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
    return max(1, sum(int(cpus // how.num_cpus) for cpus in nodes))


@contextmanager
def _quiet() -> Iterator[None]:
    """Ray Data without its own bars and messages; blocks whose worker ends do not end the run."""
    context = ray.data.DataContext.get_current()
    kept = context.enable_progress_bars, context.max_errored_blocks
    logger = logging.getLogger("ray.data")
    level = logger.level
    context.enable_progress_bars, context.max_errored_blocks = False, -1
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        context.enable_progress_bars, context.max_errored_blocks = kept
        logger.setLevel(level)


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
        found = [name for name in found if os.path.splitext(name)[1].lower() in _ENDINGS]
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
    files = _named([name for name in names if _remote.within(name, out) is None], base)
    options = [f"--seed={seed}", f"--draws={draws}", f"--threads={max(1, int(num_cpus))}"]
    options += [f"--split={','.join(map(str, split))}"]
    options += [] if patch is None else [f"--patch={patch}"]
    options += [] if step is None else [f"--step={step}"]
    own = None if text is None else (os.path.basename(recipe), text)
    if own is None:
        options.append(f"--recipe={recipe}")
    job = _Shards(out, options, own, None if scratch is None else os.path.abspath(scratch))
    cut = [files[first : first + shard] for first in range(0, len(files), shard)]
    items: list[_Item] = [
        (name := f"shard-{number:05}", {"name": name, "files": part}) for number, part in enumerate(cut)
    ]
    kept = [option for option in options if not option.startswith("--threads=")]
    digest = hashlib.sha256(json.dumps([files, text]).encode()).hexdigest()
    described = {"task": "make_dataset", "out": out, "options": kept, "shard": shard, "files_sha256": digest}
    how = _How(num_cpus, actors, memory, address)
    done = _drive(items, job, described, how, manifest, retry, progress)
    if not _remote.is_url(out):
        for part in Path(out).glob(f"{_PART}*"):
            shutil.rmtree(part, ignore_errors=True)
    return done


def _named(names: list[str], root: str | None) -> list[tuple[str, str]]:
    """Files with their names in a dataset, which must differ, also where case is ignored."""
    first: dict[str, str] = {}
    files = []
    for name in names:
        below = name.rpartition("/")[2] if root is None else _remote.within(name, root)
        if below is None:
            raise OptionError(f"{name}: is not below `root`, {root}", "name a folder of all files", "root")
        key = os.path.splitext(below)[0].replace("/", "-").lower()
        other = first.setdefault(key, name)
        if other != name:
            raise OptionError(f"{other} and {name} have one name", "set `root`, or rename one", "paths")
        files.append((below, name))
    return sorted(files)


class _Shards:
    """The job that makes one shard of a dataset, by the program."""

    def __init__(
        self, out: str, options: list[str], text: tuple[str, str] | None, scratch: str | None
    ) -> None:
        self.out, self.options, self.text, self.scratch = out, options, text, scratch

    def __call__(self, given: dict[str, Any]) -> Row:
        start = time.perf_counter()
        name: str = given["name"]
        output = _remote.join(self.out, name)
        row: Row = {"task": "make_dataset", "input": name, "output": output, "error": None, "hint": None}
        try:
            if _remote.exists(_remote.join(output, "manifest.jsonl")):
                row["status"] = "present"
            else:
                row.update(self._make(given["files"], output))
        except Exception as error:
            row.update(status="failed", error=_message(error, name), hint=getattr(error, "hint", None))
        row["seconds"] = round(time.perf_counter() - start, 4)
        return row

    def _make(self, files: list[tuple[str, str]], output: str) -> Row:
        place = None if _remote.is_url(output) else os.path.dirname(output)
        if place is not None:
            os.makedirs(place, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix="unband-", dir=self.scratch) as scratch,
            tempfile.TemporaryDirectory(prefix=_PART, dir=place or self.scratch) as part,
        ):
            clean, made = Path(scratch, "clean"), Path(part, "shard")
            for below, path in files:
                self._bring(path, clean / below)
            options = list(self.options)
            if self.text is not None:
                recipe = Path(scratch, self.text[0])
                recipe.write_text(self.text[1], encoding="utf-8")
                options.append(f"--recipe={recipe}")
            done = _dataset(["pairs", "--recursive", *options, f"--output={made}", "--", os.fspath(clean)])
            checked = _dataset(["check", "--", os.fspath(made)])
            if _remote.is_url(output):
                self._upload(made, output)
            else:
                try:
                    os.rename(made, output)
                except OSError:
                    # Another worker, which Ray took for lost, has made it.
                    if not os.path.exists(os.path.join(output, "manifest.jsonl")):
                        raise
        pairs = sum(done[side]["pairs"] or 0 for side in ("train", "val", "test"))
        failed = [
            {**entry, "file": dict(files).get(entry["file"], entry["file"])} for entry in done["failed"]
        ]
        return {"status": "written", "images": checked["pictures"], "pairs": pairs, "record": _json(failed)}

    def _bring(self, path: str, to: Path) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        if not _remote.is_url(path):
            to.symlink_to(path)
            return
        try:
            with _remote.local(path, self.scratch) as copy:
                shutil.move(copy, to)
        except OSError:
            to.write_bytes(b"")  # The program reports it with the other damaged files.

    def _upload(self, made: Path, output: str) -> None:
        files = sorted(path for path in made.rglob("*") if path.is_file())
        # The manifest is the last: where it exists, the shard is complete.
        for path in sorted(files, key=lambda path: path.name == "manifest.jsonl"):
            name = path.relative_to(made).as_posix()
            _remote.publish(os.fspath(path), _remote.join(output, name), overwrite=True)


_PART = ".unband-shard-"


def _dataset(arguments: list[str]) -> dict[str, Any]:
    """The JSON object of `unband dataset`; images that failed are in it."""
    text = _program(["dataset", arguments[0], "--json", *arguments[1:]], good=(0, 1))
    return dict(json.loads(text.splitlines()[-1]))


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
    tasks = "deband, score, compare, degrade, upscale, make_pairs, or dataset (pairs in shards)"
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


_SHOWN = 20
"""Failed files that the command line lists."""

if __name__ == "__main__":
    # Workers need its classes under their own name.
    from unband.ray import main as _main

    sys.exit(_main())

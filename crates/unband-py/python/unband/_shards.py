"""Shards of a dataset: the job that makes one, by the program."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from . import _remote
from ._job import Row, _json, _message
from ._program import run as _program
from .errors import OptionError


def named(names: list[str], root: str | None) -> list[tuple[str, str]]:
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


class Shards:
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
            tempfile.TemporaryDirectory(prefix=PART, dir=place or self.scratch) as part,
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
        return {"status": "written", "images": checked["images"], "pairs": pairs, "record": _json(failed)}

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


PART = ".unband-shard-"


def _dataset(arguments: list[str]) -> dict[str, Any]:
    """The JSON object of `unband dataset`; images that failed are in it."""
    text = _program(["dataset", arguments[0], "--json", *arguments[1:]], good=(0, 1))
    return dict(json.loads(text.splitlines()[-1]))

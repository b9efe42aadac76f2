"""Rows of a run, one JSON object a line, from which a second run continues."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ._unband import version
from .errors import FileError, OptionError

SCHEMA = "unband-run/1"


class Manifest:
    """A manifest that is open for one run: the first line describes the job, each other one is a row.

    Rows are complete or not there: an unfinished last line, of a killed run, is removed.
    """

    def __init__(self, path: str | os.PathLike[str], job: dict[str, Any]) -> None:
        self.path = Path(os.path.abspath(path))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Opened for appending, so that no line can be overwritten.
        self._file: IO[bytes] = open(self.path, "a+b")
        try:
            self._lock()
            self.done: dict[str, bool] = {}
            """Inputs that have a row, and whether it holds no error."""
            self._read(job)
        except BaseException:
            self._file.close()
            raise

    def _lock(self) -> None:
        try:
            import fcntl

            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass
        except BlockingIOError as error:
            hint = "wait for it, or choose another `manifest`"
            raise FileError(f"{self.path}: another run writes it", hint, "manifest") from error
        except OSError:
            pass  # A file system without locks.

    def _read(self, job: dict[str, Any]) -> None:
        self._file.seek(0)
        good = 0
        for number, line in enumerate(self._file):
            if not line.endswith(b"\n"):
                break
            try:
                row = json.loads(line)
                if number == 0:
                    _same(self.path, row, job)
                else:
                    self.done[row["input"]] = row["error"] is None
            except (ValueError, KeyError, TypeError) as error:
                if isinstance(error, OptionError):
                    raise
                message = f"{self.path}: line {number + 1} is not a row of a run"
                raise OptionError(message, "choose another `manifest`", "manifest") from error
            good += len(line)
        self._file.truncate(good)
        if good == 0:
            self._write({"schema": SCHEMA, "version": version(), "job": job})
            self._file.flush()

    def _write(self, row: dict[str, Any]) -> None:
        try:
            line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
        except UnicodeEncodeError:
            # Names of files may have bytes that are not UTF-8.
            line = json.dumps(row, separators=(",", ":")).encode()
        self._file.write(line + b"\n")

    def add(self, row: dict[str, Any]) -> bool:
        """Appends a row, unless its input has one without an error. Returns whether it did."""
        if self.done.get(row["input"], False):
            return False
        self._write(row)
        self.done[row["input"]] = row["error"] is None
        return True

    def flush(self) -> None:
        """Gives all rows to the system."""
        self._file.flush()

    def close(self) -> None:
        """Ends the run; the lock is released."""
        self._file.close()


def _same(path: Path, header: dict[str, Any], job: dict[str, Any]) -> None:
    if header.get("schema") != SCHEMA:
        raise ValueError
    if header["job"] != job:
        message = f"{path}: holds the rows of another job"
        raise OptionError(message, "choose another `manifest` for this one", "manifest")


def rows(path: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """The rows of a manifest, one for each input: the last one, in the order of the file."""
    last: dict[str, int] = {}
    for number, row in _lines(path):
        last[row["input"]] = number
    for number, row in _lines(path):
        if last[row["input"]] == number:
            yield row


def _lines(path: str | os.PathLike[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    with open(path, "rb") as file:
        for number, line in enumerate(file):
            if number and line.endswith(b"\n"):
                yield number, json.loads(line)

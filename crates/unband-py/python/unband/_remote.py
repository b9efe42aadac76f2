"""Files behind a URL, through fsspec and local scratch, and atomic results on both sides."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import FileError, MissingExtraError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(://|::)")
_WHOLE = frozenset({"abfs", "abfss", "adl", "az", "gcs", "gs", "memory", "oci", "oss", "r2", "s3", "s3a"})
"""Stores in which an object appears when it is complete, so that renaming is not needed."""
_PREFIX, _SUFFIX = ".unband-", ".tmp"
_CHUNK = 1 << 20
_CLEANED: set[Path] = set()
"""Folders whose stale files this process has removed."""


def is_url(path: str) -> bool:
    """Has it a scheme, as `s3://bucket/a.png`?"""
    return _URL.match(path) is not None


def absolute(path: str) -> str:
    """The path from the root, which other processes can use; a URL without its last slash."""
    return path.rstrip("/") if is_url(path) else os.path.abspath(path)


def join(folder: str, name: str) -> str:
    """A file of a folder."""
    return f"{folder}/{name}" if is_url(folder) else os.path.join(folder, *name.split("/"))


def within(path: str, root: str) -> str | None:
    """The name of a path below a folder, with slashes; None where it is outside."""
    base = root.rstrip("/") + "/" if is_url(root) else os.path.join(root, "")
    if not path.startswith(base):
        return None
    return path[len(base) :].replace(os.sep, "/")


def file_system(url: str) -> tuple[Any, str]:
    """The file system of fsspec for a URL, and the path in it."""
    try:
        import fsspec
    except ImportError as error:
        raise MissingExtraError(f"{url} needs fsspec", "pip install fsspec") from error
    return fsspec.core.url_to_fs(url)  # type: ignore[no-any-return]


def exists(path: str) -> bool:
    """Is there a file?"""
    if not is_url(path):
        return os.path.exists(path)
    system, inner = file_system(path)
    return bool(system.exists(inner))


@contextmanager
def local(path: str, scratch: str | None) -> Iterator[str]:
    """A local path of a file: its own, or that of a copy of a remote file, which is removed at the end."""
    if not is_url(path):
        if not os.path.isfile(path):
            if os.path.isdir(path):
                raise FileError(f"{path}: is a folder", "name a file")
            raise FileError(f"{path}: no such file", "check the name")
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="unband-", dir=scratch) as folder:
        copy = os.path.join(folder, path.rstrip("/").rpartition("/")[2])
        system, inner = file_system(path)
        with system.open(inner, "rb") as source, open(copy, "wb") as target:
            shutil.copyfileobj(source, target, _CHUNK)
        yield copy


def publish(file: str, output: str, *, overwrite: bool) -> None:
    """Copies a finished local file to its place, which holds all of it or nothing."""
    if is_url(output):
        _upload(file, output)
    else:
        _place(file, Path(output), overwrite)


def _upload(file: str, output: str) -> None:
    system, inner = file_system(output)
    kinds = {system.protocol} if isinstance(system.protocol, str) else set(system.protocol)
    folder, _, name = inner.rpartition("/")
    if folder:
        system.makedirs(folder, exist_ok=True)
    if kinds & _WHOLE:
        system.put_file(file, inner)
        return
    part = f"{folder}/{_PREFIX}{uuid.uuid4().hex}-{name}{_SUFFIX}"
    try:
        system.put_file(file, part)
        system.mv(part, inner)
    except BaseException:
        with suppress(Exception):
            system.rm_file(part)
        raise


def _hold(file: int, path: Path) -> bool:
    """Locks a temporary file as the library does, which removes those of killed processes. False if that has
    happened to this one just now."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return True  # Without locks nothing is ever removed.
    return path.exists()


def _place(file: str, output: Path, overwrite: bool) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    if output.parent not in _CLEANED:
        _CLEANED.add(output.parent)
        remove_stale(output.parent)
    while True:
        part = output.parent / f"{_PREFIX}{uuid.uuid4().hex}{_SUFFIX}"
        made = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        if _hold(made, part):
            break
        os.close(made)
    try:
        with open(made, "wb") as target, open(file, "rb") as source:
            shutil.copyfileobj(source, target, _CHUNK)
            target.flush()
            os.fsync(made)
            _rename(part, output, overwrite)
    finally:
        with suppress(OSError):
            part.unlink()


def _rename(part: Path, output: Path, overwrite: bool) -> None:
    try:
        if not overwrite:
            os.link(part, output)
            return
    except FileExistsError as error:
        raise FileError(f"{output}: exists already", "choose another name") from error
    except OSError:
        pass  # A file system without hard links.
    os.replace(part, output)


def remove_stale(folder: Path) -> None:
    """Removes temporary files that killed processes have left in a local folder."""
    try:
        import fcntl
    except ImportError:
        return
    with suppress(OSError):
        for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
            with suppress(OSError), open(path, "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()

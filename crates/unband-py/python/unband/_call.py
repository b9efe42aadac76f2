"""Arguments that all calls share: threads and progress."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Progress = bool | Callable[[int, int], object] | None


def own_threads(threads: int | None) -> int | None:
    """The number of threads: one by default inside a worker of a PyTorch DataLoader, where others work
    too."""
    data = sys.modules.get("torch.utils.data")
    if threads is None and data is not None and data.get_worker_info() is not None:
        return 1
    return threads


class _Bar:
    """A bar of tqdm, or a line on a terminal where it is not installed. `unit`: what it counts; without it
    the bar shows a share."""

    def __init__(self, unit: str | None = None) -> None:
        self._bar: Any = None
        try:
            from tqdm.auto import tqdm

            share = None if unit else "{percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
            self._bar = tqdm(unit=unit or "it", bar_format=share, leave=False)
        except ImportError:
            pass

    def __call__(self, done: int, total: int) -> None:
        if self._bar is not None:
            self._bar.total = total
            self._bar.n = done
            self._bar.refresh()
        elif sys.stderr.isatty():
            sys.stderr.write(f"\r{100 * done // max(total, 1):3d} %")

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        elif sys.stderr.isatty():
            sys.stderr.write("\r     \r")


@contextmanager
def job(threads: int | None, progress: Progress, **options: Any) -> Iterator[dict[str, Any]]:
    """The options of a call for the extension; a bar made for `progress=True` is closed at the end."""
    bar = _Bar() if progress is True else None
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        from .errors import OptionError

        message = f"`progress` must be True or a function of two numbers, got {progress!r}"
        raise OptionError(message, argument="progress")
    options["progress"] = bar or (progress if callable(progress) else None)
    options["threads"] = own_threads(threads)
    try:
        yield options
    finally:
        if bar is not None:
            bar.close()

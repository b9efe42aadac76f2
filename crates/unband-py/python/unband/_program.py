"""The program as a process of its own, for work that only it does."""

from __future__ import annotations

import subprocess
import sys

from .errors import OptionError, UnbandError


def run(arguments: list[str], *, good: tuple[int, ...] = (0,)) -> str:
    """Runs the program and returns its standard output. `good`: exit codes that are not errors.

    Raises `UnbandError` with the first error and hint that it reported, `OptionError` for wrong usage.
    """
    command = [sys.executable, "-m", "unband", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode in good:
        return done.stdout
    if done.returncode in (130, -2):
        raise KeyboardInterrupt
    message, hint = _error(done.stderr)
    kind = OptionError if done.returncode == 2 else UnbandError
    raise kind(message or f"the program ended with {done.returncode}", hint)


def _error(text: str) -> tuple[str, str | None]:
    """The first message after `error: `, and its hint."""
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("error: ")]
    if not starts:
        return text.strip(), None
    after = lines[starts[0] + 1 : starts[0] + 2]
    hint = next((line.removeprefix("hint: ") for line in after if line.startswith("hint: ")), None)
    return lines[starts[0]].removeprefix("error: "), hint

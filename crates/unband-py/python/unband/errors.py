"""Exceptions: each has a message, a hint, and the argument at fault where there is one."""

from __future__ import annotations


class UnbandError(Exception):
    """Any error of unband. `hint` names the next action, `argument` the argument at fault; both may be
    None."""

    hint: str | None
    argument: str | None

    def __init__(self, message: str = "", hint: str | None = None, argument: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.argument = argument
        if hint:
            self.add_note(f"hint: {hint}")


class OptionError(UnbandError, ValueError):
    """An option that does not exist, or a value outside its range."""


class InputError(UnbandError, ValueError):
    """An array or file that cannot be used: wrong shape, type or content."""


class UnsupportedError(UnbandError, NotImplementedError):
    """Something that a method, metric or format does not support."""


class LimitError(UnbandError, MemoryError):
    """More memory is needed than allowed or available."""


class FileError(UnbandError, OSError):
    """A file that the system refuses to read or write, or that exists already."""


class MissingExtraError(UnbandError, ImportError):
    """A package that an optional part needs is not installed."""

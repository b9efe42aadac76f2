"""The program: `python -m unband` and the script `unband`."""

from __future__ import annotations

import signal
import sys

from ._unband import run_program


def main() -> int:
    """Runs the program with the arguments of the process; returns its exit code."""
    # Python's handler would only note Ctrl-C until the program ends.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return run_program(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())

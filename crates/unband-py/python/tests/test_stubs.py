"""Stubs agree with the extension and the registry."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import unband
from unband import _unband

HERE = Path(__file__).resolve().parent
STUB = HERE.parent / "unband" / "_unband.pyi"


def test_overloads_are_those_of_the_registry():
    # -P: the package under test, not the one next to the script, which has no extension in a clone.
    command = [sys.executable, "-P", HERE.parent / "make_stubs.py"]
    made = subprocess.run(command, check=True, capture_output=True)
    stub = HERE.parent / "unband" / "_deband.pyi"
    assert made.stdout.decode() == stub.read_text(), "run make_stubs.py --write"


def test_the_stub_has_the_names_and_arguments_of_the_extension():
    tree = ast.parse(STUB.read_text())
    named = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert set(named) == set(_unband.__all__)
    for name, node in named.items():
        if isinstance(node, ast.FunctionDef):
            own = list(inspect.signature(getattr(_unband, name)).parameters)
            assert own == [argument.arg for argument in node.args.args], name
        else:
            members = {m.name for m in node.body if isinstance(m, ast.FunctionDef)}
            members |= {m.target.id for m in node.body if isinstance(m, ast.AnnAssign)}
            runtime = {m for m in vars(getattr(_unband, name)) if not m.startswith("__")}
            assert runtime == {m for m in members if not m.startswith("__")}, name


def test_every_public_name_is_described():
    for name in unband.__all__:
        value = getattr(unband, name)
        assert inspect.getdoc(value), name
        if inspect.isfunction(value):
            text = inspect.getdoc(value)
            own = [p for p in inspect.signature(value).parameters.values()]
            assert text and all(p.annotation is not p.empty for p in own), name

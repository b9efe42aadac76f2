"""Commands and Python lines of docs/guide/many-machines.md run, on two raylets; its cluster file is valid."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

pytest.importorskip("ray")
pytest.importorskip("ray.data")

ELSEWHERE = ("pip install", "podman ", "ray up ", "ray exec ", "ray down ")
"""Commands that need a compiler, a container engine or ten machines; scripts/test-farm does the first."""


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def stage(root, three_shots, tmp_path):
    """A folder with the photos and the video of the page, and the environment of its shell."""
    shutil.copy(three_shots, tmp_path / "film.mkv")
    photos = tmp_path / "photos"
    (photos / "trip").mkdir(parents=True)
    for name in ("a.png", "b.png", "trip/c.png"):
        shutil.copy(root / "examples" / "sunset.png", photos / name)
    shutil.copy(root / "examples" / "dusk.jpg", photos / "d.jpg")
    programs = tmp_path / "programs"
    programs.mkdir()
    # The program of the package, which a wheel would install.
    (programs / "unband").write_text(f'#!/bin/sh\nexec {sys.executable} -m unband "$@"\n')
    (programs / "unband").chmod(0o755)
    path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    # A home of its own, for the token.
    own = {
        "PATH": path,
        "HOME": str(tmp_path),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    }
    return tmp_path, {**os.environ, **own}


def started(command, port, stage):
    """Starts a raylet of one processor as a child, and waits until it runs."""
    folder, environment = stage
    command = command.replace("head:6379", f"127.0.0.1:{port}").replace("--port=6379", f"--port={port}")
    log = folder / f"ray-{len(list(folder.glob('ray-*')))}.log"
    child = subprocess.Popen(
        f"exec {command} --num-cpus=1 --block",
        shell=True,
        cwd=folder,
        env=environment,
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
    )
    for _ in range(120):
        if "Ray runtime started" in log.read_text():
            return child
        assert child.poll() is None, log.read_text()
        time.sleep(0.5)
    raise AssertionError(log.read_text())


def test_every_command_of_the_page_runs(root, stage):
    folder, environment = stage
    page = (root / "docs" / "guide" / "many-machines.md").read_text()
    port, children, ran = free_port(), [], 0
    try:
        for kind, block in re.findall(r"^```(console|python)\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
            if kind == "python":
                compile(block, "many-machines.md", "exec")
                needs = re.match(r"# needs: (\S+)\n", block)
                if needs and not importlib.util.find_spec(needs[1]):
                    continue
                (folder / "block.py").write_text(block)
                commands = ["python block.py"]
            else:
                lines = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
                commands = [re.split("  +#", line)[0].strip() for line in lines]
            for command in commands:
                if command.startswith(ELSEWHERE):
                    continue
                if command.startswith("export "):
                    name, _, value = command.removeprefix("export ").partition("=")
                    environment[name] = value
                    continue
                if command.startswith("ray start"):
                    children.append(started(command, port, stage))
                    continue
                command = command.replace("--address auto", f"--address 127.0.0.1:{port}")
                done = subprocess.run(
                    command,
                    shell=True,
                    cwd=folder,
                    env=environment,
                    capture_output=True,
                    text=True,
                    timeout=300,
                )
                assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
                ran += 1
    finally:
        for child in reversed(children):
            child.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                child.wait(30)
    assert ran >= 12 and len(children) == 2
    for clean in ("clean", "clean-2", "clean-3", "clean-4"):
        assert sorted(path.name for path in (folder / clean).rglob("*.*")) == [
            "a.png",
            "b.png",
            "c.png",
            "d.png",
        ]
    assert (folder / "film_unband.mkv").exists() and not list(folder.glob("*.unfinished"))
    rows = [json.loads(line) for line in (folder / "clean-3.jsonl").read_text().splitlines()[1:]]
    assert {row["status"] for row in rows} == {"written"}


def test_the_cluster_file_is_valid(root):
    yaml = pytest.importorskip("yaml")
    pytest.importorskip("jsonschema")
    from ray.autoscaler._private.util import prepare_config, validate_config

    cluster = yaml.safe_load((root / "packaging" / "farm" / "cluster.yaml").read_text())
    validate_config(prepare_config(cluster))
    assert cluster["max_workers"] == len(cluster["provider"]["worker_ips"]) == 9


def test_the_container_file_copies_and_installs_files_that_are_there(root):
    text = (root / "packaging" / "farm" / "Containerfile").read_text()
    assert (root / "crates" / "unband-py" / "Cargo.toml").exists()
    assert "crates/unband-py/Cargo.toml" in text and "[ray]" in text
    rust = re.search(r'^rust-version = "(.*)"', (root / "Cargo.toml").read_text(), re.MULTILINE)
    assert rust and f"rust:{rust[1]}" in text

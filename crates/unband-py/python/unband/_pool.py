"""Pools of workers on a Ray cluster: items go out, rows come back."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from ._job import Row, _message
from .errors import MissingExtraError

try:
    import ray
    import ray.data
except ImportError as error:
    raise MissingExtraError("unband.ray needs Ray", "pip install 'unband[ray]'") from error

_BLOCK = 16
"""Items of a task at most: as many rows are made again when a machine is lost."""
_STORE = 80_000_000
"""Bytes of the object store of an own Ray; 75 MiB is its minimum."""

Item = tuple[str, Any]
Call = Callable[[Any], Row]


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


INTERPRETER = 200_000_000
"""Bytes of a worker without images."""


class How(NamedTuple):
    """Resources of the workers; see `unband.ray.run`."""

    num_cpus: float
    actors: int | tuple[int, int] | None
    memory: float | None
    address: str | None


class _Worker:
    """The actor: holds the job, and maps an item to its row as JSON, whose type is the same for all."""

    def __init__(self, job: Call) -> None:
        self._job = job

    def __call__(self, item: dict[str, Any]) -> dict[str, str]:
        name, given = json.loads(item["item"])
        try:
            row = self._job(given)
        except Exception as error:
            row = failed(name, _message(error, name), getattr(error, "hint", None))
        return {"row": json.dumps(row)}


def failed(name: str, message: str, hint: str | None) -> Row:
    return {"input": name, "status": "failed", "error": message, "hint": hint}


def wave(items: list[Item], job: Call, how: How, block: int = _BLOCK) -> Iterator[Row]:
    """Rows of all items, each once. Those lost with their workers are asked for again, one for each task.
    `block`: items of a task at most."""
    missing = dict(items)
    for _ in range(2):
        for row in _pass(list(missing.items()), job, how, block):
            if missing.pop(row["input"], None) is not None:
                yield row
        if not missing:
            return
        block = 1
    for name in missing:
        message = f"{name}: its worker ended several times without a row"
        yield failed(name, message, "more memory for a worker: fewer `actors`, or `max_memory` of the job")


def _pass(items: list[Item], job: Call, how: How, block: int) -> Iterator[Row]:
    slots = _slots(how)
    # Near the end of a run a worker may hold two tasks while others hold none.
    size = max(1, min(block, len(items) // (32 * slots)))
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


def fitting(memory: float | None) -> float | None:
    """At most the memory of the largest machine: no worker would start otherwise."""
    if not memory:
        return None
    machines = [node["Resources"].get("memory", 0) for node in ray.nodes() if node["Alive"]]
    return min(memory, max(machines, default=memory))


def _slots(how: How) -> int:
    """Workers that the machines have processors for."""
    if isinstance(how.actors, int):
        return max(1, how.actors)
    nodes = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
    return max(1, sum(int(cpus // how.num_cpus) for cpus in nodes))


@contextmanager
def quiet() -> Iterator[None]:
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

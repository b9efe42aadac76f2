"""Jobs on two raylets: rows, resumed runs, killed workers and machines, datasets."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import unband

ray = pytest.importorskip("ray")
pytest.importorskip("ray.data")
import unband.ray  # noqa: E402

STORE = 80_000_000


@pytest.fixture(scope="module")
def cluster():
    """A head without processors and two raylets of one processor, which a test may replace."""
    from ray.cluster_utils import Cluster

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    head = {"num_cpus": 0, "object_store_memory": STORE, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=head)
    ray.init(address=made.address, log_to_driver=False)
    made.machines = [made.add_node(num_cpus=1, object_store_memory=STORE) for _ in range(2)]
    made.wait_for_nodes()
    yield made
    ray.shutdown()
    made.shutdown()


@pytest.fixture
def tiny(tmp_path, sky):
    """Forty small images, a broken one and one in a subfolder."""
    folder = tmp_path / "tiny"
    (folder / "trip").mkdir(parents=True)
    for i in range(40):
        write(folder / f"{i:02}.ppm", np.roll(sky, 3 * i, axis=1))
    write(folder / "trip" / "00.ppm", sky)
    (folder / "bad.png").write_text("no image")
    return folder


def write(path, data):
    height, width = data.shape[:2]
    path.write_bytes(b"P6 %d %d 255\n" % (width, height) + data.tobytes())


def left(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


def lines(manifest):
    return [json.loads(line) for line in Path(manifest).read_text().splitlines()][1:]


def test_a_run_has_one_row_for_each_file_and_continues(cluster, tiny, tmp_path):
    job = unband.Job("deband", out=tmp_path / "out", depth=16)
    manifest, seen = tmp_path / "run.jsonl", []
    done = unband.ray.run(tiny, job, manifest=manifest, progress=lambda *parts: seen.append(parts))
    assert (done.made, done.before, done.failed) == (42, 0, 1) and seen[-1] == (42, 42)
    assert Counter(row["status"] for row in lines(manifest)) == {"written": 41, "failed": 1}
    assert [row["input"] for row in done.rows(failed=True)] == [str(tiny / "bad.png")]
    names = left(tmp_path / "out")
    assert len(names) == 41 and "trip/00.ppm" in names
    own = unband.Job("deband", out=tmp_path / "own", root=tiny, depth=16)
    rows = {row["input"]: row for row in done.rows()}
    row = own(tiny / "trip" / "00.ppm")
    assert row["after"] == rows[row["input"]]["after"]
    assert Path(row["output"]).read_bytes() == (tmp_path / "out" / "trip" / "00.ppm").read_bytes()

    # A killed driver may leave an unfinished line; its file is done again and found to exist.
    text = manifest.read_bytes()
    manifest.write_bytes(text[: -len(text.splitlines()[-1]) // 2])
    write(tiny / "new.ppm", np.zeros((16, 16, 3), np.uint8))
    done = unband.ray.run(tiny, job, manifest=manifest)
    assert (done.made, done.before) == (2, 41)
    again = unband.ray.run(tiny, job, manifest=manifest)
    assert (again.made, again.before, again.failed) == (0, 43, 1)
    write(tiny / "bad.png", np.zeros((16, 16, 3), np.uint8))
    repaired = unband.ray.run(tiny, job, manifest=manifest, retry=True)
    assert (repaired.made, repaired.failed) == (1, 0)
    assert len(list(repaired.rows())) == len({row["input"] for row in lines(manifest)}) == 43


def test_another_job_or_run_is_refused(cluster, tiny, tmp_path):
    manifest = tmp_path / "run.jsonl"
    unband.ray.run(sorted(tiny.glob("0*.ppm")), unband.Job("score"), manifest=manifest)
    with pytest.raises(unband.OptionError, match="another job") as caught:
        unband.ray.run(tiny, unband.Job("score", metrics=["bband"]), manifest=manifest)
    assert caught.value.argument == "manifest"
    (tmp_path / "text").write_text("a\nb\n")
    with pytest.raises(unband.OptionError, match="is not a row"):
        unband.ray.run(tiny, unband.Job("score"), manifest=tmp_path / "text")
    assert (tmp_path / "text").read_text() == "a\nb\n"
    with pytest.raises(unband.OptionError, match="one result"):
        unband.ray.run(
            [tiny / "00.ppm", tiny / "trip" / "00.ppm"], unband.Job("deband", out=tmp_path / "out")
        )
    with pytest.raises(unband.InputError, match="no images"):
        unband.ray.run(tmp_path / "*.png", unband.Job("score"))
    from unband._manifest import Manifest, rows

    book = Manifest(tmp_path / "held.jsonl", {"a": 1})
    with pytest.raises(unband.FileError, match="another run"):
        Manifest(tmp_path / "held.jsonl", {"a": 1})
    book.close()
    book = Manifest(tmp_path / "held.jsonl", {"a": 1})
    names = ["/ä.png", os.fsdecode(b"/\xff.png")]
    assert [book.add({"input": name, "error": None}) for name in [*names, *names]] == [
        True,
        True,
        False,
        False,
    ]
    book.close()
    assert [row["input"] for row in rows(tmp_path / "held.jsonl")] == names
    Manifest(tmp_path / "held.jsonl", {"a": 1}).close()


def test_folders_and_patterns_of_urls(cluster, tiny):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.pipe({"/farm/a.png": b"", "/farm/b/c.PNG": b"", "/farm/b/text.txt": b""})
    listed = unband.ray._listed
    assert listed("memory://farm/") == (["memory://farm/a.png", "memory://farm/b/c.PNG"], "memory://farm")
    assert listed("memory://farm/*/*.P*") == (["memory://farm/b/c.PNG"], "memory://farm")
    assert listed("memory://farm/a.png") == (["memory://farm/a.png"], None)
    assert listed([tiny / "00.ppm", str(tiny / "00.ppm")]) == ([str(tiny / "00.ppm")], None)


def test_threads_follow_num_cpus(cluster, tmp_path):
    class Job(unband.Job):
        __slots__ = ()

        def __call__(self, path):
            return {"input": path, "error": None, "threads": self.threads}

        def replace(self, **changes):
            made = Job("score")
            made.threads = changes.get("threads", self.threads)
            return made

    done = unband.ray.run(["/a", "/b"], Job("score"), num_cpus=1, manifest=tmp_path / "run.jsonl")
    assert [row["threads"] for row in done.rows()] == [1, 1]


def test_remote_files(cluster, tiny, tmp_path):
    job = unband.Job("deband", out=f"file://{tmp_path}/out", scratch=tmp_path / "scratch")
    (tmp_path / "scratch").mkdir()
    done = unband.ray.run(f"file://{tiny}/*.p*", job, manifest=tmp_path / "run.jsonl")
    assert (done.made, done.failed) == (41, 1)
    assert len(left(tmp_path / "out")) == 40 and left(tmp_path / "scratch") == []
    assert all(row["input"].startswith("file://") for row in done.rows())
    whole = unband.ray.run(f"file://{tiny}", unband.Job("score"), manifest=tmp_path / "score.jsonl")
    assert (whole.made, whole.failed) == (42, 1)


def slow(folder):
    """A job that takes a while, writes one file, and reports its process there."""

    def job(path):
        import os
        import time
        from pathlib import Path

        row = unband.Job("deband", out=Path(folder, "out"), metrics=())(path)
        Path(folder, "pids", str(os.getpid())).touch()
        with open(Path(folder, "log"), "a") as log:
            log.write(f"{row['status']} {path}\n")
        time.sleep(0.25)
        return row

    return job


@pytest.mark.parametrize("victim", ["worker", "machine"])
def test_a_lost_worker_or_machine_loses_nothing_and_writes_nothing_twice(cluster, tiny, tmp_path, victim):
    (tmp_path / "pids").mkdir()
    paths = sorted(tiny.glob("*.ppm"))
    killed = threading.Event()

    def kill(done, total):
        if done < 6 or killed.is_set():
            return
        killed.set()
        if victim == "worker":
            for pid in left(tmp_path / "pids"):
                os.kill(int(pid), signal.SIGKILL)
        else:
            cluster.remove_node(cluster.machines.pop(), allow_graceful=False)

    manifest = tmp_path / "run.jsonl"
    done = unband.ray.run(paths, slow(tmp_path), manifest=manifest, progress=kill)
    if victim == "machine":
        cluster.machines.append(cluster.add_node(num_cpus=1, object_store_memory=STORE))
        cluster.wait_for_nodes()
    assert killed.is_set() and (done.made, done.failed) == (40, 0)
    assert Counter(row["input"] for row in lines(manifest)) == Counter(map(str, paths))
    assert left(tmp_path / "out") == [path.name for path in paths]
    # A file is written once, however often it was asked for.
    written = Counter(
        line for line in (tmp_path / "log").read_text().splitlines() if line.startswith("written")
    )
    assert set(written.values()) == {1}
    for path in paths[::7]:
        unband.deband_file(path, tmp_path / "mine.ppm", overwrite=True)
        assert (tmp_path / "mine.ppm").read_bytes() == (tmp_path / "out" / path.name).read_bytes()


def test_a_file_that_ends_its_worker_is_a_row(cluster, tmp_path):
    def job(path):
        import os

        if path == "/7":
            os._exit(1)
        return {"input": path, "error": None}

    done = unband.ray.run([f"/{i}" for i in range(30)], job, manifest=tmp_path / "run.jsonl")
    assert (done.made, done.failed) == (30, 1)
    (row,) = done.rows(failed=True)
    assert row["input"] == "/7" and "worker" in row["error"] and row["hint"]


def test_a_function_that_raises_is_a_row(cluster, tmp_path):
    def job(path):
        raise ValueError(f"no {path}")

    done = unband.ray.run(["/a"], job, manifest=tmp_path / "run.jsonl")
    assert [row["error"] for row in done.rows()] == ["ValueError: no /a"]


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def stored():
    """Bytes in the object stores, spilled ones included."""
    from ray._private.internal_api import memory_summary

    text = memory_summary(stats_only=True)
    return sum(float(size) * 2**20 for size in re.findall(r"(?:Plasma memory usage|Spilled) (\d+) MiB", text))


def test_ten_thousand_tiny_or_broken_files_are_rows(cluster, tmp_path):
    pytest.importorskip("grpc")
    folder = tmp_path / "many"
    folder.mkdir()
    data = (np.arange(8 * 8 * 3, dtype=np.uint8) // 8 * 8).reshape(8, 8, 3)
    for i in range(5_000):
        write(folder / f"{i}.ppm", data)
        (folder / f"{i}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(i % 60))
    memory, store, began = {}, [], time.perf_counter()

    def watch(done, total):
        if done % 1_000 == 0:
            memory[done] = resident()
            store.append(stored())

    done = unband.ray.run(folder, unband.Job("score"), manifest=tmp_path / "run.jsonl", progress=watch)
    assert (done.made, done.failed) == (10_000, 5_000)
    assert len({row["input"] for row in done.rows()}) == 10_000
    growth = memory[10_000] - memory[2_000]
    took = time.perf_counter() - began
    print(
        f"\n10,000 files: {took:.0f} s, driver {memory[2_000] / 1e6:.0f} MB after 2,000, "
        f"{growth / 1e6:+.1f} MB until 10,000, object stores at most {max(store) / 1e6:.0f} MB"
    )
    assert growth < 20_000_000 and max(store) < 100_000_000


def test_pairs_are_made_in_shards_that_the_program_proves(cluster, tiny, tmp_path):
    how = {"shard": 16, "seed": 3, "patch": 48, "split": (100, 0, 0), "manifest": tmp_path / "dataset.jsonl"}
    done = unband.ray.make_dataset(tiny, tmp_path / "pairs", "rgb", **how)
    assert (done.made, done.failed) == (3, 0)
    rows = list(done.rows())
    assert sorted(row["images"] for row in rows) == [10, 16, 16]
    damaged = [entry["file"] for row in rows for entry in json.loads(row["record"])]
    assert damaged == [str(tiny / "bad.png")]
    shards = sorted(path for path in (tmp_path / "pairs").iterdir())
    assert [path.name for path in shards] == ["shard-00000", "shard-00001", "shard-00002"]
    from unband._program import run

    for shard in shards:
        run(["dataset", "check", str(shard)])
    # The pairs of an image do not depend on shards or machines.
    (tmp_path / "one").mkdir()
    shutil.copy(tiny / "07.ppm", tmp_path / "one")
    arguments = ["--recipe", "rgb", "--seed", "3", "--patch", "48", "--split", "100,0,0"]
    run(["dataset", "pairs", str(tmp_path / "one"), *arguments, "--output", str(tmp_path / "theirs")])
    for name in left(tmp_path / "theirs" / "train"):
        theirs = (tmp_path / "theirs" / "train" / name).read_bytes()
        assert theirs == (shards[0] / "train" / name).read_bytes()
    shutil.rmtree(shards[1])
    os.remove(tmp_path / "dataset.jsonl")
    done = unband.ray.make_dataset(tiny, tmp_path / "pairs", "rgb", **how)
    assert sorted(row["status"] for row in done.rows()) == ["present", "present", "written"]
    with pytest.raises(unband.OptionError, match="another job"):
        unband.ray.make_dataset(tiny, tmp_path / "pairs", "rgb", **{**how, "seed": 4})
    remote = {**how, "manifest": tmp_path / "remote.jsonl", "shard": 30}
    done = unband.ray.make_dataset(f"file://{tiny}", f"file://{tmp_path}/remote", "rgb", **remote)
    assert (done.made, done.failed) == (2, 0)
    run(["dataset", "check", str(tmp_path / "remote" / "shard-00000")])


def test_many_jobs_other_than_debanding_run(cluster, tiny, tmp_path):
    job = unband.Job("make_pairs", out=tmp_path / "pairs", recipe="rgb", patch=32)
    done = unband.ray.run(tiny, job, manifest=tmp_path / "pairs.jsonl")
    assert (done.made, done.failed) == (42, 1)
    assert len(left(tmp_path / "pairs" / "lq")) == len(left(tmp_path / "pairs" / "gt")) == 41


@pytest.mark.parametrize("victim", [None, "worker", "machine"])
def test_one_video_on_two_machines_has_the_frames_of_one(cluster, three_shots, hashes, tmp_path, victim):
    source, out = tmp_path / "three.mkv", tmp_path / "out.mkv"
    shutil.copy(three_shots, source)
    killed = threading.Event()

    def kill(done, total):
        assert total == 3
        if killed.is_set() or victim is None:
            return
        killed.set()
        if victim == "worker":
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    command = (process / "cmdline").read_bytes()
                except OSError:
                    continue
                if b"MapWorker" in command or b"_Worker" in command:
                    os.kill(int(process.name), signal.SIGKILL)
        else:
            cluster.remove_node(cluster.machines.pop(), allow_graceful=False)

    report = unband.ray.video(source, out, progress=kill)
    if victim == "machine":
        cluster.machines.append(cluster.add_node(num_cpus=1, object_store_memory=STORE))
        cluster.wait_for_nodes()
    assert killed.is_set() == (victim is not None)
    local = unband.deband_video(source, tmp_path / "local.mkv")
    assert hashes(out) == hashes(tmp_path / "local.mkv")
    assert (report.frames, report.changed, report.shots) == (local.frames, local.changed, local.shots)
    assert left(tmp_path) == ["local.mkv", "out.mkv", "three.mkv"]


def test_scores_of_a_video_on_two_machines_are_those_of_one(cluster, three_shots):
    made = unband.ray.score_video(three_shots, ["cambi", "bband"])
    assert made == unband.score_video(three_shots, ["cambi", "bband"])


def test_a_video_that_fails_names_its_segment_and_continues(cluster, three_shots, hashes, tmp_path):
    source, out = tmp_path / "three.mkv", tmp_path / "out.mkv"
    shutil.copy(three_shots, source)
    with unband.plan_video(source, out) as plan:
        assert plan.segments[1]()["status"] == "written"
    with pytest.raises(unband.UnbandError):
        unband.ray.video(source, out, resume=False)
    unband.ray.video(source, out)
    unband.deband_video(source, tmp_path / "local.mkv")
    assert hashes(out) == hashes(tmp_path / "local.mkv")


def test_memory_of_a_worker_is_the_estimate_of_the_job(cluster, tiny, tmp_path, monkeypatch):
    job = unband.Job("deband", out=tmp_path / "out")
    paths = sorted(tiny.glob("*.ppm"))
    assert 16 * 96 * 128 < job.peak_memory(paths[0]) < 2**26
    assert job.peak_memory(tiny / "bad.png", paths[0]) == job.peak_memory(paths[0])
    assert unband.Job("deband", out=tmp_path, max_memory=10**6).peak_memory(paths[0]) == 10**6
    seen = []
    real = unband.ray.wave

    def wave(items, call, how, *rest):
        seen.append(how.memory)
        return real(items, call, how, *rest)

    monkeypatch.setattr(unband.ray, "wave", wave)
    unband.ray.run(paths[:2], job, manifest=tmp_path / "run.jsonl")
    unband.ray.run(paths[:2], job, manifest=tmp_path / "none.jsonl", memory=0)
    assert seen == [job.peak_memory(paths[0]) + 200_000_000, None]

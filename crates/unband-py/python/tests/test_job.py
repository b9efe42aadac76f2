"""Jobs: rows of good and bad files, in this process and in others."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import pickle
import shutil
import sys

import numpy as np
import pytest

import unband


@pytest.fixture
def photos(sunset, tmp_path):
    """A folder with a banded image, one in a subfolder, an empty file and a text file."""
    folder = tmp_path / "photos"
    (folder / "trip").mkdir(parents=True)
    small = unband.open(sunset)
    small.save(folder / "a.png")
    shutil.copy(sunset, folder / "trip" / "b.png")
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.jpg").write_text("no image")
    return folder


@pytest.fixture
def tiny(tmp_path, sky):
    """Small images, as PGM and PPM files."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    for i in range(6):
        data = np.roll(sky, 8 * i, axis=1)
        height, width = data.shape[:2]
        (folder / f"{i}.ppm").write_bytes(b"P6 %d %d 255\n" % (width, height) + data.tobytes())
    return folder


def left(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def same(row):
    """What must not depend on time."""
    return {key: value for key, value in row.items() if key != "seconds"}


def test_a_row_has_all_facts_and_the_file_is_that_of_deband_file(photos, tmp_path):
    row = unband.Job("deband", out=tmp_path / "out")(photos / "a.png")
    assert row["status"] == "written" and row["error"] is None
    assert (row["method"], row["cause"]) == ("unband-lite", "levels")
    assert row["after"]["cambi"] < row["before"]["cambi"]
    unband.deband_file(photos / "a.png", tmp_path / "mine.png")
    assert (tmp_path / "out" / "a.png").read_bytes() == (tmp_path / "mine.png").read_bytes()
    assert row["bytes"] == (tmp_path / "mine.png").stat().st_size
    assert json.loads(json.dumps(row)) == row
    assert left(tmp_path / "out") == ["a.png"]


def test_a_bad_file_is_a_row(photos, tmp_path):
    tasks = {
        "deband": unband.Job("deband", out=tmp_path / "out"),
        "score": unband.Job("score"),
        "compare": unband.Job("compare", reference=photos),
        "upscale": unband.Job("upscale", out=tmp_path / "out", scale=2),
        "degrade": unband.Job("degrade", out=tmp_path / "out", recipe="rgb"),
        "make_pairs": unband.Job("make_pairs", out=tmp_path / "out", recipe="rgb"),
    }
    for task, job in tasks.items():
        for name in ("empty.png", "text.jpg", "missing.png", "trip"):
            row = job(photos / name)
            assert row["status"] == "failed" and name in row["error"], (task, row)
            assert row["task"] == task and row["input"] == str(photos / name)
            assert "unband-" not in row["error"], row["error"]
    assert not [name for name in left(tmp_path / "out")]


def test_an_existing_result_is_kept_and_measured(tiny, tmp_path):
    job = unband.Job("deband", out=tmp_path / "out", depth=16)
    first = job(tiny / "0.ppm")
    stat = os.stat(first["output"])
    second = job(tiny / "0.ppm")
    assert second["status"] == "present" and second["method"] is None
    assert second["after"] == first["after"] and second["before"] == first["before"]
    assert os.stat(first["output"]) == stat
    third = job.replace(skip_existing=False)(tiny / "0.ppm")
    assert third["status"] == "written"
    assert os.stat(first["output"]).st_ino != stat.st_ino


def test_nothing_to_do_is_copied_or_not_written(tiny, tmp_path):
    flat = tiny / "flat.pgm"
    flat.write_bytes(b"P5 64 64 255\n" + bytes(range(64)) * 64)
    assert unband.Job("deband", out=tmp_path / "out")(flat)["status"] == "copied"
    row = unband.Job("deband", out=tmp_path / "none", only_banded=True)(flat)
    assert (row["status"], row["output"], row["bytes"]) == ("unchanged", None, None)


def test_names_keep_the_folders_below_the_root(photos, tmp_path):
    job = unband.Job("deband", out=tmp_path / "out", root=photos)
    assert job.output_of(photos / "trip" / "b.jpeg") == str(tmp_path / "out" / "trip" / "b.png")
    assert job.output_of(photos / "a.tif") == str(tmp_path / "out" / "a.tif")
    row = job(tmp_path / "elsewhere.png")
    assert "root" in row["error"] and row["hint"]
    deep = unband.Job("deband", out="s3://bucket/out/", root="s3://in", format="JPEG XL")
    assert deep.output_of("s3://in/x/y.png") == "s3://bucket/out/x/y.jxl"


def test_scores_and_comparisons(photos, tmp_path):
    row = unband.Job("score")(photos / "a.png")
    assert row["status"] == "measured" and row["cause"] == "levels"
    assert row["before"] == pytest.approx(unband.score(photos / "a.png"))
    clean = unband.Job("deband", out=tmp_path / "out", root=photos)(photos / "trip" / "b.png")
    job = unband.Job("compare", reference=photos, root=tmp_path / "out", metrics=["psnr", "niqe"])
    row = job(clean["output"])
    assert row["clean"] == str(photos / "trip" / "b.png")
    assert row["before"]["psnr"] == unband.compare(row["clean"], clean["output"], ["psnr"])["psnr"]


def test_upscaled_files(tiny, tmp_path):
    row = unband.Job("upscale", out=tmp_path / "out", scale=2)(tiny / "1.ppm")
    assert unband.open(row["output"]).width == 256


def test_pairs_have_the_draws_of_the_program(photos, tmp_path):
    (photos / "empty.png").unlink()
    (photos / "text.jpg").unlink()
    unband.make_pairs(photos, tmp_path / "theirs", "rgb", seed=5, recursive=True, patch=64)
    job = unband.Job("make_pairs", out=tmp_path / "mine", root=photos, recipe="rgb", seed=5, patch=64)
    rows = [job(photos / name) for name in ("a.png", "trip/b.png")]
    assert [row["error"] for row in rows] == [None, None]
    files = left(tmp_path / "mine")
    assert files == ["gt/a.png", "gt/trip/b.png", "lq/a.png", "lq/trip/b.png"]
    for name in files:
        assert (tmp_path / "mine" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes()
    assert json.loads(rows[1]["record"])["source"] == str(photos / "trip" / "b.png")
    assert job(photos / "a.png")["status"] == "present"
    bad = unband.Job("degrade", out=tmp_path / "bad", root=photos, recipe="rgb", seed=5, patch=64)
    assert bad(photos / "a.png")["clean"] is None
    assert (tmp_path / "bad" / "a.png").read_bytes() == (tmp_path / "mine" / "lq" / "a.png").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("sharpen",), "task"),
        (("deband",), "out"),
        (("score", "out"), "out"),
        (("deband", "out", "strenght=2"), "strenght"),
        (("deband", "out", "strength=9"), "strength"),
        (("deband", "out", "method=f3kdb", "y=-1"), "y"),
        (("deband", "out", "threads=0"), "threads"),
        (("degrade", "out"), "recipe"),
        (("degrade", "out", "recipe=rgb", "patch=0"), "patch"),
        (("degrade", "out", "recipe=none"), "recipe"),
        (("compare",), "reference"),
    ],
    ids=str,
)
def test_wrong_options_are_found_at_once(arguments, name):
    plain = [value for value in arguments if "=" not in value]
    options = dict(value.split("=") for value in arguments if "=" in value)
    options = {key: int(value) if value.lstrip("-").isdigit() else value for key, value in options.items()}
    with pytest.raises(unband.OptionError) as caught:
        unband.Job(*plain, **options)
    assert name in (caught.value.argument or str(caught.value))


def test_wrong_metrics_are_found_at_once():
    for metrics in (["no-such"], ["psnr"], "cambi"):
        with pytest.raises(unband.OptionError) as caught:
            unband.Job("score", metrics=metrics)
        assert caught.value.argument == "metrics"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes_give_the_same_rows(tiny, tmp_path, method):
    job = unband.Job("deband", out=tmp_path / "here", depth=16)
    paths = [*map(str, sorted(tiny.glob("*.ppm"))), str(tiny / "missing.png")]
    here = [same(job(path)) for path in paths]
    assert pickle.loads(pickle.dumps(job)).describe() == job.describe()
    there = unband.Job("deband", out=tmp_path / "there", depth=16)
    with multiprocessing.get_context(method).Pool(2) as pool:
        rows = [same(row) for row in pool.map(there, paths)]
    for row, other in zip(here, rows, strict=True):
        assert {**row, "output": None} == {**other, "output": None}
    assert left(tmp_path / "here") == left(tmp_path / "there")


def test_a_recipe_file_travels_with_the_job(tiny, tmp_path, root):
    recipe = tmp_path / "mine.toml"
    shutil.copy(root / "recipes" / "degrade" / "rgb.toml", recipe)
    job = unband.Job("degrade", out=tmp_path / "out", recipe=recipe)
    recipe.unlink()
    assert pickle.loads(pickle.dumps(job))(tiny / "0.ppm")["status"] == "written"


def test_remote_files_go_through_scratch(tiny, tmp_path):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.put_file(str(tiny / "2.ppm"), "/in/trip/a.ppm")
    memory.pipe_file("/in/bad.png", b"no image")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    job = unband.Job("deband", out="memory://out", root="memory://in", scratch=scratch)
    row = job("memory://in/trip/a.ppm")
    assert row["error"] is None and row["output"] == "memory://out/trip/a.ppm"
    unband.deband_file(tiny / "2.ppm", tmp_path / "mine.ppm")
    assert memory.cat_file("/out/trip/a.ppm") == (tmp_path / "mine.ppm").read_bytes()
    assert row["bytes"] == (tmp_path / "mine.ppm").stat().st_size
    assert job("memory://in/trip/a.ppm")["status"] == "present"
    for name in ("bad.png", "missing.png"):
        bad = job(f"memory://in/{name}")
        assert f"memory://in/{name}" in bad["error"] and str(scratch) not in bad["error"]
    assert left(scratch) == []
    assert "nothing" in unband.Job("score")("nothing://a.png")["error"]
    pairs = unband.Job("make_pairs", out=f"file://{tmp_path}/pairs", recipe="rgb")
    row = pairs("memory://in/trip/a.ppm")
    assert row["error"] is None and left(tmp_path / "pairs") == ["gt/a.png", "lq/a.png"]
    assert pairs("memory://in/trip/a.ppm")["status"] == "present"


def test_without_ray_its_part_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    # Also where another test has imported it.
    for name in ("ray", "_pool"):
        monkeypatch.delitem(sys.modules, f"unband.{name}", raising=False)
        monkeypatch.delattr(unband, name, raising=False)
    with pytest.raises(unband.MissingExtraError, match="needs Ray") as caught:
        importlib.import_module("unband.ray")
    assert "unband[ray]" in caught.value.hint

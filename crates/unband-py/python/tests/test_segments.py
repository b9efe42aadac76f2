"""One video in segments, in several processes."""

from __future__ import annotations

import math
import multiprocessing
import pickle
import shutil

import pytest

import unband


def test_segments_of_several_processes_make_the_local_video(three_shots, hashes, tmp_path):
    local = unband.deband_video(three_shots, tmp_path / "local.mkv")
    with unband.plan_video(three_shots, tmp_path / "out.mkv") as plan:
        assert [segment.number for segment in plan.segments] == [0, 1, 2]
        assert [round(segment.start) for segment in plan.segments] == [0, 11, 22]
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            rows = pool.map(unband.VideoSegment.__call__, plan.segments)
        assert [row["status"] for row in rows] == ["written"] * 3
        assert sum(row["frames"] for row in rows) == 165 and all(row["bytes"] > 0 for row in rows)
        again = pickle.loads(pickle.dumps(plan.segments[1]))(threads=1)
        assert (again["status"], again["error"], again["frames"]) == ("present", None, 55)
        report = plan.join()
    assert report.frames == local.frames == 165
    assert (report.changed, report.shots, report.methods) == (local.changed, local.shots, local.methods)
    assert hashes(tmp_path / "out.mkv") == hashes(tmp_path / "local.mkv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["local.mkv", "out.mkv"]
    with pytest.raises(unband.OptionError):
        plan.join()


def test_a_lost_plan_is_resumed(three_shots, hashes, tmp_path):
    out = tmp_path / "out.mkv"
    plan = unband.plan_video(three_shots, out, method="smooth")
    with pytest.raises(unband.UnbandError):
        unband.plan_video(three_shots, out, method="smooth", resume=True)
    assert plan.segments[2]()["status"] == "written"
    plan.close()
    row = unband.plan_video(three_shots, tmp_path / "other.mkv", method="smooth").segments[0]()
    assert row["status"] == "written"
    with unband.plan_video(three_shots, out, method="smooth", resume=True) as plan:
        assert [segment()["status"] for segment in plan.segments] == ["written", "written", "present"]
        plan.join()
    unband.deband_video(three_shots, tmp_path / "local.mkv", method="smooth")
    assert hashes(out) == hashes(tmp_path / "local.mkv")


def test_a_segment_without_its_plan_is_a_row_with_an_error(three_shots, tmp_path):
    video = tmp_path / "three.mkv"
    shutil.copy(three_shots, video)
    with unband.plan_video(video, tmp_path / "out.mkv") as plan:
        first = plan.segments[0]
    # Nothing was made, so that nothing is left.
    assert [path.name for path in tmp_path.iterdir()] == ["three.mkv"]
    row = first()
    assert row["status"] == "failed" and row["error"] and row["input"].endswith("out.mkv#1")
    video.unlink()
    assert "three.mkv" in first()["error"]


def test_scores_of_parts_are_those_of_the_video(three_shots):
    whole = unband.score_video(three_shots, ["cambi", "bband"], every=5)
    assert whole.frames == 165 and len(whole.shots) == 3 and len(whole.line) == 165
    assert whole.shots[1].frames == (55, 110)
    assert 0 <= whole.metrics["cambi"] and whole.grade in ("none", "slight", "visible", "strong")
    mean = sum(value for _, value in whole.line) / 165
    assert math.isclose(whole.metrics["cambi"], mean, rel_tol=1e-9)
    plan = unband.plan_score(three_shots, ["cambi", "bband"], every=5)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        rows = pool.map(unband.ScorePart.__call__, plan.parts)
    assert [row["frames"] for row in rows] == [55, 55, 55]
    assert plan.join([row["values"] for row in rows]) == whole
    with pytest.raises(unband.OptionError, match="values"):
        plan.join([])
    for call, argument in [
        (lambda: unband.score_video(three_shots, "cambi"), "metrics"),
        (lambda: unband.score_video(three_shots, ["psnr"]), "metrics"),
        (lambda: unband.score_video(three_shots, every=0), "every"),
    ]:
        with pytest.raises(unband.OptionError) as caught:
            call()
        assert caught.value.argument == argument

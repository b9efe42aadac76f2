"""Tables of methods."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import pytest

import unband


@pytest.fixture(scope="module")
def photos(tmp_path_factory, sunset):
    """Two clean images at 16 bits."""
    folder = tmp_path_factory.mktemp("photos")
    for name, method in (("a", "auto"), ("b", "smooth")):
        unband.deband_file(sunset, folder / f"{name}.png", depth=16, method=method)
    return folder


def test_a_table_has_means_and_all_values(photos, tmp_path):
    calls = []
    made = unband.evaluate(
        methods={"grad": "gradfun:radius=20", "own": "default"},
        images=photos,
        degradations=["rgb-6", "jpeg-50"],
        metrics=["psnr", "cambi"],
        crop=160,
        out=tmp_path / "table",
        progress=lambda *parts: calls.append(parts),
    )
    assert [name for name, _, _ in made.columns] == ["psnr", "cambi", "seconds"]
    assert [lower for _, _, lower in made.columns] == [False, True, True]
    assert [(group.degradation, group.pairs) for group in made.groups] == [
        (None, 4),
        ("rgb-6", 2),
        ("jpeg-50", 2),
    ]
    everything = made.groups[0]
    assert [row.name for row in everything.rows][1:] == ["grad", "own"] and everything.rows[0].input
    own = everything.rows[2].means["psnr"]
    assert own.images == 4 and own.low <= own.mean <= own.high
    values = [pair.metrics["psnr"] for pair in made.pairs if pair.method == "own"]
    assert len(values) == 4 and math.isclose(sum(values) / 4, own.mean, rel_tol=1e-9)
    assert made.failed == [] and "grad" in str(made)
    again = unband.evaluate(
        methods={"grad": "gradfun:radius=20", "own": "default"},
        images=photos,
        degradations=["rgb-6", "jpeg-50"],
        metrics=["psnr", "cambi"],
        crop=160,
        out=tmp_path / "table",
    )
    assert again == made


def test_a_table_has_the_values_of_the_program(photos, tmp_path):
    table = tmp_path / "mine.toml"
    table.write_text(
        'title = "Mine"\nmetrics = ["psnr"]\n[data]\nkind = "clean"\n'
        f'folder = {json.dumps(str(photos))}\ndegradations = ["rgb-5"]\n'
        '[[method]]\nname = "smooth"\nmethod = "smooth"\n'
    )
    made = unband.evaluate(table)
    command = [sys.executable, "-m", "unband", "eval", table, "-o", tmp_path / "theirs", "-q"]
    subprocess.run(command, check=True, capture_output=True)
    lines = (tmp_path / "theirs" / "images.csv").read_text().splitlines()[1:]
    theirs = [float(line.split(",")[4]) for line in lines if ",smooth," in line]
    assert theirs == [pair.metrics["psnr"] for pair in made.pairs if pair.method == "smooth"]


def test_errors_name_the_argument(photos):
    for call, argument in [
        (lambda: unband.evaluate(), "methods"),
        (lambda: unband.evaluate("a.toml", metrics=["psnr"]), "table"),
        (lambda: unband.evaluate(methods=["smooth"], images=photos, metrics="psnr"), "metrics"),
        (lambda: unband.evaluate(methods=["smoth"], images=photos, degradations=["rgb-6"]), "table"),
    ]:
        with pytest.raises(unband.OptionError) as caught:
            call()
        assert caught.value.argument == argument
    with pytest.raises(unband.UnbandError):
        unband.evaluate(methods=["smooth"], images=photos / "none", degradations=["rgb-6"])

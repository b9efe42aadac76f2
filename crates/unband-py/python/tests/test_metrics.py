"""Metrics: values, batches, errors."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

import unband


def test_metrics_agree_with_the_references(root):
    folder = root / "golden" / "metrics"
    golden = json.loads((folder / "golden.json").read_text())["pairs"]
    checked = 0
    for name, values in golden.items():
        a, b = folder / f"{name}_a.png", folder / f"{name}_b.png"
        if not a.exists():
            continue
        if np.isfinite(values["psnr_rgb"]):
            assert unband.create_metric("psnr")(b, a) == pytest.approx(values["psnr_rgb"], abs=1e-6)
        mean = np.mean(values["ssim_gauss11_rgb_channels"])
        assert unband.create_metric("ssim-gauss11-rgb")(b, a) == pytest.approx(mean, abs=1e-6)
        checked += 1
    assert checked == 4


def test_values_are_those_of_arrays_files_and_images(sunset):
    array, metric = np.asarray(unband.open(sunset)), unband.create_metric("cambi")
    assert metric(array) == metric(sunset) == metric(unband.open(sunset)) > 0
    assert unband.score(array)["cambi"] == metric(array)
    assert metric.lower_better and not metric.reference


def test_a_batch_has_a_value_for_each_image(sky):
    sky = np.tile(sky, (3, 3, 1))
    smooth = unband.deband(sky)
    batch = np.stack([np.moveaxis(image, -1, 0) for image in (sky, smooth)])
    cambi, psnr = unband.create_metric("cambi"), unband.create_metric("psnr")
    assert cambi(batch).tolist() == [cambi(sky), cambi(smooth)]
    assert psnr(batch, batch[::-1]).tolist() == [psnr(sky, smooth), psnr(smooth, sky)]
    last = np.stack([sky, smooth])
    assert (
        cambi(last, channel_axis=-1).tolist() == cambi(last, channel_axis=3).tolist() == cambi(batch).tolist()
    )


def test_comparisons_have_all_values(sky):
    smooth = unband.deband(sky)
    values = unband.compare(sky, smooth)
    assert values["psnr"] == unband.create_metric("psnr")(smooth, sky)
    assert "texture-change" not in values
    assert "texture-change" in unband.compare(sky, smooth, before=sky)
    assert list(unband.compare(sky, smooth, ["gmsd", "ciede2000"])) == ["gmsd", "ciede2000"]


def test_lists_are_filtered_by_reference():
    names = {metric.name for metric in unband.list_metrics()}
    with_one = {metric.name for metric in unband.list_metrics(reference=True)}
    alone = {metric.name for metric in unband.list_metrics(reference=False)}
    assert with_one | alone == names and not with_one & alone
    assert "psnr" in with_one and "cambi" in alone


def test_a_metric_can_be_pickled(sky):
    metric = unband.create_metric("bband")
    assert pickle.loads(pickle.dumps(metric))(sky) == metric(sky)


def test_errors_name_the_argument(sky):
    for call, argument in [
        (lambda: unband.create_metric("beauty"), "name"),
        (lambda: unband.create_metric("psnr", as_loss=True), "as_loss"),
        (lambda: unband.create_metric("psnr")(sky), "other"),
        (lambda: unband.create_metric("psnr")(sky, sky[1:]), "image"),
        (lambda: unband.score(sky, ["beauty"]), "metrics"),
        (lambda: unband.score(sky, "cambi"), "metrics"),
        (lambda: unband.score(sky, ["psnr"]), "reference"),
        (lambda: unband.score(np.full((64, 64), np.nan), ["cambi"]), "image"),
        (lambda: unband.create_metric("cambi")(np.zeros((0, 3, 64, 64), np.uint8)), "image"),
        (
            lambda: unband.create_metric("psnr")(
                np.zeros((2, 3, 8, 8), np.uint8), np.zeros((1, 3, 8, 8), np.uint8)
            ),
            "other",
        ),
    ]:
        with pytest.raises(ValueError) as caught:
            call()
        assert caught.value.argument == argument

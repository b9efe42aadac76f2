"""Degradations: pairs by seed and index, in any process."""

from __future__ import annotations

import multiprocessing
import pickle

import numpy as np
import pytest

import unband


@pytest.fixture(scope="module")
def clean() -> np.ndarray:
    y, x = np.mgrid[0:128, 0:160]
    waves = 0.5 + 0.2 * np.sin(x / 23) + 0.2 * np.cos(y / 31)
    image = np.stack([waves, waves**2, 1 - waves], axis=-1)
    return np.round(image * 65535).astype(np.uint16)


def test_a_pair_depends_on_seed_and_index_alone(clean):
    degrade = unband.Degrade("default", seed=7)
    bad, info = degrade(clean, 3)
    again, same = unband.Degrade("default", seed=7)(clean, 3)
    assert (
        np.array_equal(bad, again) and np.array_equal(info.clean, same.clean) and info.record == same.record
    )
    assert not np.array_equal(bad, degrade(clean, 4)[0]) or degrade(clean, 4)[1].record != info.record
    assert unband.Degrade("default", seed=8)(clean, 3)[1].seed != info.seed
    assert (bad.dtype, bad.shape) == (clean.dtype, clean.shape)


def test_types_and_layouts_are_those_of_the_image(clean):
    degrade = unband.Degrade("rgb", seed=1)
    bad, gt = degrade.pair((clean >> 8).astype(np.uint8))
    assert bad.dtype == gt.dtype == np.uint8
    planar = np.ascontiguousarray(np.moveaxis(clean, -1, 0))
    assert np.array_equal(np.moveaxis(degrade.pair(planar, channel_axis=0)[0], 0, -1), degrade.pair(clean)[0])
    floating = degrade.pair((clean / 65535).astype(np.float32))[0]
    assert floating.dtype == np.float32
    assert np.allclose(floating, degrade.pair(clean)[0] / 65535, atol=1e-6)


def test_patches_have_the_scale_of_the_recipe(clean):
    degrade = unband.Degrade("bsrgan", seed=2)
    bad, gt = degrade.pair((clean >> 8).astype(np.uint8), 5, patch=16)
    assert degrade.scale == 4
    assert bad.shape == (16, 16, 3) and gt.shape == (64, 64, 3)


def test_a_recipe_can_be_a_file_and_travels_with_its_text(tmp_path, clean):
    file = tmp_path / "six.toml"
    file.write_text('title = "Six bits"\n[[degrade]]\nuse = "rgb-bits"\nbits = 6\n')
    degrade = unband.Degrade(file, seed=3)
    expected = degrade.pair(clean)[0]
    packed = pickle.dumps(degrade)
    file.unlink()
    assert np.array_equal(pickle.loads(packed).pair(clean)[0], expected)


def test_the_program_draws_the_same(tmp_path, clean, sunset):
    image = unband.open(sunset)
    made = unband.make_pairs(sunset, tmp_path / "out", "rgb", seed=5, patch=64)
    (line,) = made
    bad, gt = unband.Degrade("rgb", seed=5).pair(np.asarray(image), "sunset", patch=64)
    assert np.array_equal(np.asarray(unband.open(tmp_path / "out" / line["lq"])), bad)
    assert np.array_equal(np.asarray(unband.open(tmp_path / "out" / line["gt"])), gt)
    with pytest.raises(unband.UnbandError, match="exists"):
        unband.make_pairs(sunset, tmp_path / "out", "rgb")


def test_errors_name_the_argument(clean, tmp_path):
    degrade = unband.Degrade("rgb")
    broken = tmp_path / "broken.toml"
    broken.write_text("title = 3")
    for call, argument in [
        (lambda: unband.Degrade("no-such-recipe"), "recipe"),
        (lambda: unband.Degrade(3), "recipe"),
        (lambda: unband.Degrade(broken), "recipe"),
        (lambda: unband.Degrade("rgb", seed=-1), "seed"),
        (lambda: degrade(clean, 1.5), "index"),
        (lambda: degrade(clean, patch=0), "patch"),
        (lambda: degrade(clean, patch=4000), "image"),
        (lambda: degrade(clean[:0]), "image"),
        (lambda: degrade(np.full((8, 8, 3), None)), "image"),
    ]:
        with pytest.raises(ValueError) as caught:
            call()
        assert caught.value.argument == argument
    with pytest.raises(unband.FileError):
        unband.Degrade(tmp_path / "none.toml")


def _work(degrade, image, index, queue):
    # Threads of the parent's pool do not exist here; a pool of more than one thread must be made again.
    smooth = unband.deband(image[:, :, 0], threads=2)
    queue.put((index, degrade.pair(image, index)[0].tobytes(), smooth.tobytes()))


@pytest.mark.parametrize("start", ["fork", "spawn", "forkserver"])
def test_children_draw_the_same_pairs(clean, start):
    degrade = unband.Degrade("default", seed=11)
    # The parent has used its threads before.
    expected = unband.deband(clean[:, :, 0], threads=2).tobytes()
    context = multiprocessing.get_context(start)
    for _ in range(10 if start == "fork" else 1):
        queue = context.Queue()
        children = [context.Process(target=_work, args=(degrade, clean, i, queue)) for i in range(2)]
        for child in children:
            child.start()
        for _ in children:
            index, bad, smooth = queue.get(timeout=60)
            assert bad == degrade.pair(clean, index)[0].tobytes()
            assert smooth == expected
        for child in children:
            child.join(60)
            assert child.exitcode == 0

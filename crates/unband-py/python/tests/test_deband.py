"""Debanding: options, reports, progress, interruption."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest

import unband


def test_a_report_describes_the_repair(sky):
    smooth, report = unband.deband(sky, report=True)
    assert report.changed and report.reason == "restored"
    assert report.findings.cause == "levels"
    assert report.samples_moved == np.count_nonzero(smooth != sky)
    assert report.findings.map.dtype == np.float32 and report.findings.map.shape == (2, 2)
    assert unband.prove(sky, smooth)
    assert not unband.prove(sky, 255 - smooth)


def test_results_do_not_depend_on_threads(sky):
    for method in ("auto", "smooth", "f3kdb"):
        assert np.array_equal(
            unband.deband(sky, method=method, threads=1), unband.deband(sky, method=method, threads=3)
        )


def test_methods_take_their_parameters(sky):
    weak = unband.deband(sky, method="gradfun", radius=4)
    assert np.array_equal(weak, unband.deband(sky, method="gradfun:radius=4"))
    assert not np.array_equal(weak, unband.deband(sky, method="gradfun", radius=32))
    # `strength` is a parameter of gradfun.
    strong = unband.deband(sky, method="gradfun", strength=20)
    assert np.array_equal(strong, unband.deband(sky, method="gradfun:strength=20"))
    one = unband.deband(sky, method="ffmpeg-deband", thr1=0.1)
    assert np.array_equal(one, unband.deband(sky, method="ffmpeg-deband", **{"1thr": 0.1}))


def test_every_filter_runs(sky):
    for method in unband.list_methods():
        if any(param.kind == "file" for param in method.params) and not method.own:
            continue
        assert unband.deband(sky, method=method.name).shape == sky.shape


def test_strength_zero_changes_nothing(sky):
    assert np.array_equal(unband.deband(sky, strength=0), sky)


def test_seeds_change_the_dither(sky):
    first = unband.deband(sky, seed=1)
    assert np.array_equal(first, unband.deband(sky, seed=1))
    assert not np.array_equal(first, unband.deband(sky, seed=2))


def test_dither_rounds_and_keeps_the_mean():
    ramp = np.linspace(0.2, 0.3, 64 * 256, dtype=np.float32).reshape(64, 256)
    for method in ("blue-noise", "ordered", "error-diffusion", "tpdf"):
        rounded = unband.dither(ramp, 8, method=method)
        assert rounded.dtype == np.uint8
        assert abs(rounded.mean() / 255 - ramp.mean()) < 2e-4
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(unband.dither(codes, 16), codes.astype(np.uint16) * 257)


def test_upscaling_multiplies_the_size(sky):
    small = sky[:24, :20]
    assert unband.upscale(small).shape == (96, 80, 3)
    assert unband.upscale(small[:, :, 0], 2).shape == (48, 40)
    assert unband.upscale(small, 1.5).shape == (36, 30, 3)
    assert unband.upscale(small, width=50).shape == (60, 50, 3)
    assert unband.upscale(small, height=12).shape == (12, 10, 3)
    assert unband.upscale(small, fit=(30, 300)).shape == (36, 30, 3)
    planar = np.ascontiguousarray(np.moveaxis(small, -1, 0))
    large = unband.upscale(planar, 2, channel_axis=0)
    assert np.array_equal(np.moveaxis(large, 0, -1), unband.upscale(small, 2))


def test_progress_is_reported_on_the_calling_thread(sky):
    calls = []
    image = np.tile(sky, (6, 6, 1))
    unband.deband(image, progress=lambda done, total: calls.append((done, total, threading.get_ident())))
    assert calls
    assert all(0 <= done <= total and thread == threading.get_ident() for done, total, thread in calls)
    unband.deband(sky, progress=True)


def test_an_exception_of_progress_ends_the_call(sky):
    def fail(done, total):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        unband.deband(np.tile(sky, (6, 6, 1)), progress=fail)


@pytest.fixture
def heard():
    """Control-C raises KeyboardInterrupt, also in jobs of a shell's background, which ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_control_c_is_answered_at_once(sky, heard):
    image = np.tile(sky, (25, 20, 1))
    sent = []

    def press():
        time.sleep(0.3)
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        while True:
            unband.deband(image, everywhere=True, threads=1)
    late = time.perf_counter() - sent[0]
    thread.join()
    assert late < 0.2, f"{late:.3f} s"
    # And the next call works.
    assert unband.deband(sky).shape == sky.shape


def test_other_threads_of_python_run_meanwhile(sky):
    image, ticks, done = np.tile(sky, (10, 10, 1)), [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.005)

    thread = threading.Thread(target=tick)
    thread.start()
    unband.deband(image, threads=1)
    done.set()
    thread.join()
    assert np.diff(ticks).max() < 0.2


def test_many_threads_of_python_can_call_at_once(sky):
    results = [None] * 8

    def work(i):
        results[i] = unband.deband(sky, threads=2)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(result, results[0]) for result in results)

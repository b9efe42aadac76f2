#!/usr/bin/env python3
"""Measures the CPU time of jobs on Ray next to that of one process of the program.

    target/python-farm/bin/python tools/bench_farm.py [--only TEXT;…] [--folder FOLDER]

The Python needs the package `unband` with Ray (`scripts/test-farm` makes it), numpy and Pillow; ffmpeg must be on the path. The program
is that of the package. Inputs are computed, always the same: sky, hills and noise of 6 bits in 16 scenes with many names each, and a
video of 64 s in six shots. Results are removed after each run. --only: rows whose input or run contains one of the texts.

CPU seconds are those of all processes of a run. Ray ends its workers before the command ends, so they are read from /proc five times a
second: of each at most the last 0.2 s is missed. Those of the command are exact. Prints a table in Markdown. Linux only."""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image
from profile_jobs import codes, scene

TICK = os.sysconf('SC_CLK_TCK')
SCENES = 16
SECONDS, RATE, SHOTS = 64, 25, 6
WORKER = 'ray::MapWorker('
SERVICES = 'ray', 'gcs_server', 'python'
# The command of a run on Ray. It writes its CPU seconds, those of the programs that it waited for, and its memory before it ends Ray.
COMMAND = '''
import os, resource, sys, unband, unband.ray
path, out, workers, task = sys.argv[1:]
if task == 'video':
    unband.ray.video(path, out, actors=int(workers))
else:
    job = unband.Job('deband', out, metrics=[name for name in task.split(',') if name])
    done = unband.ray.run(path, job, actors=int(workers), manifest=out + '.jsonl')
    assert not done.failed, done
with os.fdopen(int(os.environ['SPENT']), 'w') as spent:
    spent.write(f"{sum(os.times()[:4])} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}")
'''


def make_images(folder, number, size):
    """Images with names of their own, which are links to the files of a few scenes."""
    shared = folder.parent / f'scenes-{size[0]}'
    if not shared.exists():
        shared.mkdir()
        for seed in range(SCENES):
            Image.fromarray(codes(scene(*size, seed), 63)).save(shared / f'{seed}.png')
    folder.mkdir()
    for i in range(number):
        os.link(shared / f'{i % SCENES}.png', folder / f'{i:05}.png')


def make_video(path, width=640, height=360):
    """Shots of a camera that turns over a scene, a sample for each frame."""
    call = ['ffmpeg', '-v', 'error', '-y', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', f'{width}x{height}', '-r', f'{RATE}', '-i', '-',
            '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-crf', '23', path]
    length = -(-SECONDS * RATE // SHOTS)
    with subprocess.Popen(call, stdin=subprocess.PIPE) as encoder:
        for n in range(SECONDS * RATE):
            shot, step = divmod(n, length)
            if step == 0:
                wide = codes(scene(width + length, height, 100 + shot))
            encoder.stdin.write(np.ascontiguousarray(wide[:, step:step + width]).tobytes())
        encoder.stdin.close()


def processes():
    """Parent, name, start, and own and waited CPU seconds of each process by its id."""
    found = {}
    for name in filter(str.isdigit, os.listdir('/proc')):
        try:
            text = pathlib.Path('/proc', name, 'stat').read_text()
        except OSError:
            continue
        fields = text[text.rindex(')') + 2:].split()
        own, waited = (sum(map(int, fields[i:i + 2])) / TICK for i in (11, 13))
        found[int(name)] = int(fields[1]), text[text.index('(') + 1:text.rindex(')')], fields[19], own, waited
    return found


def above(pid, table, top):
    """Names of the processes between one and `top`; None if it is not below."""
    names = []
    while pid in table and table[pid][0] != top:
        pid = table[pid][0]
        names.append(table.get(pid, ('', ''))[1])
    return names if pid in table else None


def spent(call):
    """Seconds of a call, CPU seconds of its workers, of Ray's other processes and of the call itself, and MiB of the call. Programs that
    workers and the call start count as theirs."""
    began = time.monotonic()
    read, write = os.pipe()
    # Ray's workers have the least priority otherwise, and one process does not.
    environment = os.environ | {'SPENT': str(write), 'RAY_worker_niceness': '0'}
    child = subprocess.Popen([str(part) for part in call], env=environment, pass_fds=[write], stdout=subprocess.DEVNULL)
    os.close(write)
    last, done = {}, 0
    while not done:
        table = processes()
        for pid, (_, name, start, own, waited) in table.items():
            names = above(pid, table, child.pid)
            if names is None or any(other.startswith(WORKER) for other in names):
                continue
            if name.startswith(WORKER):
                last[pid, start] = 'workers', own + waited
            elif name.startswith(SERVICES):
                last[pid, start] = 'Ray', own
        time.sleep(0.2)
        done, status, usage = os.wait4(child.pid, os.WNOHANG)
    wall = time.monotonic() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f'error: {call} ended with {child.returncode}')
    with os.fdopen(read) as pipe:
        command, memory = map(float, (pipe.read() or f'{usage.ru_utime + usage.ru_stime} {usage.ru_maxrss / 1024}').split())
    workers, ray = (sum(seconds for kind, seconds in last.values() if kind == name) for name in ('workers', 'Ray'))
    return wall, workers, ray, command, memory


def farm(path, out, workers, task=''):
    return [sys.executable, '-c', COMMAND, path, out, str(workers), task]


def rows(folder):
    """Input, how to make it, number of images or seconds, and runs by name."""
    one = [sys.executable, '-m', 'unband', '-q', '--overwrite']
    out = folder / 'out'
    for number, size, counts in (1, (480, 270), (2,)), (100, (480, 270), (1, 2, 4)), (1000, (480, 270), (1, 2, 4)), (100, (1920, 1080), (1, 2, 4)), (
            10_000, (160, 90), (2,)):
        path = folder / f'{number}-{size[0]}'
        runs = {f'one process, {n} thread{"s" * (n > 1)}': [*one, path, '-o', out, '-j', str(n)] for n in (1, 2)}
        runs |= {f'Ray, {n} worker{"s" * (n > 1)}': farm(path, out, n) for n in counts}
        runs['Ray, 2 workers, CAMBI'] = farm(path, out, 2, 'cambi')
        yield f'{number:,} images, {size[0]} × {size[1]}', lambda: make_images(path, number, size), number, runs  # noqa: B023
    path, result = folder / 'long.mkv', folder / 'out.mkv'
    runs = {f'one process, {n} thread{"s" * (n > 1)}': [*one, path, '-o', result, '-j', str(n)] for n in (1, 2)}
    runs |= {f'Ray, {n} worker{"s" * (n > 1)}': farm(path, result, n, 'video') for n in (1, 2)}
    yield f'video of {SECONDS} s, 640 × 360', lambda: make_video(path), SECONDS, runs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--only')
    parser.add_argument('--folder', help='for inputs and results; default: that of temporary files')
    args = parser.parse_args()
    print('| input | run | time, s | CPU, s | workers | Ray | command | MiB | ratio | core hours |\n|---|---|' + '---:|' * 8)
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        folder = pathlib.Path(folder)
        for name, make, number, runs in rows(folder):
            runs = {run: call for run, call in runs.items() if not args.only or any(word in f'{name}: {run}' for word in args.only.split(';'))}
            if runs:
                make()
            first = None
            for run, call in runs.items():
                wall, *parts, memory = spent(call)
                cpu = sum(parts)
                first = first or cpu
                hours = cpu / number * (1 if name.startswith('video') else 1000 / 3600)
                print(f'| {name} | {run} | {wall:.1f} | {cpu:.1f} | ' + ' | '.join(f'{part:.1f}' for part in parts) +
                      f' | {memory:.0f} | {cpu / first:.2f} | {hours:.4f} |', flush=True)
                shutil.rmtree(folder / 'out', ignore_errors=True)
                for made in folder.glob('out*'):
                    made.unlink()


if __name__ == '__main__':
    main()

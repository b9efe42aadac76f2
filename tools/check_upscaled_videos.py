#!/usr/bin/env python3
"""Measures upscaled videos beside cubic interpolation, on clips whose large frames are known.

    tools/check_upscaled_videos.py PROGRAM PHOTOS [--images NAMES] [--scale 2] [--codecs NAMES] [--options WORDS]

PHOTOS is a folder of clean 16-bit PNG images. Each gives a pan of 24 frames of 1280×720 and one of a still camera with a small
moving square, by 8-bit 4:2:0 (BT.709, chroma at the left). zimg makes them smaller by cubic interpolation; they are stored without
loss, by x264 at CRF 20 and by x265 at CRF 24, upscaled by the program with `--lossless`, and by zimg's cubic interpolation.

The table has, by motion and codec, means over images: PSNR of luma by interpolation, the gain of luma and of chroma over it (lowest
in brackets), and the change of still areas from frame to frame (still camera: mean of absolute differences where the clip itself does
not change, in codes of 8 bits), by interpolation and by the program.
Needs ffmpeg with zscale, numpy."""

import argparse
import pathlib
import shlex
import subprocess
import tempfile

import numpy as np

WIDTH, HEIGHT, FRAMES = 1280, 720, 24
CODECS = {
    'FFV1': ['-c:v', 'ffv1'],
    'x264 20': ['-c:v', 'libx264', '-crf', '20'],
    'x265 24': ['-c:v', 'libx265', '-crf', '24', '-x265-params', 'log-level=none'],
}
SITED = 'chromal=left:chromalin=left'


def ffmpeg(*args):
    subprocess.run(['ffmpeg', '-v', 'error', '-y', *map(str, args)], check=True)


def clip(photo, motion, out):
    """A clip of large frames."""
    scaled = f'scale=1600:-2:flags=lanczos,crop={WIDTH}:{HEIGHT}'
    moves = f"{scaled}:x='3*n':y='n'" if motion == 'pan' else f'{scaled}:x=100:y=20'
    square = f";color=white:s=48x48:r=24,trim=end_frame={FRAMES}[s];[p][s]overlay=x='200+6*n':y=300"
    square = '[p]' + square if motion == 'still' else ''
    tags = 'setparams=colorspace=bt709:range=tv:color_primaries=bt709:color_trc=bt709'
    yuv = 'scale=out_color_matrix=bt709:out_range=tv:out_h_chr_pos=0:out_v_chr_pos=128,format=yuv420p'
    graph = f'[0]{moves}{square},{yuv},{tags}'
    ffmpeg('-loop', '1', '-framerate', '24', '-i', photo, '-filter_complex', graph, '-frames:v', FRAMES, '-c:v', 'ffv1', out)


def planes(path):
    """Luma and chroma of all frames, in codes of 8 bits."""
    args = ['ffmpeg', '-v', 'error', '-i', path, '-pix_fmt', 'yuv420p10le', '-f', 'rawvideo', '-']
    codes = np.frombuffer(subprocess.run(args, check=True, capture_output=True).stdout, '<u2').astype(np.float32) / 4
    codes = codes.reshape(FRAMES, -1)
    luma = codes[:, : WIDTH * HEIGHT].reshape(FRAMES, HEIGHT, WIDTH)
    return luma, codes[:, WIDTH * HEIGHT :]


def psnr(a, b):
    return 10 * np.log10(255**2 / max(float(np.mean((a - b) ** 2, dtype=np.float64)), 1e-9))


def flicker(luma, clean):
    """Mean change of still areas from frame to frame."""
    still = np.all(clean[1:] == clean[:-1], axis=0)
    return float(np.mean(np.abs(luma[1:, still] - luma[:-1, still]))) if still.any() else float('nan')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('program')
    parser.add_argument('photos', type=pathlib.Path)
    parser.add_argument('--images', help='names of images, without extension')
    parser.add_argument('--scale', type=int, default=2)
    parser.add_argument('--codecs', default=','.join(CODECS))
    parser.add_argument('--options', default='', help='more options of the program')
    args = parser.parse_args()
    photos = sorted(args.photos.glob('*.png'))
    if args.images:
        photos = [photo for photo in photos if photo.stem in args.images.split(',')]
    print('| motion | codec | cubic, luma | luma | chroma | flicker, cubic → unband |')
    print('|---|---|---:|---:|---:|---:|')
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for motion in ('pan', 'still'):
            for codec in args.codecs.split(','):
                rows = []
                for photo in photos:
                    whole, small, cubic, made = (folder / f'{name}.mkv' for name in ('whole', 'small', 'cubic', 'made'))
                    clip(photo, motion, whole)
                    size = f'{WIDTH // args.scale}:{HEIGHT // args.scale}'
                    ffmpeg('-i', whole, '-vf', f'zscale={size}:filter=bicubic:{SITED}', *CODECS[codec], small)
                    back = f'zscale={WIDTH}:{HEIGHT}:filter=bicubic:{SITED},format=yuv420p10le'
                    ffmpeg('-i', small, '-vf', back, '-c:v', 'ffv1', cubic)
                    command = [args.program, 'upscale', small, '--scale', str(args.scale), '-o', made, '--lossless', '--overwrite', '-q']
                    subprocess.run(command + shlex.split(args.options), check=True)
                    (clean, clean_uv), (by_cubic, cubic_uv), (by_us, our_uv) = map(planes, (whole, cubic, made))
                    before, before_uv = psnr(by_cubic, clean), psnr(cubic_uv, clean_uv)
                    gains = psnr(by_us, clean) - before, psnr(our_uv, clean_uv) - before_uv
                    rows.append((before, *gains, flicker(by_cubic, clean), flicker(by_us, clean)))
                rows = np.array(rows)
                mean, low = rows.mean(0), rows.min(0)
                changes = f'{mean[3]:.3f} → {mean[4]:.3f}' if motion == 'still' else '–'
                gains = ' | '.join(f'{mean[i]:+.2f} ({low[i]:+.2f})' for i in (1, 2))
                print(f'| {motion} | {codec} | {mean[0]:.2f} | {gains} | {changes} |', flush=True)


if __name__ == '__main__':
    main()

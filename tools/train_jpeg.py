#!/usr/bin/env python3
"""Trains `unband-jpeg` in PyTorch: crops of clean photos are coded as JPEG, restored by `smooth`, and compared with the photos.

    tools/train_jpeg.py photos/train --val photos/val --out runs/jpeg [--steps 12000] [--device cuda]

Needs PyTorch, NumPy, safetensors, the package `unband` (its networks, readers and `smooth`) and `cjpeg` of libjpeg-turbo. The photos
are 16-bit images. A third of the crops has 4:4:4, the others 4:2:0 or 4:2:2; qualities are 35 to 96, of every fourth photo's crop
10 to 34, and some crops have random quantiser tables. A tenth of all patches is grey.

OUT gets curve.csv (step, seconds, decibels over `smooth` on the patches, and by quality on the validation crops), weights.safetensors
(averages of the weights, 16 bits) and checkpoint.pt, from which the same command resumes.
"""
import argparse, csv, math, pathlib, random, subprocess, tempfile, time

import numpy as np
import torch
import unband
from safetensors.torch import save_file
from torch.nn import functional as F
from unband.torch import nets

QUALITIES = (35, 50, 75, 85, 95)
CROP, PATCH, BATCH = 320, 96, 16
# Values of 0 to 255 of libjpeg's luma table, row by row, that random tables are mixed from.
LUMA = [16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80,
        62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98,
        112, 100, 103, 99]
GREY = torch.tensor([0.299, 0.587, 0.114])[:, None, None]


def steps(data):
    """The quantiser tables of a JPEG file in zigzag order."""
    tables, at = {}, 2
    while data[at + 1] != 0xDA:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xDB:
            place = at + 4
            while place < at + 2 + length:
                wide, name = data[place] >> 4, data[place] & 15
                size = 128 if wide else 64
                tables[name] = np.frombuffer(data[place + 1 : place + 1 + size], ">u2" if wide else "u1").astype(int)
                place += 1 + size
        at += 2 + length
    return tables


def scalars(tables):
    """Conditioning scalars, as `crates/unband-infer/src/blocks.rs`."""
    of = lambda table: [math.log(np.mean(table[a:b])) / 3 for a, b in ((0, 3), (3, 15), (15, 64))]
    return torch.tensor(of(tables[0]) + of(tables.get(1, tables[0])))


def random_table():
    """Sixty-four steps: libjpeg's, or ones that rise with the frequency, or a mixture; any size."""
    size, slope, share = random.uniform(0.3, 3), random.uniform(0, 1.2), random.random()
    mixed = (share * LUMA[i] + (1 - share) * 16 * (1 + slope * (i % 8 + i // 8)) for i in range(64))
    return " ".join(str(max(1, min(255, round(v * size * random.uniform(0.95, 1.05))))) for v in mixed)


def coded(clean, quality, sampling, tables, folder):
    """An example of a crop: clean, decoded and restored samples of 16 bits, and the conditioning scalars."""
    more = []
    if tables:
        (folder / "tables.txt").write_text(f"{random_table()}\n{random_table()}\n")
        more = ["-qtables", str(folder / "tables.txt"), "-qslots", "0,1"]
    height, width, _ = clean.shape
    ppm = b"P6 %d %d 255\n" % (width, height) + np.round(clean / 257).astype(np.uint8).tobytes()
    command = ["cjpeg", "-quality", str(quality), "-sample", sampling, *more]
    data = subprocess.run(command, input=ppm, capture_output=True, check=True).stdout
    (folder / "crop.jpg").write_bytes(data)
    image = unband.open(folder / "crop.jpg")
    made = lambda **options: np.asarray(unband.deband(image, method="smooth", depth=16, **options))
    return clean, made(strength=0.0, dither="none"), made(everywhere=True), scalars(steps(data))


def crops(path, count, size):
    image = np.asarray(unband.open(path))
    assert image.dtype == np.uint16 and image.shape[2] == 3, f"{path}: not 16-bit red, green and blue"
    height, width = (min(size, side // 16 * 16) for side in image.shape[:2])
    for _ in range(count):
        y, x = random.randint(0, image.shape[0] - height), random.randint(0, image.shape[1] - width)
        yield np.ascontiguousarray(image[y : y + height, x : x + width])


def examples(folder, count):
    """Training examples of all photos of a folder."""
    with tempfile.TemporaryDirectory() as work:
        for path in sorted(folder.iterdir()):
            for i, crop in enumerate(crops(path, count, CROP)):
                sampling = random.choice(["2x2", "2x2", "2x1", "1x1", "1x1"])
                tables = i % 8 == 1
                low = i % 8 == 2
                quality = random.randint(50, 89) if tables else random.randint(10, 34) if low else random.randint(35, 96)
                yield coded(crop, quality, sampling, tables, pathlib.Path(work))


def unit(codes):
    return torch.from_numpy(codes.astype(np.float32) / 65535).permute(2, 0, 1)


def planes(restored, decoded):
    """Conditioning per sample of a batch, as `crates/unband-infer/src/blocks.rs`."""
    count, _, height, width = restored.shape
    mean = F.avg_pool2d(F.pad(restored, (8, 8, 8, 8), mode="reflect"), 17, 1)
    half = lambda length: (1 - 2 * (torch.arange(length, device=restored.device) // 4 % 2)).float()
    place = torch.stack([half(width)[None].expand(height, width), half(height)[:, None].expand(height, width)])
    return torch.cat([restored - decoded, restored - mean, place[None].expand(count, 2, height, width)], 1)


def psnr(a, b):
    return -10 * torch.log10((a - b).square().mean((1, 2, 3)) + 1e-12)


def patch(example):
    """Clean, decoded and restored patch on the blocks' grid, mirrored and turned, and the conditioning scalars."""
    *images, known = example
    height, width, _ = images[0].shape
    y, x = 8 * random.randint(0, (height - PATCH) // 8), 8 * random.randint(0, (width - PATCH) // 8)
    parts = [unit(image[y : y + PATCH, x : x + PATCH]) for image in images]
    for axes in ((1,), (2,)):
        if random.random() < 0.5:
            parts = [part.flip(axes) for part in parts]
    if random.random() < 0.5:
        parts = [part.transpose(1, 2) for part in parts]
    if random.random() < 0.1:
        parts = [(part * GREY).sum(0, keepdim=True).expand(3, -1, -1) for part in parts]
        known = torch.cat([known[:3], known[:3]])
    return *parts, known


def validated(net, held, device):
    """Mean gain over `smooth` by quality."""
    gains = {}
    with torch.no_grad():
        for quality, (clean, decoded, restored, known) in held:
            clean, decoded, restored = (unit(image)[None].to(device) for image in (clean, decoded, restored))
            out = net(decoded, planes(restored, decoded), known[None].to(device)).clamp(0, 1)
            gains.setdefault(quality, []).append((psnr(out, clean) - psnr(restored, clean)).item())
    return [round(float(np.mean(gains[quality])), 4) for quality in sorted(gains)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("--val", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--crops", type=int, default=18, help="examples per photo")
    parser.add_argument("--every", type=int, default=1000, help="steps between validations")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    random.seed(args.seed)
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    train = list(examples(args.photos, args.crops))
    with tempfile.TemporaryDirectory() as work:
        held = [(quality, coded(crop, quality, "2x2", False, pathlib.Path(work)))
                for path in sorted(args.val.iterdir()) for crop in crops(path, 1, 512) for quality in QUALITIES]
    net, mean = (nets.build("unband-jpeg").to(args.device) for _ in range(2))
    torch.nn.init.zeros_(net.get_submodule("tail").weight)
    torch.nn.init.zeros_(net.get_submodule("tail").bias)
    mean.load_state_dict(net.state_dict())
    adam, first, begin = torch.optim.Adam(net.parameters(), 1e-3), 0, time.time()
    checkpoint = args.out / "checkpoint.pt"
    if checkpoint.exists():
        found = torch.load(checkpoint, weights_only=True)
        for part, name in ((net, "net"), (mean, "mean"), (adam, "adam")):
            part.load_state_dict(found[name])
        first = found["step"]
    curve = csv.writer((args.out / "curve.csv").open("a", buffering=1))
    gained = []
    for step in range(first + 1, args.steps + 1):
        rate = 1e-3 * min(1, step / 100) * (0.5 + 0.5 * math.cos(math.pi * step / args.steps)) + 1e-6
        for group in adam.param_groups:
            group["lr"] = rate
        batch = [torch.stack(part).to(args.device) for part in zip(*(patch(random.choice(train)) for _ in range(BATCH)))]
        clean, decoded, restored, known = batch
        out = net(decoded, planes(restored, decoded), known)
        adam.zero_grad()
        (255 * (out - clean).abs().mean()).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        adam.step()
        with torch.no_grad():
            keep = min(0.999, step / (step + 50))
            for average, now in zip(mean.parameters(), net.parameters()):
                average.mul_(keep).add_(now, alpha=1 - keep)
            gained.append((psnr(out, clean) - psnr(restored, clean)).mean().item())
        if step % args.every == 0 or step == args.steps:
            row = [step, round(time.time() - begin), round(float(np.mean(gained)), 4), *validated(mean, held, args.device)]
            print(*row, flush=True)
            curve.writerow(row)
            gained.clear()
            state = {key: value.half().contiguous().cpu() for key, value in mean.state_dict().items()}
            save_file(state, args.out / "weights.safetensors", {"unband.network": "unband-jpeg", "step": str(step)})
            parts = {"net": net.state_dict(), "mean": mean.state_dict(), "adam": adam.state_dict(), "step": step}
            torch.save(parts, checkpoint)


if __name__ == "__main__":
    main()

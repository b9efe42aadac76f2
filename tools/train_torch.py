#!/usr/bin/env python3
"""Trains an upscaling network of a recipe in PyTorch, on a graphics card or the processor, from pairs made by `unband degrade`.

    for seed in 0 1 2 3; do
        unband degrade photos/train --recipe small-images --patch 120 --seed $seed --pairs -o pairs/$seed
    done
    for recipe in bicubic small-images bsrgan; do unband degrade photos/val --recipe $recipe --pairs -o val/$recipe; done
    tools/train_torch.py recipes/unband-sr-lite-x4.toml --pairs pairs --val val --out runs/x4 [--device cuda] [--set batch=64]

Needs PyTorch, NumPy, OpenCV, safetensors and the package `unband` (its networks). Reads these keys of the recipe: network, seed,
steps, batch, patch, clip-norm, ema, from, the losses l1, l2 and psnr, Adam's rate, betas and eps, the schedules constant and cosine,
and the augmentations hflip, vflip and turns; data and validation are the folders. Pairs stay in the device's memory.

OUT gets curve.csv (step, loss, seconds, decibels over cubic interpolation by validation folder, and for images below 45 dB alone),
best.safetensors (averages of the weights with the largest mean gain), weights.safetensors (those of the last step) and
checkpoint.pt, from which the same command resumes.
"""
import argparse, csv, json, math, pathlib, time, tomllib

import cv2
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F
from unband.torch import nets

# Mean squared difference of rounding to 8 bits, as in unband-train's loss `psnr`.
LEAST = 1 / (12 * 255 * 255)
LOSSES = {
    "l1": lambda out, clean: (out - clean).abs().mean(),
    "l2": lambda out, clean: (out - clean).square().mean(),
    "psnr": lambda out, clean: 10 / math.log(10) * torch.log1p((out - clean).square().mean((1, 2, 3)) / LEAST).mean(),
}


def read(path):
    """3 × H × W: codes of 8 or 16 bits."""
    codes = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)[..., ::-1].transpose(2, 0, 1)
    return torch.from_numpy(codes.copy())


def pairs(folder, device):
    """All pairs below a folder: degraded and clean codes."""
    found = []
    for lq in sorted(folder.rglob("lq/*.png")):
        found.append(tuple(read(lq.parent.parent / side / lq.name).to(device) for side in ("lq", "gt")))
    if not found:
        raise SystemExit(f"{folder}: no pairs; make them with `unband degrade PHOTOS --recipe RECIPE --pairs -o {folder}`")
    return found


def unit(codes):
    """0 to 1."""
    return codes.float() / (255 if codes.dtype == torch.uint8 else 65535)


def cubic(x, scale, a=-0.5):
    """Cubic interpolation, borders repeated, as MATLAB's imresize."""
    at = torch.arange(-2, 3)[None] - ((torch.arange(scale) + 0.5) / scale - 0.5)[:, None]
    d = at.abs()
    taps = torch.where(d <= 1, (a + 2) * d**3 - (a + 3) * d**2 + 1, torch.where(d < 2, a * (d**3 - 5 * d**2 + 8 * d - 4), 0.0)).to(x)
    n, c, h, w = x.shape
    kernels = torch.einsum("ia,jb->ijab", taps, taps).reshape(scale * scale, 1, 5, 5)
    y = F.conv2d(F.pad(x.reshape(n * c, 1, h, w), (2, 2, 2, 2), mode="replicate"), kernels)
    return F.pixel_shuffle(y, scale).reshape(n, c, h * scale, w * scale)


def decibels(out, clean):
    return -10 * math.log10(max((out.clamp(0, 1) - clean).square().mean().item(), 1e-10))


class Validation:
    """The middle of every pair; gains over cubic interpolation."""

    def __init__(self, folder, scale, crop, device):
        self.groups = {}
        for group in sorted(p for p in folder.iterdir() if p.is_dir()):
            rows = []
            for low, clean in pairs(group, device):
                h, w = (min(n, crop // scale) for n in low.shape[1:])
                y, x = (low.shape[1] - h) // 2, (low.shape[2] - w) // 2
                low, clean = unit(low[:, y : y + h, x : x + w])[None], unit(clean[:, y * scale : (y + h) * scale, x * scale : (x + w) * scale])[None]
                rows.append((low, clean, decibels(cubic(low, scale), clean)))
            self.groups[group.name] = rows

    @torch.no_grad()
    def gains(self, net):
        """By group: mean gain, and that of images below 45 dB."""
        found = {}
        for name, rows in self.groups.items():
            gains = [(decibels(net(low), clean) - before, before) for low, clean, before in rows]
            usual = [gain for gain, before in gains if before < 45] or [math.nan]
            found[name] = (sum(gain for gain, _ in gains) / len(gains), sum(usual) / len(usual))
        return found


class Batches:
    """Random patches of the pairs, flipped and turned; a batch depends on the seed and its number alone."""

    def __init__(self, recipe, scale, folder, device):
        self.pairs, self.scale, self.device = pairs(folder, device), scale, device
        self.seed, self.count, self.side = recipe.get("seed", 0), recipe["batch"], recipe["patch"] // scale
        self.augment = recipe.get("augment", {})

    def __call__(self, number):
        rng, s, p = np.random.default_rng([self.seed, number]), self.scale, self.side
        lows, cleans = [], []
        for _ in range(self.count):
            low, clean = self.pairs[rng.integers(len(self.pairs))]
            y, x = (int(rng.integers(n - p + 1)) for n in low.shape[1:])
            sides = unit(low[:, y : y + p, x : x + p]), unit(clean[:, y * s : (y + p) * s, x * s : (x + p) * s])
            flips = [axis for axis, key in ((2, "hflip"), (1, "vflip")) if rng.random() < self.augment.get(key, 0)]
            turns = int(rng.integers(4)) if self.augment.get("turns") else 0
            low, clean = (torch.rot90(side.flip(flips) if flips else side, turns, (1, 2)) for side in sides)
            lows.append(low), cleans.append(clean)
        return torch.stack(lows), torch.stack(cleans)


def rate(recipe, step):
    """The learning rate of a step, the first of which is 0."""
    top, schedule, at = recipe["optimizer"]["rate"], recipe.get("schedule", {"kind": "constant"}), step / recipe["steps"]
    if schedule["kind"] == "constant":
        return top
    warm, low = schedule.get("warmup", 0), schedule.get("low", 0)
    if at < warm:
        return top * max(at / warm, 1 / recipe["steps"])
    return low + (top - low) * 0.5 * (1 + math.cos(math.pi * min((at - warm) / (1 - warm), 1)))


def check(recipe):
    kinds = {term["term"] for term in recipe["loss"]} - LOSSES.keys()
    schedule = recipe.get("schedule", {}).get("kind", "constant")
    for wrong in [*kinds, *({schedule} - {"constant", "cosine"}), *({recipe["optimizer"]["kind"]} - {"adam"})]:
        raise SystemExit(f"`{wrong}` is not in this program; `unband train` has it")


def save(state, path, recipe, step, gains):
    facts = {"network": recipe["network"], "recipe": json.dumps(recipe), "step": str(step), "unband.order": "rgb", "unband.scale": "1"}
    facts |= {f"validation_gain_db.{name}": f"{gain:.3f}" for name, (gain, _) in gains.items()}
    save_file({name: value.cpu().contiguous() for name, value in state.items()}, path, facts)


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("recipe", type=pathlib.Path)
    for name in ("--pairs", "--val", "--out"):
        ap.add_argument(name, type=pathlib.Path, required=True)
    ap.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the recipe, as TOML")
    args = ap.parse_args()
    torch.set_num_threads(args.threads)
    recipe = tomllib.loads(args.recipe.read_text())
    for setting in args.set:
        key, value = setting.split("=", 1)
        at = recipe
        for part in (path := key.split("."))[:-1]:
            at = at.setdefault(part, {})
        at[path[-1]] = tomllib.loads(f"x = {value}")["x"]
    check(recipe)
    torch.manual_seed(recipe.get("seed", 0))
    args.out.mkdir(parents=True, exist_ok=True)
    net = nets.build(recipe["network"]).to(args.device).to(memory_format=torch.channels_last)
    scale, every = net.scale, recipe["validation"]["every"]
    if "from" in recipe:
        net.load_state_dict({name: value.float() for name, value in load_file(recipe["from"]).items()})
    settings = recipe["optimizer"]
    adam = torch.optim.Adam(net.parameters(), lr=0, betas=settings.get("betas", (0.9, 0.999)), eps=settings.get("eps", 1e-8))
    means, decay = {name: value.detach().clone() for name, value in net.state_dict().items()}, recipe.get("ema", 0)
    step, best, seconds, resume = 0, -math.inf, 0.0, args.out / "checkpoint.pt"
    if resume.exists():
        kept = torch.load(resume, map_location=args.device)
        net.load_state_dict(kept["net"]), adam.load_state_dict(kept["adam"])
        means, step, best, seconds = kept["means"], kept["step"], kept["best"], kept["seconds"]
    shown = nets.build(recipe["network"]).to(args.device).eval()
    batches, validation = Batches(recipe, scale, args.pairs, args.device), Validation(args.val, scale, recipe["validation"].get("crop", 0) or 1 << 20, args.device)
    curve = open(args.out / "curve.csv", "a", newline="")
    write = csv.writer(curve)

    def validate(loss):
        shown.load_state_dict(means)
        gains = validation.gains(shown)
        write.writerow([step, f"{loss:.4f}", f"{seconds:.0f}", *(f"{gain:.3f}" for both in gains.values() for gain in both)])
        curve.flush()
        print(step, f"{loss:.4f}", f"{seconds:.0f} s", *(f"{name} {gain:+.2f} ({usual:+.2f})" for name, (gain, usual) in gains.items()), flush=True)
        return gains

    if step == 0:
        write.writerow(["step", "loss", "seconds", *(name + part for name in validation.groups for part in ("", " below 45 dB"))])
        validate(math.nan)
    total, start = 0.0, time.perf_counter()
    while step < recipe["steps"]:
        for group in adam.param_groups:
            group["lr"] = rate(recipe, step)
        low, clean = batches(step)
        out = net(low.to(memory_format=torch.channels_last))
        loss = sum(term.get("weight", 1) * LOSSES[term["term"]](out, clean) for term in recipe["loss"])
        adam.zero_grad()
        loss.backward()
        if "clip-norm" in recipe:
            torch.nn.utils.clip_grad_norm_(net.parameters(), recipe["clip-norm"])
        adam.step()
        step += 1
        with torch.no_grad():
            for name, value in net.state_dict().items():
                means[name].lerp_(value, 1 - decay)
        total += loss.item()
        if step % every == 0 or step == recipe["steps"]:
            now = time.perf_counter()
            seconds, start = seconds + now - start, now
            gains = validate(total / ((step - 1) % every + 1))
            mean, total = sum(gain for gain, _ in gains.values()) / len(gains), 0.0
            save(means, args.out / "weights.safetensors", recipe, step, gains)
            if mean > best:
                best = mean
                save(means, args.out / "best.safetensors", recipe, step, gains)
            torch.save({"net": net.state_dict(), "adam": adam.state_dict(), "means": means, "step": step, "best": best, "seconds": seconds}, resume)
            start = time.perf_counter()


if __name__ == "__main__":
    main()

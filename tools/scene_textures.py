"""Textured scenes of tools/make_scenes.py: walls, cloth, plants, stone, hair. Linear light from a seeded generator."""
import numpy as np
from scipy import ndimage as ni
from scipy.spatial import cKDTree

from scene_parts import grid, hue, light, lit, mask, noise, ramp


def cells(w, h, rng, many, stretch=1.0):
    """Voronoi cells: index, distance to the nearest and the second nearest point."""
    points = rng.uniform(-0.05, 1.05, (many, 2)) * [w, h]
    yy, xx = np.mgrid[0:h, 0:w]
    tree = cKDTree(points * [1, stretch])
    near, which = tree.query(np.stack([xx, yy * stretch], -1).reshape(-1, 2), k=2)
    return which[:, 0].reshape(h, w), near[:, 0].reshape(h, w), near[:, 1].reshape(h, w)


def plaster(w, h, rng):
    """A wall of plaster, scratched and stained, under a lamp."""
    tone = hue(rng.random(), rng.uniform(0.02, 0.5), rng.uniform(0.3, 0.9))
    rough = noise(h, w, rng, rng.uniform(0.4, 1.6), rng.uniform(0.6, 1.8), rng.uniform(0.5, 2.5))
    stain = noise(h, w, rng, 2.2, rng.uniform(0.4, 1), 12)
    out = tone * lit(rough, rng, rng.uniform(0.02, 0.16))[..., None] * np.exp(rng.uniform(0.03, 0.2) * stain)[..., None]
    lines = [("line", list(zip(rng.uniform(0, w, 3), rng.uniform(0, h, 3))), rng.uniform(0.4, 1.2)) for _ in range(rng.integers(0, 9))]
    return out * (1 - rng.uniform(0.1, 0.5) * mask(w, h, lines)) * light(w, h, rng)


def bricks(w, h, rng):
    """Bricks or tiles in rows, each with its own tone, with mortar."""
    a, b = rng.uniform(30, 130), rng.uniform(14, 60)
    turn = rng.uniform(-0.08, 0.08)
    yy, xx = np.mgrid[0:h, 0:w].astype(float)
    wobble = noise(h, w, rng, 1.6, 1, 6) * rng.uniform(0, 1.2)
    u, v = xx + turn * yy + wobble, yy - turn * xx + wobble
    row = np.floor(v / b)
    u = u + a * np.where(row % 2 == 0, 0, rng.uniform(0.3, 0.5))
    column = np.floor(u / a)
    tones = rng.normal(0, rng.uniform(0.03, 0.3), 4096)[((row * 131 + column * 17).astype(int)) % 4096]
    edge = np.minimum(np.minimum(u % a, a - u % a), np.minimum(v % b, b - v % b))
    joint = np.clip((edge - rng.uniform(0.8, 2.5)) / 1.5, 0, 1)[..., None]
    grain = noise(h, w, rng, rng.uniform(0.5, 1.3), 1, 1)
    brick = hue(rng.uniform(0, 0.12), rng.uniform(0.1, 0.7), rng.uniform(0.3, 0.8)) * np.exp(tones + rng.uniform(0.03, 0.12) * grain)[..., None]
    mortar = hue(0.1, 0.1, rng.uniform(0.2, 0.8)) * np.exp(0.08 * grain)[..., None]
    return (brick * joint + mortar * (1 - joint)) * light(w, h, rng)


def cloth(w, h, rng):
    """Folds of woven cloth: threads, a printed pattern, soft shading."""
    fold = noise(h, w, rng, 2.4, rng.uniform(0.3, 3), 20)
    gy, gx = np.gradient(fold * rng.uniform(15, 60))
    yy, xx = np.mgrid[0:h, 0:w]
    period = rng.uniform(2.2, 6)
    u, v = (xx + 3 * gx) / period, (yy + 3 * gy) / period
    weave = 0.5 + 0.5 * np.sin(2 * np.pi * u) * np.sin(2 * np.pi * v)
    base, other = hue(rng.random(), rng.uniform(0.1, 0.8), rng.uniform(0.2, 0.8)), hue(rng.random(), rng.uniform(0.1, 0.8), rng.uniform(0.2, 0.9))
    wide = rng.uniform(8, 40)
    print_ = [np.sin(2 * np.pi * u / wide), np.sin(2 * np.pi * u / wide) * np.sin(2 * np.pi * v / wide), np.hypot(u % wide - wide / 2, v % wide - wide / 2) / wide - 0.3][rng.integers(3)]
    share = 1 / (1 + np.exp(-print_ * rng.uniform(4, 30)))[..., None]
    shade = np.clip(0.6 + 0.35 * np.tanh(gx * np.cos(1.1) + gy * 0.7), 0.03, 1)[..., None]
    return (base * share + other * (1 - share)) * (1 - rng.uniform(0.05, 0.4) * weave[..., None]) * shade * light(w, h, rng, 0.4)


def grass(w, h, rng):
    """Blades or needles before a soft ground, darker in depth."""
    x, y = grid(w, h)
    tint = rng.uniform(0.14, 0.4)
    out = np.ones((h, w, 3)) * hue(tint, 0.5, 0.12) * (0.5 + y[..., None])
    layers, far = rng.integers(4, 9), rng.uniform(0.1, 0.45)
    for k in range(layers):
        t = (k + 1) / layers
        shapes = []
        for _ in range(int(rng.uniform(60, 220))):
            px, py = rng.uniform(0, w), h * (far + (1.15 - far) * (t + rng.uniform(-0.15, 0.15)))
            long, lean = h * rng.uniform(0.06, 0.24) * (0.4 + t), rng.normal(0, 0.35)
            shapes.append(("line", [(px, py), (px + lean * long * 0.4, py - long * 0.6), (px + lean * long, py - long)], rng.uniform(0.7, 3) * t))
        m = mask(w, h, shapes, 3)
        body = hue(tint + rng.normal(0, 0.04), rng.uniform(0.3, 0.85), 0.15 + 0.6 * t * rng.uniform(0.5, 1)) * np.exp(0.15 * noise(h, w, rng, 1.4, 0.6, 2))[..., None]
        blur = (1 - t) * rng.uniform(0, 3)
        m = ni.gaussian_filter(m, (blur, blur, 0)) if blur > 0.3 else m
        out = out * (1 - m) + m * body
    above = ramp(y + 0 * x, [hue(rng.random(), 0.3, 0.9), hue(rng.random(), 0.3, 0.6), hue(tint, 0.4, 0.3)])
    edge = 1 / (1 + np.exp(-(y - far) * rng.uniform(20, 90)))[..., None]
    return above * (1 - edge) + out * edge


def foliage(w, h, rng):
    """Leaves in layers, sharp in front and defocused behind."""
    x, y = grid(w, h)
    out = ramp(y + 0.3 * x, [hue(rng.random(), 0.3, rng.uniform(0.1, 0.9)) for _ in range(3)])
    tint, layers = rng.uniform(0.0, 0.42), rng.integers(3, 6)
    for k in range(layers):
        t = (k + 1) / layers
        shapes = []
        for _ in range(int(rng.uniform(40, 160))):
            cx, cy, long, a = rng.uniform(-0.05, 1.05) * w, rng.uniform(-0.05, 1.05) * h, h * rng.uniform(0.02, 0.09) * (0.5 + t), rng.uniform(0, 2 * np.pi)
            s = np.linspace(0, np.pi, 9)
            wide = rng.uniform(0.2, 0.45)
            side = np.concatenate([np.sin(s) * wide, -np.sin(s[::-1]) * wide])
            along = np.concatenate([np.linspace(0, 1, 9), np.linspace(1, 0, 9)])
            shapes.append(("poly", list(zip(cx + long * (along * np.cos(a) - side * np.sin(a)), cy + long * (along * np.sin(a) + side * np.cos(a)))), 0))
        m = mask(w, h, shapes, 3)
        blur = (1 - t) * rng.uniform(1, 9)
        m = ni.gaussian_filter(m, (blur, blur, 0)) if blur > 0.3 else m
        vein = np.exp(0.25 * noise(h, w, rng, 1.5, rng.uniform(0.5, 2), 2))[..., None]
        out = out * (1 - m) + m * hue(tint + rng.normal(0, 0.03), rng.uniform(0.3, 0.9), 0.1 + 0.7 * t * rng.uniform(0.5, 1)) * vein
    return out * light(w, h, rng, 0.3)


def stones(w, h, rng):
    """Pebbles or cracked ground of cells, each shaded as a dome."""
    which, near, second = cells(w, h, rng, int(rng.uniform(60, 1500)), rng.uniform(0.6, 1.8))
    gap = second - near
    size = np.percentile(near, 90) + 1
    dome = np.clip(1 - (near / size) ** 2, 0, 1) ** rng.uniform(0.3, 1)
    tones = rng.normal(0, rng.uniform(0.05, 0.5), which.max() + 1)[which]
    hues = np.stack([hue(a, rng.uniform(0.02, 0.5), rng.uniform(0.3, 0.8)) for a in rng.normal(rng.random(), 0.05, 12)])[which % 12]
    rough = noise(h, w, rng, rng.uniform(0.6, 1.5), 1, 1.2)
    out = hues * np.exp(0.4 * tones + rng.uniform(0.05, 0.2) * rough)[..., None] * lit(dome * size * 0.6 + 0.4 * rough, rng, 0.3)[..., None]
    return out * (0.25 + 0.75 * np.clip(gap / rng.uniform(1.5, 5), 0, 1))[..., None] * light(w, h, rng, 0.3)


def wood(w, h, rng):
    """Boards with rings, knots and gaps."""
    yy, xx = np.mgrid[0:h, 0:w].astype(float)
    boards = rng.integers(1, 7)
    which = np.minimum((xx if (across := rng.random() < 0.5) else yy) * boards // (w if across else h), boards - 1).astype(int)
    along, cross = (yy, xx) if across else (xx, yy)
    shift = rng.uniform(0, 4000, boards)[which]
    knots = noise(h, w, rng, 2.2, 0.3 if across else 3, 6) * rng.uniform(4, 20)
    rings = np.sin((cross + knots + shift) * rng.uniform(0.15, 0.9)) * 0.5 + 0.5 * noise(h, w, rng, 0.9, 0.15 if across else 8, 1)
    tone = np.stack([hue(rng.uniform(0.04, 0.12), rng.uniform(0.2, 0.75), rng.uniform(0.15, 0.7)) for _ in range(boards)])[which]
    edge = (cross * boards / (w if across else h)) % 1
    gap = np.clip(np.minimum(edge, 1 - edge) * (w if across else h) / boards / 2.5, 0.1, 1)[..., None] if boards > 1 else 1
    return tone * np.exp(rng.uniform(0.05, 0.25) * rings + 0.0002 * along)[..., None] * gap * light(w, h, rng)


def hair(w, h, rng):
    """Strands of hair or fur that follow a flow, with highlights."""
    flow = noise(h, w, rng, 2.6, 1, 30)
    turn, length = rng.uniform(0, 2 * np.pi), int(rng.uniform(12, 50))
    a = turn + rng.uniform(0.3, 1.4) * flow
    yy, xx = np.mgrid[0:h, 0:w].astype(float)
    grains = rng.normal(size=(h, w))
    if rng.random() < 0.5:
        grains = ni.gaussian_filter(grains, 0.7)
    total, py, px = np.zeros((h, w)), yy.copy(), xx.copy()
    for _ in range(length):
        total += ni.map_coordinates(grains, [py, px], order=1, mode="wrap")
        angle = ni.map_coordinates(a, [py, px], order=0, mode="wrap")
        py, px = py + np.sin(angle), px + np.cos(angle)
    strands = total / total.std()
    tone = hue(rng.uniform(0.03, 0.12), rng.uniform(0.1, 0.7), rng.uniform(0.1, 0.8))
    shine = np.exp(-((np.sin(a - turn + rng.uniform(-1, 1)) / rng.uniform(0.2, 0.6)) ** 2))
    return tone * np.exp(rng.uniform(0.15, 0.5) * strands)[..., None] * (0.5 + 0.8 * shine[..., None]) * light(w, h, rng, 0.4)


PLAN = [(plaster, 8, "indoor"), (bricks, 8, "texture"), (cloth, 8, "texture"), (grass, 8, "texture"), (foliage, 8, "texture"), (stones, 8, "texture"),
        (wood, 6, "indoor"), (hair, 6, "texture")]

"""Drawn, rendered, night and water scenes of tools/make_scenes.py. Linear light from a seeded generator."""
import numpy as np
from scipy import ndimage as ni

from scene_parts import grid, hue, light, lit, mask, noise, ramp


def drawn(w, h, rng):
    """A drawn frame: even colours and gradients in areas with outlines, two tones of shade, as in animation."""
    x, y = grid(w, h)
    out = ramp(y + rng.normal(0, 0.2) * x, [hue(rng.random(), rng.uniform(0.1, 0.7), rng.uniform(0.3, 1)) for _ in range(rng.integers(2, 5))])
    for _ in range(rng.integers(4, 14)):
        cx, cy, r = rng.uniform(0, w), h * rng.uniform(0.1, 1.1), h * rng.uniform(0.08, 0.45)
        a = np.linspace(0, 2 * np.pi, 80, endpoint=False)
        bend = 1 + sum(rng.normal(0, 0.22 / k) * np.sin(k * a + rng.uniform(0, 6)) for k in range(1, 6))
        outline = list(zip(cx + r * bend * np.cos(a) * rng.uniform(0.5, 1.6), cy + r * bend * np.sin(a)))
        m = mask(w, h, [("poly", outline, 0)])
        shade = mask(w, h, [("poly", [(px + r * 0.25, py + r * 0.2) for px, py in outline], 0)])
        c = hue(rng.random(), rng.uniform(0.15, 0.9), rng.uniform(0.2, 1))
        paint = c * (0.55 + 0.45 * shade) if rng.random() < 0.7 else c * (1.1 - 0.6 * y[..., None])
        line = mask(w, h, [("line", outline + outline[:1], rng.uniform(0.8, 3.5))]) if rng.random() < 0.75 else 0
        out = (out * (1 - m) + m * paint) * (1 - 0.92 * line)
    if rng.random() < 0.4:
        out = out + 0.1 * hue(rng.random(), 0.4, 1) * light(w, h, rng, 0)
    return out


def terrain(w, h, rng):
    """A rendered landscape: a height map in perspective, with haze."""
    x, y = grid(w, h)
    n = 384
    ground = noise(n, n, rng, rng.uniform(1.6, 2.1), 1, 2)
    shade = lit(ground, rng, 0.35)
    far = ramp(y + 0 * x, [hue(rng.random(), rng.uniform(0.1, 0.6), v) for v in (0.5, 0.7, 0.9)])
    haze, tone = far[h // 2, 0], [hue(rng.uniform(0.05, 0.4), rng.uniform(0.1, 0.6), v) for v in (0.15, 0.4, 0.6, 0.9)]
    out, top = far.copy(), np.full(w, h)
    ox, rise, horizon = rng.uniform(0, n), h * rng.uniform(0.1, 0.4), rng.uniform(0.3, 0.6)
    for z in np.geomspace(1, 60, 260):
        u = (ox + (np.arange(w) / w - 0.5) * z * 5) % n
        v = np.full(w, (z * 5) % n)
        g = ni.map_coordinates(ground, [v, u], order=1, mode="wrap")
        s = ni.map_coordinates(shade, [v, u], order=1, mode="wrap")
        line = np.clip(h * horizon + (h * 0.9 - rise * g) / z, 0, h).astype(int)
        mist = 1 - np.exp(-z / rng.uniform(25, 30))
        body = ramp(np.clip(0.5 + 0.22 * g, 0, 1), tone) * s[:, None] * (1 - mist) + haze * mist
        for i in np.nonzero(line < top)[0]:
            out[line[i]:top[i], i] = body[i]
        top = np.minimum(top, line)
    near = ni.gaussian_filter(out, (0.8, 0.8, 0))
    return near * np.exp(0.05 * noise(h, w, rng, 1.0, 1, 1.5) * (y > horizon))[..., None]


def solids(w, h, rng):
    """A rendered table of balls: shadows, highlights, some chequered, a ground that fades."""
    X, Y = (np.arange(w)[None, :] - w / 2) / h, (np.arange(h)[:, None] - h * rng.uniform(0.35, 0.5)) / h
    ray = np.stack(np.broadcast_arrays(X, Y, np.ones((h, w))), -1)
    ray = ray / np.linalg.norm(ray, axis=-1, keepdims=True)
    sun = np.array([rng.uniform(-0.7, 0.7), rng.uniform(-0.9, -0.4), rng.uniform(-0.6, 0.1)])
    sun /= np.linalg.norm(sun)
    sky_, floor = [hue(rng.random(), rng.uniform(0.05, 0.5), v) for v in (rng.uniform(0.3, 0.9), rng.uniform(0.2, 0.8))]
    balls = [(np.array([rng.uniform(-1.2, 1.2), 0.5 - r, rng.uniform(1.8, 5)]), r) for r in rng.uniform(0.12, 0.5, rng.integers(3, 9))]

    def hit(o, d, c, r):
        b = ((o - c) * d).sum(-1)
        q = b * b - ((o - c) ** 2).sum(-1) + r * r
        t = -b - np.sqrt(np.maximum(q, 0))
        return np.where((q > 0) & (t > 1e-3), t, np.inf)

    zero = np.zeros(3)
    t = np.where(ray[..., 1] > 1e-3, 0.5 / np.maximum(ray[..., 1], 1e-3), np.inf)
    P = ray * np.minimum(t, 60)[..., None]
    check = rng.uniform(1, 5) * np.where(rng.random() < 0.5, 1, 0)
    paint = floor * (1 - 0.5 * ((np.floor(P[..., 0] * check) + np.floor(P[..., 2] * check)) % 2)[..., None] * (check > 0))
    shadow = np.ones((h, w))
    for c, r in balls:
        shadow = shadow * np.where(np.isfinite(hit(P, sun, c, r)), 0.35, 1)
    out = np.where(np.isfinite(t)[..., None], paint * shadow[..., None], 0)
    fade = np.exp(-np.where(np.isfinite(t), t, 99) / rng.uniform(5, 12))[..., None]
    out = out * fade + sky_ * (1 - fade) * (0.7 + 0.6 * Y[..., None])
    deep = t.copy()
    for c, r in balls:
        d = hit(zero, ray, c, r)
        where = d < np.minimum(deep, 1e9)
        deep = np.where(where, d, deep)
        N = (ray * np.where(np.isfinite(d), d, 0)[..., None] - c) / r
        glow = np.clip((N * sun).sum(-1), 0, 1)
        half = sun - ray
        half /= np.linalg.norm(half, axis=-1, keepdims=True)
        spec = np.clip((N * half).sum(-1), 0, 1) ** rng.uniform(8, 200)
        c1 = hue(rng.random(), rng.uniform(0.1, 0.9), rng.uniform(0.2, 0.9))
        ball = c1 * (0.12 + 0.9 * glow)[..., None] + rng.uniform(0, 0.8) * spec[..., None] + 0.15 * sky_ * np.clip(-N[..., 1:2], 0, 1)
        if rng.random() < 0.4:
            ball = ball * (0.55 + 0.45 * np.sign(np.sin(N[..., :1] * 14) * np.sin(N[..., 1:2] * 14)))
        out = np.where(where[..., None], ball, out)
    return ni.gaussian_filter(out, (0.6, 0.6, 0))


def city(w, h, rng):
    """A city at night: towers with lit windows under a glowing sky, stars or rain."""
    x, y = grid(w, h)
    glow = hue(rng.uniform(0.5, 1.1), rng.uniform(0.2, 0.8), rng.uniform(0.08, 0.35))
    out = (glow * (0.1 + y[..., None] ** rng.uniform(1, 3))) * np.exp(0.3 * noise(h, w, rng, 2.2, 2, 15))[..., None]
    stars = rng.random((h, w)) > 1 - rng.uniform(0, 0.0008)
    out = out + ni.gaussian_filter(stars * rng.exponential(1, (h, w)), rng.uniform(0.5, 0.9))[..., None] * 0.8
    for k in range(rng.integers(2, 5)):
        px = -20.0
        while px < w:
            wide, tall = rng.uniform(25, 120), h * rng.uniform(0.15, 0.65) * (1 - 0.12 * k)
            a, b, top = max(int(px), 0), min(int(px + wide), w), int(h - tall)
            px += wide * rng.uniform(0.8, 1.3)
            if b <= a:
                continue
            out[top:, a:b] = glow * 0.12 * (k + 1) * (0.6 + 0.4 * y[top:, :, None])
            step, on = rng.uniform(4, 12), rng.uniform(0.05, 0.6)
            rows, columns = np.arange(top + 4, h - 3, int(step * 1.3) + 1), np.arange(a + 3, b - 3, int(step) + 1)
            c = hue(rng.uniform(0.05, 0.6), rng.uniform(0.1, 0.6), 1)
            for r in rows:
                for q in columns[rng.random(len(columns)) < on]:
                    out[r:r + int(step * 0.7) + 1, q:q + int(step * 0.55) + 1] = c * rng.uniform(0.05, 0.9)
    out = ni.gaussian_filter(out, (0.6, 0.6, 0)) + 0.12 * ni.gaussian_filter(out, (14, 14, 0))
    return out * (1 + 0.2 * noise(h, w, rng, 1, 0.08, 1)[..., None] * (rng.random() < 0.3))


def ripples(w, h, rng):
    """Water from near: bent reflections, a caustic net or drops."""
    x, y = grid(w, h)
    height = noise(h, w, rng, rng.uniform(1.6, 2.4), rng.uniform(0.3, 4), rng.uniform(3, 14))
    gy, gx = np.gradient(height * rng.uniform(20, 120))
    back = ramp(np.clip(y + 0.15 * noise(h, w, rng, 2, 1, 10), 0, 1), [hue(rng.uniform(0.4, 0.7) if rng.random() < 0.7 else rng.random(), rng.uniform(0.2, 0.8), v) for v in rng.uniform(0.08, 0.8, 4)])
    yy, xx = np.mgrid[0:h, 0:w]
    out = np.stack([ni.map_coordinates(back[..., c], [yy + 6 * gy, xx + 6 * gx], order=1, mode="reflect") for c in range(3)], -1)
    net = np.clip(1 / (0.15 + np.abs(height * rng.uniform(1, 3) + 0.5 * noise(h, w, rng, 1.9, 1, 5))), 0, 6)
    out = out * (1 + rng.uniform(0, 0.12) * net[..., None]) + 0.25 * (np.clip(np.tanh(gx + gy) - rng.uniform(0.5, 0.95), 0, 1) ** 2)[..., None]
    return np.maximum(out, 0)


def smoke(w, h, rng):
    """Smoke or clouds of many scales, warped by themselves, before a gradient."""
    x, y = grid(w, h)
    a, b = noise(h, w, rng, 2, 1, 4) * h * 0.06, noise(h, w, rng, 2, 1, 4) * h * 0.06
    yy, xx = np.mgrid[0:h, 0:w]
    body = ni.map_coordinates(noise(h, w, rng, rng.uniform(1.2, 2), rng.uniform(0.5, 2), 1), [yy + a, xx + b], order=1, mode="wrap")
    share = 1 / (1 + np.exp(-(body - rng.uniform(-0.5, 1)) * rng.uniform(1, 4)))[..., None]
    back = ramp(y * rng.uniform(0.5, 1) + 0.2 * x, [hue(rng.random(), rng.uniform(0, 0.7), v) for v in rng.uniform(0.02, 0.7, 3)])
    return back * (1 - share) + share * hue(rng.random(), rng.uniform(0, 0.4), rng.uniform(0.3, 1)) * lit(body, rng, 0.12)[..., None] * light(w, h, rng, 0.4)


def gradients(w, h, rng):
    """Gradients of few colours, linear, radial or angular, as backdrops under grain."""
    x, y = grid(w, h)
    cx, cy, turn = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0, 2 * np.pi)
    t = [np.cos(turn) * (x - 0.5) + np.sin(turn) * (y - 0.5) + 0.5, np.hypot((x - cx) * w / h, y - cy),
         0.5 + 0.5 * np.cos(np.arctan2(y - cy, (x - cx) * w / h) + turn)][rng.integers(3)]
    stops = [hue(rng.random() * 0.4 + turn / 7, rng.uniform(0, 0.8), rng.uniform(0.03, 0.95)) for _ in range(rng.integers(2, 5))]
    t = t + rng.choice([0, 0.05, 0.12]) * noise(h, w, rng, 2.4, 1, 20)
    return ramp(t * rng.uniform(0.6, 1.1), stops)


PLAN = [(drawn, 12, "render"), (terrain, 7, "render"), (solids, 9, "render"), (city, 9, "night"), (ripples, 9, "water"), (smoke, 8, "fog"),
        (gradients, 9, "studio")]

"""More kinds of test drawings for tools/make_drawings.py: 25 to 60 close colours, outlines, grids, text.

Each function draws one image from a random generator. None of them needs more than numpy, scipy and Pillow."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage, spatial

SIZES = [(256, 256), (320, 240), (400, 300), (512, 384), (640, 360), (640, 480)]
WORDS = 'Total Paid Open Settings Account Name Date 1,204 38 % Untitled The quick brown fox jumps over it 2026 File'.split()


def size(rng):
    return SIZES[rng.integers(len(SIZES))]


def color(rng, low=0, high=256):
    return np.array(rng.integers(low, high, 3), float)


def close(rng, n=None):
    """25 to 60 close colours, in the order of their lightness."""
    n = n or int(rng.integers(25, 61))
    a = color(rng, 20, 200)
    b = a + rng.uniform(.4, 1, 3) * rng.integers(40, 120)
    t = np.linspace(0, 1, n)[:, None] ** rng.uniform(.7, 1.4)
    jitter = rng.integers(-2, 3, (n, 3)) if rng.random() < .5 else 0
    return np.clip(np.rint(a + (b - a) * t + jitter), 0, 255).astype(np.uint8)


def field(rng, w, h, s=None):
    f = ndimage.gaussian_filter(rng.normal(size=(h, w)), s or rng.uniform(.06, .2) * min(w, h), mode='wrap')
    return (f - f.min()) / (f.max() - f.min())


def pick(f, colors):
    return colors[np.minimum((f * len(colors)).astype(int), len(colors) - 1)]


def nearest(rng, n, w, h):
    points = rng.random((n, 2)) * (w, h)
    y, x = np.mgrid[:h, :w]
    far, which = spatial.cKDTree(points).query(np.stack([x, y], -1).reshape(-1, 2), k=2)
    return which[:, 0].reshape(h, w), (far[:, 1] - far[:, 0]).reshape(h, w), points


def edges(ids):
    return (ids != np.roll(ids, 1, 0)) | (ids != np.roll(ids, 1, 1))


def down(image, aa):
    w, h = image.size
    return np.asarray(image.resize((w // aa, h // aa), Image.BOX)) if aa > 1 else np.asarray(image)


def canvas(rng, fill=None, aa=1):
    w, h = size(rng)
    back = tuple(int(v) for v in (color(rng) if fill is None else np.broadcast_to(fill, 3)))
    image = Image.new('RGB', (w * aa, h * aa), back)
    return image, ImageDraw.Draw(image), w * aa, h * aa


def halves(rng, x0, y0, x1, y1, least):
    """The two parts of a rectangle that is cut across its longer side; each has the share `least` of it or more."""
    if x1 - x0 > y1 - y0:
        m = int(x0 + (x1 - x0) * rng.uniform(least, 1 - least))
        return (x0, y0, m, y1), (m, y0, x1, y1)
    m = int(y0 + (y1 - y0) * rng.uniform(least, 1 - least))
    return (x0, y0, x1, m), (x0, m, x1, y1)


def tone(c, by=0):
    return tuple(int(v) for v in np.clip(np.asarray(c, float) + by, 0, 255))


def tesserae(rng):
    """Square stones with grout or bevels; the colours follow a surface."""
    w, h = size(rng)
    k, gap, bevel = int(rng.integers(7, 18)), int(rng.integers(1, 3)), rng.random() < .5
    colors = close(rng)
    f = np.clip(field(rng, -(-w // k), -(-h // k), 4) + rng.normal(0, .02, (-(-h // k), -(-w // k))), 0, 1)
    out = pick(f, colors).repeat(k, 0).repeat(k, 1)[:h, :w].astype(int)
    y, x = np.mgrid[:h, :w]
    if bevel:
        out += 14 * ((x % k == 0) | (y % k == 0))[..., None] - 14 * ((x % k == k - 1) | (y % k == k - 1))[..., None]
    else:
        out[(x % k < gap) | (y % k < gap)] = rng.integers(30, 220)
    return np.clip(out, 0, 255).astype(np.uint8)


def relief_map(rng):
    """Height classes of close colours with contour lines, without anti-aliasing."""
    w, h = size(rng)
    colors = close(rng)
    f = field(rng, w, h)
    k = np.minimum((f * len(colors)).astype(int), len(colors) - 1)
    out = colors[k]
    every = rng.integers(1, 4)
    out[edges(k // every)] = tone(colors[0], -rng.integers(30, 80))
    return out


def uneven_wedge(rng):
    """Steps of uneven width, chosen by hand."""
    w, h = size(rng)
    n = int(rng.integers(8, 41))
    kind = rng.integers(3)
    if kind == 0:
        levels = np.repeat(np.rint(np.linspace(0, 255, n))[:, None], 3, 1).astype(np.uint8)
    else:
        levels = close(rng, n)
    across = rng.random() < .6
    side = w if across else h
    widths = rng.uniform(1, rng.uniform(2, 5), n)
    at = np.searchsorted(np.cumsum(widths) / widths.sum(), (np.arange(side) + .5) / side).clip(0, n - 1)
    line = levels[at]
    return np.tile(line[None], (h, 1, 1)) if across else np.tile(line[:, None], (1, w, 1))


def donut(rng):
    """A pie or ring of many close colours, without anti-aliasing."""
    image, d, w, h = canvas(rng, rng.choice([255, 245, 24]))
    colors = close(rng)
    if rng.random() < .5:
        rng.shuffle(colors)
    parts = np.cumsum(rng.uniform(.3, 1, len(colors)))
    parts = np.concatenate([[0], parts / parts[-1] * 360])
    r = min(w, h) * .46
    box = (w / 2 - r, h / 2 - r, w / 2 + r, h / 2 + r)
    for c, a, b in zip(colors, parts, parts[1:]):
        d.pieslice(box, a, b, fill=tone(c))
    if rng.random() < .6:
        r *= rng.uniform(.3, .7)
        d.ellipse((w / 2 - r, h / 2 - r, w / 2 + r, h / 2 + r), fill=(255, 255, 255))
    return down(image, 1)


def voronoi(rng):
    """Cells of flat, close colours, without outlines."""
    w, h = size(rng)
    colors = close(rng)
    ids, _, points = nearest(rng, int(rng.integers(40, 240)), w, h)
    if rng.random() < .5:
        f = field(rng, w, h)
        which = pick(f[points[:, 1].astype(int), points[:, 0].astype(int)], np.arange(len(colors)))
    else:
        which = rng.integers(0, len(colors), len(points))
    return colors[which][ids]


def stained_glass(rng):
    w, h = size(rng)
    colors = close(rng)
    ids, far, points = nearest(rng, int(rng.integers(40, 200)), w, h)
    out = colors[rng.integers(0, len(colors), len(points))][ids].copy()
    out[far < rng.uniform(1.5, 4)] = (24, 22, 20)
    return out


def art(rng, w, h):
    """Pixel art of close colours: a sky in bands, hills, a few figures."""
    colors = close(rng, int(rng.integers(25, 45)))
    out = pick(np.repeat(np.linspace(0, 1, h)[:, None], w, 1), colors[:len(colors) // 2])
    for layer in range(3):
        top = (h * (.45 + .15 * layer) + np.cumsum(rng.integers(-1, 2, w)) * .7).astype(int)
        tones = colors[len(colors) // 2 + 3 * layer:][:6]
        for i in range(w):
            for j in range(max(top[i], 0), h):
                out[j, i] = tones[min((j - top[i]) // 3, len(tones) - 1)]
    for _ in range(rng.integers(4, 12)):
        half = rng.integers(0, 4, (8, 4))
        k = np.concatenate([half, half[:, ::-1]], 1)
        x, y = rng.integers(0, w - 8), rng.integers(0, h - 8)
        tones = np.clip(color(rng) + 9 * np.arange(4)[:, None], 0, 255)
        out[y:y + 8, x:x + 8] = np.where((k > 0)[..., None], tones[k], out[y:y + 8, x:x + 8])
    return out.astype(np.uint8)


def scanlines(rng):
    """Pixel art on a cathode-ray tube: every second or third line is darker."""
    k = int(rng.choice([2, 3, 4]))
    out = art(rng, 320 // k, 240 // k).repeat(k, 0).repeat(k, 1).astype(float)
    dark = rng.uniform(.5, .95)
    out[k - 1::k] *= dark
    if rng.random() < .3:
        out[:, k - 1::k] *= dark
    return np.rint(out).astype(np.uint8)


def lcd(rng):
    """Pixel art on a screen of visible dots."""
    k, soft = int(rng.choice([3, 4, 5, 6])), rng.random() < .5
    small = art(rng, 320 // k, 240 // k)
    out = small.repeat(k, 0).repeat(k, 1).astype(float)
    y, x = np.mgrid[:out.shape[0], :out.shape[1]]
    line = (x % k == k - 1) | (y % k == k - 1)
    out[line] = out[line] * rng.uniform(.7, .95) if soft else 20
    return np.rint(out).astype(np.uint8)


def close_swatches(rng):
    """Forty or so close shades, square or round, with gaps or without."""
    nx, ny = int(rng.integers(6, 11)), int(rng.integers(4, 8))
    image, d, w, h = canvas(rng, rng.choice([255, 240, 30]), 4 if rng.random() < .3 else 1)
    colors = close(rng, nx * ny)
    if rng.random() < .3:
        rng.shuffle(colors)
    gap = int(rng.integers(0, 8)) if rng.random() < .6 else 0
    round_ = rng.random() < .4
    for i, c in enumerate(colors):
        x, y = i % nx * w // nx, i // nx * h // ny
        box = (x + gap, y + gap, (i % nx + 1) * w // nx - 1, (i // nx + 1) * h // ny - 1)
        (d.ellipse if round_ else d.rectangle)(box, fill=tone(c))
    return down(image, 4 if w > 1000 else 1)


def honeycomb(rng):
    aa = int(rng.choice([1, 1, 3]))
    image, d, w, h = canvas(rng, 40, aa)
    colors, s, outline = close(rng), rng.uniform(10, 24) * aa, rng.random() < .4
    f = field(rng, 64, 64, 6)
    for j in range(int(h / (1.5 * s)) + 2):
        for i in range(int(w / (1.732 * s)) + 2):
            x, y = (i + j % 2 / 2) * 1.732 * s, j * 1.5 * s
            p = [(x + s * np.sin(a), y + s * np.cos(a)) for a in np.arange(6) * np.pi / 3]
            c = colors[min(int(f[j % 64, i % 64] * len(colors)), len(colors) - 1)]
            d.polygon(p, fill=tone(c), outline=tone(c, -30) if outline else None)
    return down(image, aa)


def bricks(rng):
    """Toy bricks with studs."""
    w, h = size(rng)
    k = int(rng.integers(12, 24))
    colors = close(rng)
    image = Image.new('RGB', (w, h))
    d = ImageDraw.Draw(image)
    f = field(rng, w // k + 1, h // k + 1, 3)
    for j in range(h // k + 1):
        for i in range(w // k + 1):
            c = colors[int(f[j, i] * (len(colors) - 1))]
            d.rectangle((i * k, j * k, i * k + k - 1, j * k + k - 1), fill=tone(c))
            x, y, r = i * k + k / 2, j * k + k / 2, k * .3
            d.ellipse((x - r + 1, y - r + 1, x + r + 1, y + r + 1), fill=tone(c, -18))
            d.ellipse((x - r, y - r, x + r, y + r), fill=tone(c, 12))
    return down(image, 1)


def quilt(rng):
    """Triangles in squares."""
    image, d, w, h = canvas(rng, 0, int(rng.choice([1, 1, 3])))
    aa = max(1, w // 640 if w > 640 else 1)
    colors, k = close(rng), int(rng.integers(20, 48)) * aa
    for y in range(0, h, k):
        for x in range(0, w, k):
            a, b = colors[rng.integers(0, len(colors), 2)]
            d.rectangle((x, y, x + k, y + k), fill=tone(a))
            p = [(x, y), (x + k, y), (x, y + k)] if rng.random() < .5 else [(x, y), (x + k, y), (x + k, y + k)]
            d.polygon(p, fill=tone(b))
    return down(image, aa)


def cubes(rng):
    """Isometric cubes: three shades each."""
    image, d, w, h = canvas(rng, 230)
    colors, s = close(rng), rng.uniform(12, 26)
    for j in range(int(h / (1.5 * s)) + 2):
        for i in range(int(w / (1.732 * s)) + 2):
            x, y, c = (i + j % 2 / 2) * 1.732 * s, j * 1.5 * s, colors[rng.integers(len(colors))]
            corner = [(x + s * np.sin(a), y - s * np.cos(a)) for a in np.arange(6) * np.pi / 3]
            for k, by in ((0, 10), (2, -8), (4, -24)):
                d.polygon([(x, y), corner[k - 1], corner[k], corner[(k + 1) % 6]], fill=tone(c, by))
    return down(image, 1)


def treemap(rng):
    image, d, w, h = canvas(rng, 255)
    colors, gap = close(rng), int(rng.integers(0, 3))

    def split(x0, y0, x1, y1, depth):
        if depth == 0 or min(x1 - x0, y1 - y0) < 24:
            d.rectangle((x0, y0, x1 - 1 - gap, y1 - 1 - gap), fill=tone(colors[rng.integers(len(colors))]))
            return
        for part in halves(rng, x0, y0, x1, y1, .3):
            split(*part, depth - 1)

    split(0, 0, w, h, int(rng.integers(4, 8)))
    return down(image, 1)


def color_wheel(rng):
    """Rings of sectors, without anti-aliasing."""
    w, h = size(rng)
    y, x = np.mgrid[:h, :w]
    a = np.arctan2(y - h / 2, x - w / 2) / (2 * np.pi) + .5
    r = np.hypot(y - h / 2, x - w / 2) / (min(w, h) / 2)
    n, rings = int(rng.choice([12, 18, 24, 36])), int(rng.integers(1, 4))
    hue = np.floor(a * n) / n
    light = .3 + .5 * np.floor(r * rings) / rings
    m = rng.uniform(.3, .9)
    out = np.dstack([np.clip(light + m * .4 * np.cos(2 * np.pi * (hue - k / 3)), 0, 1) for k in range(3)]) * 255
    out[r > .97] = 255
    return np.rint(out).astype(np.uint8)


def streams(rng):
    """Layers of a stream graph, without anti-aliasing: in any order of colours, or with lines between them."""
    w, h = size(rng)
    colors = close(rng, int(rng.integers(25, 40)))
    lines = rng.random() < .5
    if not lines:
        rng.shuffle(colors)
    t = np.cumsum(ndimage.gaussian_filter1d(rng.random((len(colors), w)), w / 12, axis=1, mode='reflect'), 0)
    t = t / t[-1].max() * h * .9
    y = np.arange(h)[:, None]
    k = (y[None] >= t[:, None]).sum(0)
    out = colors[np.minimum(k, len(colors) - 1)].copy()
    out[k >= len(colors)] = 255
    if lines:
        out[edges(k)] = 255
    return out


def bubbles(rng):
    """Circles of close colours over each other, without anti-aliasing."""
    image, d, w, h = canvas(rng, rng.choice([255, 20]))
    outline = rng.random() < .4
    for c in close(rng):
        x, y, r = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(.03, .16) * w
        d.ellipse((x - r, y - r, x + r, y + r), fill=tone(c), outline=tone(c, -40) if outline else None)
    return down(image, 1)


def text_in(d, rng, x, y, n, fill, px):
    font = ImageFont.load_default(px)
    for i in range(n):
        d.text((x, y + i * px * 1.4), ' '.join(rng.choice(WORDS, rng.integers(3, 9))), fill=fill, font=font)


def screen(rng):
    """Windows, buttons and anti-aliased text."""
    dark = rng.random() < .4
    base = np.full(3, rng.integers(18, 50) if dark else rng.integers(225, 252))
    image, d, w, h = canvas(rng, base)
    ink = (225, 226, 230) if dark else (28, 30, 36)
    accent = tone(color(rng, 40, 220))
    d.rectangle((0, 0, w, 26), fill=tone(base, -12))
    text_in(d, rng, 8, 6, 1, ink, 12)
    d.rectangle((0, 27, w // 5, h), fill=tone(base, -6))
    for i in range(h // 24 - 2):
        text_in(d, rng, 8, 34 + 24 * i, 1, tone(ink, 40 if not dark else -40), int(rng.choice([10, 11, 13])))
    d.rectangle((w // 5, 27, w, h), fill=tone(base))
    for _ in range(rng.integers(1, 5)):
        x, y = rng.uniform(w * .22, w * .6), rng.uniform(36, h * .8)
        d.rounded_rectangle((x, y, x + w * .35, y + h * .2), 6, fill=tone(base, 8 if dark else -8), outline=tone(base, -30))
        text_in(d, rng, x + 8, y + 6, int(rng.integers(1, 5)), ink, int(rng.choice([11, 12, 14, 18])))
    d.rounded_rectangle((w * .75, h - 36, w - 10, h - 10), 5, fill=accent)
    text_in(d, rng, w * .77, h - 32, 1, (255, 255, 255), 13)
    return down(image, 1)


def palette_screen(rng):
    """The same with at most 256 colours, stored as indices."""
    image = Image.fromarray(screen(rng))
    n = int(rng.choice([16, 32, 64, 128, 256]))
    return image.quantize(n, [Image.MEDIANCUT, Image.FASTOCTREE][rng.integers(2)], dither=Image.Dither.NONE)


def palette_text(rng):
    """A page of text, with the colour fringes of subpixel rendering or without, stored as indices."""
    dark = rng.random() < .3
    image, d, w, h = canvas(rng, 20 if dark else rng.choice([238, 250, 255]))
    text_in(d, rng, 8, 6, h // 17, (220,) * 3 if dark else (30,) * 3, 12)
    out = np.asarray(image).astype(float)
    if rng.random() < .6:
        fringed = out.copy()
        fringed[:, 1:, 0] = out[:, 1:, 0] * .67 + out[:, :-1, 0] * .33
        fringed[:, :-1, 2] = out[:, :-1, 2] * .67 + out[:, 1:, 2] * .33
        out = fringed
    image = Image.fromarray(np.rint(out).astype(np.uint8))
    return image.quantize(int(rng.choice([8, 16, 64, 256])), Image.MEDIANCUT, dither=Image.Dither.NONE)


def countries(rng):
    """Regions with winding borders, in close colours."""
    w, h = size(rng)
    ids, _, points = nearest(rng, 40, w, h)
    y, x = np.mgrid[:h, :w]
    by, bx = ((field(rng, w, h, 6) * 30 - 15).astype(int) for _ in range(2))
    ids = ids[np.clip(y + by, 0, h - 1), np.clip(x + bx, 0, w - 1)]
    colors = close(rng)
    return colors[rng.integers(0, len(colors), len(points))][ids]


def paper_cut(rng):
    """Layers of paper with hard shadows."""
    w, h = size(rng)
    colors = close(rng, int(rng.integers(25, 34)))
    k = np.minimum((field(rng, w, h) * len(colors)).astype(int), len(colors) - 1)
    out = colors[k].astype(int)
    out[np.roll(np.roll(k, 2, 0), 2, 1) > k] -= 22
    return np.clip(out, 0, 255).astype(np.uint8)


def boards(rng):
    """A floor of boards with grain."""
    w, h = size(rng)
    colors, out, y = close(rng), np.zeros((h, w, 3), np.uint8), 0
    while y < h:
        t, x = int(rng.integers(14, 30)), -int(rng.integers(0, 100))
        while x < w:
            long, c = int(rng.integers(60, 160)), colors[rng.integers(len(colors))].astype(int)
            out[y:y + t, max(x, 0):max(x + long, 0)] = c
            for g in rng.integers(0, t, 3):
                out[y + g:y + g + 1, max(x, 0):max(x + long, 0)] = np.clip(c - rng.integers(4, 12), 0, 255)
            x += long
        y += t
    return out


def curves(rng):
    """Square tiles with arcs."""
    image, d, w, h = canvas(rng, 230)
    colors, k, r = close(rng), 32, 16
    for y in range(0, h, k):
        for x in range(0, w, k):
            a, b = (tone(colors[rng.integers(len(colors))]) for _ in range(2))
            d.rectangle((x, y, x + k, y + k), fill=a)
            for cx, cy in [(x, y), (x + k, y + k)] if rng.random() < .5 else [(x + k, y), (x, y + k)]:
                d.arc((cx - r, cy - r, cx + r, cy + r), 0, 360, fill=b, width=8)
    return down(image, 1)


def terminal(rng):
    """Coloured text and blocks on black."""
    image, d, w, h = canvas(rng, rng.choice([0, 12, 30]))
    tones = [tone(color(rng, 90, 256)) for _ in range(8)]
    for i in range(h // 16):
        if rng.random() < .15:
            for k in range(36):
                x = 6 + k * w // 40
                d.rectangle((x, 16 * i + 1, x + w // 40 - 1, 16 * i + 15), fill=tone((k // 6 * 51, k % 6 * 51, i * 9 % 256)))
        else:
            text_in(d, rng, 6, 16 * i, 1, tones[rng.integers(8)], 12)
    return down(image, 1)


MORE = {'tesserae': tesserae, 'relief-map': relief_map, 'uneven-wedge': uneven_wedge, 'donut': donut, 'voronoi': voronoi,
        'stained-glass': stained_glass, 'scanlines': scanlines, 'lcd': lcd, 'close-swatches': close_swatches, 'honeycomb': honeycomb,
        'bricks': bricks, 'quilt': quilt, 'cubes': cubes, 'treemap': treemap, 'color-wheel': color_wheel, 'streams': streams,
        'bubbles': bubbles, 'screen': screen, 'palette-screen': palette_screen, 'terminal': terminal,
        'palette-text': palette_text, 'countries': countries, 'paper-cut': paper_cut, 'boards': boards, 'curves': curves}

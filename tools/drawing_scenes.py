"""Whole pictures for tools/make_drawings.py: designs, maps, charts, screens, plans and comics whose flats and steps are intended.

Each function draws one image from a random generator. Some have clean gradients, soft shadows or noise beside the flats; none has lost
levels, though `saved_cartoon` went through a lossy file. `false_color` and `spectrogram` take colour maps from matplotlib."""

import colorsys
import io

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from scipy import ndimage

from drawing_kinds import WORDS, canvas, color, down, edges, field, halves, nearest, pick, size, tone

KEYS = 'def return if else for in while import from class None True not with as'.split()
NAMES = 'width height image pixels band step mean out row total path level count'.split()
ELEMENTS = 'H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr'.split()


def hsv(h, s, v):
    return np.array(colorsys.hsv_to_rgb(h % 1, min(max(s, 0), 1), min(max(v, 0), 1))) * 255


def between(a, b, n, power=1.):
    """n whole colours from a to b."""
    return np.rint(a + (np.asarray(b, float) - a) * np.linspace(0, 1, n)[:, None] ** power).clip(0, 255).astype(np.uint8)


def near(rng, base, n, low, high):
    """n colours, each a step of `low` to `high` codes from the one before."""
    toward = 1 if np.mean(base) < 128 else -1
    steps = toward * rng.uniform(.6, 1, 3) * rng.integers(low, high + 1)
    return np.rint(base + steps * np.arange(n)[:, None]).clip(0, 255).astype(np.uint8)


def rounded(values):
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)


def blend(image, shapes, fill, alpha, blur=0):
    """The image with `fill` laid over it through the mask that `shapes` draws."""
    mask = Image.new('L', image.size, 0)
    shapes(ImageDraw.Draw(mask))
    mask = mask.filter(ImageFilter.GaussianBlur(blur)) if blur else mask
    return Image.composite(Image.new('RGB', image.size, tone(fill)), image, mask.point(lambda v: int(v * alpha + .5)))


def label(d, x, y, words, fill, px):
    d.text((x, y), str(words), fill=tone(fill), font=ImageFont.load_default(px))


def lines(d, rng, x, y, n, wide, fill, px):
    """n lines of words that end before `wide`."""
    font = ImageFont.load_default(px)
    for i in range(n):
        line = str(rng.choice(WORDS))
        for word in rng.choice(WORDS, rng.integers(2, 9)):
            if d.textlength(f'{line} {word}', font) < wide:
                line += f' {word}'
        d.text((x, y + i * px * 1.4), line, fill=tone(fill), font=font)


def disc(d, x, y, r, fill, **more):
    d.ellipse((x - r, y - r, x + r, y + r), fill=None if fill is None else tone(fill), **more)


def sunset(rng):
    """A sun cut in stripes before a sky in steps, over dark hills."""
    aa = int(rng.choice([1, 3]))
    hue = rng.uniform(.75, 1.15)
    high, low = hsv(hue, .8, rng.uniform(.15, .4)), hsv(hue + .12, .75, rng.uniform(.7, 1))
    image, d, w, h = canvas(rng, high, aa)
    sky = between(high, low, int(rng.integers(5, 22)), rng.uniform(.8, 1.5))
    for i, c in enumerate(sky):
        d.rectangle((0, i * h * .8 // len(sky), w, h), fill=tone(c))
    r, x, y = h * rng.uniform(.25, .38), w / 2, h * .55
    stripes = between(hsv(hue + .22, .55, 1), hsv(hue + .1, .8, .95), int(rng.integers(5, 14)))
    cut = Image.new('L', (w, h), 0)
    c = ImageDraw.Draw(cut)
    c.ellipse((x - r, y - r, x + r, y + r), fill=255)
    for i in range(5):
        c.rectangle((0, y + r * (.1 + .18 * i), w, y + r * (.12 + .2 * i)), fill=0)
    sun = image.copy()
    s = ImageDraw.Draw(sun)
    for i, t in enumerate(stripes):
        s.rectangle((0, y - r + 2 * r * i / len(stripes), w, y + r), fill=tone(t))
    image.paste(sun, mask=cut)
    d = ImageDraw.Draw(image)
    for i, t in enumerate(near(rng, high * .5, 4, 2, 9)[::-1]):
        top = h * (.72 + .06 * i) - h * .06 * np.sin(np.arange(0, 9) * rng.uniform(.5, 1.4) + rng.uniform(0, 6))
        d.polygon([(w * k / 8, v) for k, v in enumerate(top)] + [(w, h), (0, h)], fill=tone(t))
    return down(image, aa)


def discs(rng):
    """Discs inside discs, in near tones, and one sign with a long shadow."""
    aa = int(rng.choice([1, 2, 4]))
    base = hsv(rng.random(), rng.uniform(.2, .8), rng.uniform(.3, .9))
    n = int(rng.integers(4, 13))
    tones = near(rng, base, n + 1, 2, 12)
    image, d, w, h = canvas(rng, tones[0], aa)
    for _ in range(rng.integers(1, 4)):
        x, y, big = rng.uniform(.15, .85) * w, rng.uniform(.15, .85) * h, rng.uniform(.3, .75) * h
        drop = rng.uniform(0, .5) if rng.random() < .5 else 0
        for i in range(n):
            r = big * (1 - i / n)
            disc(d, x, y + (big - r) * drop, r, tones[i + 1])
    k, x, y = h * .12, w * rng.uniform(.3, .7), h * rng.uniform(.3, .7)
    d.polygon([(x - k, y + k), (x + k, y - k), (x + k + h, y - k + h), (x - k + h, y + k + h)], fill=tone(tones[0], -14))
    disc(d, x, y, k * 1.41, (250, 250, 250))
    d.polygon([(x - k / 2, y - k * .7), (x - k / 2, y + k * .7), (x + k * .8, y)], fill=tone(base))
    return down(image, aa)


def stepped_backdrop(rng):
    """A backdrop of 5 to 40 steps behind a card, a title and a row of signs."""
    aa = int(rng.choice([1, 1, 3]))
    image, d, w, h = canvas(rng, 0, aa)
    n = int(rng.integers(5, 41))
    a = hsv(rng.random(), rng.uniform(.1, .9), rng.uniform(.2, .9))
    steps = near(rng, a, n, 1, 5) if rng.random() < .5 else between(a, color(rng), n)
    y, x = np.mgrid[:h, :w]
    turn = rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)])
    t = x * np.cos(turn) + y * np.sin(turn) if rng.random() < .7 else np.hypot(x - w / 2, (y - h * rng.random()) * 1.3)
    image = Image.fromarray(pick((t - t.min()) / np.ptp(t), steps))
    d = ImageDraw.Draw(image)
    m = w // 8
    d.rounded_rectangle((m, h * .2, w - m, h * .62), 8 * aa, fill=tone((252, 252, 250)))
    lines(d, rng, m + 12 * aa, h * .25, 1, w - 2 * m - 24 * aa, (30, 30, 40), 22 * aa)
    lines(d, rng, m + 12 * aa, h * .25 + 34 * aa, 3, w - 2 * m - 24 * aa, (90, 90, 100), 12 * aa)
    for i in range(5):
        disc(d, m + (i + .5) * (w - 2 * m) / 5, h * .8, h * .07, steps[n * i // 5] if rng.random() < .5 else color(rng))
    return down(image, aa)


def colors_of(rng, names):
    import matplotlib
    table = matplotlib.colormaps[str(rng.choice(names))](np.arange(256))[:, :3]
    return rounded(table * 255)


def false_color(rng):
    """A smooth field in a colour map, beside a legend of few or of all colours."""
    w, h = size(rng)
    table = colors_of(rng, ['jet', 'viridis', 'inferno', 'turbo', 'plasma', 'hot', 'coolwarm', 'hsv'])
    image = Image.new('RGB', (w, h), (255, 255, 255))
    d = ImageDraw.Draw(image)
    fw, fh = int(w * .74), h - 40
    f = field(rng, fw, fh, rng.uniform(.1, .3) * fh)
    if rng.random() < .3:
        f = np.clip(f + rng.normal(0, .01, f.shape), 0, 1)
    image.paste(Image.fromarray(pick(f, table)), (30, 16))
    n = int(rng.choice([6, 8, 10, 16, 256]))
    x = int(w * .74) + 42
    for j in range(fh):
        d.line((x, 16 + j, x + 16, 16 + j), fill=tone(table[int((n - 1 - j * n // fh) / (n - 1) * 255)]))
    d.rectangle((x - 1, 15, x + 17, 16 + fh), outline=(0, 0, 0))
    for i in range(6):
        label(d, x + 20, 12 + i * (fh - 10) // 5, f'{1 - i / 5:.1f}', (0,) * 3, 11)
        label(d, 30 + i * (fw - 20) // 5, h - 20, i * 20, (0,) * 3, 11)
        d.line((25, 16 + i * (fh - 1) // 5, 29, 16 + i * (fh - 1) // 5), fill=(0, 0, 0))
    return np.asarray(image)


def hillshade(rng):
    """Heights in classes of colour, darkened by the light on the slopes."""
    w, h = size(rng)
    f = field(rng, w, h, rng.uniform(.05, .15) * h) + .12 * field(rng, w, h, rng.uniform(3, 9))
    f = (f - f.min()) / np.ptp(f)
    stops = np.array([(60, 120, 160), (90, 150, 90), (190, 200, 120), (220, 180, 110), (160, 110, 80), (245, 245, 245)], float)
    n = int(rng.integers(5, 17))
    at = np.linspace(0, 1, n)
    tints = np.stack([np.interp(at, np.linspace(0, 1, 6), stops[:, i]) for i in range(3)], 1) * rng.uniform(.85, 1.05, 3)
    dy, dx = np.gradient(f * rng.uniform(20, 60))
    light = (1 - dx * .7 - dy * .7) / np.sqrt(1 + dx ** 2 + dy ** 2) / 1.73
    k = pick(f, np.arange(n))
    out = tints[k] * (1 - rng.uniform(.2, .6) * (1 - np.clip(light * 1.7, 0, 1.2)))[..., None]
    sea = f < .25
    if rng.random() < .5:
        out[sea] = tints[0]
    if rng.random() < .4:
        out[edges(k)] *= .8
    return rounded(out)


def radar(rng):
    """A weather radar: classes of rain in blocks over a grey map with borders, with the scale of the classes."""
    w, h = size(rng)
    dark = rng.random() < .5
    land, line = ((38, 42, 48), (90, 96, 104)) if dark else ((226, 226, 220), (140, 140, 140))
    ids, far, points = nearest(rng, int(rng.integers(8, 24)), w, h)
    out = np.empty((h, w, 3), np.uint8)
    out[:] = land
    out[(ids % 5 == 0)] = tone(land, -12)
    out[far < 1.2] = line
    scale = np.array([(4, 233, 231), (1, 159, 244), (3, 0, 244), (2, 253, 2), (1, 197, 1), (0, 142, 0), (253, 248, 2), (229, 188, 0),
                      (253, 149, 0), (253, 0, 0), (212, 0, 0), (188, 0, 0), (248, 0, 253), (152, 84, 198)], np.uint8)
    if rng.random() < .3:
        scale = between(hsv(rng.random(), .3, .95), hsv(rng.random(), .9, .5), 14)
    k = int(rng.integers(1, 6))
    small = field(rng, w // k + 1, h // k + 1, rng.uniform(.04, .1) * h / k) + rng.normal(0, .015, (h // k + 1, w // k + 1))
    rain = np.clip((small - .5) / .5 * rng.uniform(1, 1.3), 0, .999).repeat(k, 0).repeat(k, 1)[:h, :w]
    drawn = pick(rain, scale).astype(float)
    alpha = rng.choice([1, 1, .7])
    out = np.where((rain > .02)[..., None], rounded(drawn * alpha + out * (1 - alpha)), out)
    image = Image.fromarray(out)
    d = ImageDraw.Draw(image)
    for i, c in enumerate(scale):
        d.rectangle((8 + 12 * i, h - 18, 19 + 12 * i, h - 8), fill=tone(c))
    label(d, 8, h - 34, '5   15   25   35   45   55 dBZ', (230,) * 3 if dark else (20,) * 3, 11)
    for r in (.15, .3, .45):
        disc(d, w / 2, h / 2, r * w, None, outline=line)
    return np.asarray(image)


def spectrogram(rng):
    """Tones, sweeps and noise over time, in a colour map of 256 colours."""
    w, h = size(rng)
    table = colors_of(rng, ['magma', 'inferno', 'viridis', 'jet', 'gray'])
    y, x = np.mgrid[:h, :w] / [[[h]], [[w]]]
    power = .25 * np.exp(-3 * (1 - y)) + rng.uniform(.01, .06) * rng.exponential(1, (h, w))
    for _ in range(rng.integers(3, 9)):
        f0, slope, start, span = rng.uniform(.1, .8), rng.uniform(-.4, .4), rng.uniform(0, .7), rng.uniform(.1, .5)
        on = np.clip(np.minimum(x - start, start + span - x) * 30, 0, 1)
        for k in range(1, 5):
            at = 1 - k * (f0 * .4 + slope * (x - start) * .4 + .01 * np.sin(40 * x))
            power += on * .6 / k * np.exp(-((y - at) / .008) ** 2)
    f = np.clip(np.log1p(power * 12) / np.log(12), 0, .999)
    k = int(rng.choice([1, 1, 2, 4]))
    f = f[::k, ::k].repeat(k, 0).repeat(k, 1)[:h, :w]
    if rng.random() < .3:
        f = np.where(f < .25, 0, f)
    image = Image.fromarray(pick(f, table))
    d = ImageDraw.Draw(image)
    for i in range(5):
        label(d, 3, i * h // 5 + 2, f'{10 - 2 * i} kHz', (255,) * 3, 10)
        d.line((0, i * h // 5, 4, i * h // 5), fill=(255, 255, 255))
    return np.asarray(image)


def sheet(rng):
    """A plan of tasks, a calendar of a month or a table of elements."""
    dark = rng.random() < .35
    back, ink = (np.array((28., 30, 36)), (225, 225, 230)) if dark else (np.full(3, 252.), (30, 32, 38))
    aa = int(rng.choice([1, 1, 3]))
    image, d, w, h = canvas(rng, back, aa)
    kind, hue, px = rng.integers(3), rng.random(), 11 * aa
    families = [hsv(hue + rng.uniform(-.08, .08), rng.uniform(.25, .6), rng.uniform(.45, .9)) for _ in range(8)]
    top = 26 * aa
    if kind == 0:
        rows, left = int(rng.integers(8, 16)), w // 4
        for i in range(14):
            x = left + i * (w - left) // 14
            if i % 7 > 4:
                d.rectangle((x, top, x + (w - left) // 14, h), fill=tone(back, 8 if dark else -6))
            label(d, x + 3 * aa, 6 * aa, i + 1, ink, px)
        for j in range(rows):
            y, step = top + j * (h - top) // rows, (h - top) // rows
            d.line((0, y, w, y), fill=tone(back, 20 if dark else -20), width=aa)
            lines(d, rng, 4 * aa, y + 3 * aa, 1, left - 8 * aa, ink, px)
            d.rectangle((left - 1, y + 1, left, y + step), fill=tone(back, 30 if dark else -30))
            a = left + (w - left) * rng.uniform(0, .7)
            b = a + (w - left) * rng.uniform(.1, .3)
            c = families[rng.integers(8)]
            d.rounded_rectangle((a, y + 3 * aa, b, y + step - 4 * aa), 3 * aa, fill=tone(c))
            d.rounded_rectangle((a, y + 3 * aa, a + (b - a) * rng.uniform(.2, .9), y + step - 4 * aa), 3 * aa, fill=tone(c, -16))
    elif kind == 1:
        heat = near(rng, back, 7, 4, 14)
        label(d, 6 * aa, 4 * aa, str(rng.choice(['January', 'May', 'October'])) + ' 2026', ink, 14 * aa)
        for j in range(5):
            for i in range(7):
                box = (i * w // 7, top + j * (h - top) // 5, (i + 1) * w // 7, top + (j + 1) * (h - top) // 5)
                fill = heat[rng.integers(7)] if rng.random() < .6 else back
                d.rectangle(box, fill=tone(fill), outline=tone(back, 24 if dark else -24))
                label(d, box[0] + 4 * aa, box[1] + 3 * aa, (j * 7 + i) % 31 + 1, ink, px)
                for k in range(rng.integers(0, 3)):
                    y = box[1] + (18 + 9 * k) * aa
                    c = families[rng.integers(8)]
                    d.rounded_rectangle((box[0] + 3 * aa, y, box[2] - 4 * aa, y + 7 * aa), 2 * aa, fill=tone(c))
    else:
        for i, name in enumerate(ELEMENTS):
            col = i if i > 17 else {0: 0, 1: 17}.get(i, (i - 2) % 8 if (i - 2) % 8 < 2 else (i - 2) % 8 + 10)
            row = 0 if i < 2 else 1 if i < 10 else 2 if i < 18 else 3
            col, step = col if i < 18 else i - 18, (h - top) / 6
            x, y = col * w / 18, top + row * step
            c = families[(col * 7 + row) % 5 if 2 <= col < 13 else col % 8]
            d.rectangle((x + aa, y + aa, x + w / 18 - aa, y + step - aa), fill=tone(c))
            label(d, x + 3 * aa, y + 2 * aa, i + 1, (20, 20, 24), 8 * aa)
            label(d, x + 3 * aa, y + step * .35, name, (20, 20, 24), 12 * aa)
        for i, c in enumerate(families):
            y = top + 4.4 * (h - top) / 6 + (i // 4) * 24 * aa
            d.rectangle((w * (.05 + i % 4 * .24), y, w * (.05 + i % 4 * .24) + 14 * aa, y + 14 * aa), fill=tone(c))
            lines(d, rng, w * (.05 + i % 4 * .24) + 18 * aa, y, 1, w * .24 - 24 * aa, ink, 9 * aa)
        label(d, 6 * aa, 4 * aa, 'Periodic table', ink, 15 * aa)
    return down(image, aa)


def code_editor(rng):
    """Coloured code on a dark ground, in full colour or as indices of a palette."""
    base = hsv(rng.random(), rng.uniform(0, .4), rng.uniform(.08, .22))
    image, d, w, h = canvas(rng, base)
    hue = rng.random()
    inks = [hsv(hue + k / 5, rng.uniform(.2, .6), rng.uniform(.75, .95)) for k in range(5)]
    px = int(rng.choice([11, 12, 13, 15]))
    font = ImageFont.load_default(px)
    d.rectangle((0, 0, 40, h), fill=tone(base, 5))
    d.rectangle((0, h - 18, w, h), fill=tone(base, 16))
    now = int(rng.integers(2, h // 20))
    for i, y in enumerate(range(6, h - 34, int(px * 1.5))):
        if i == now:
            d.rectangle((40, y - 2, w, y + px + 3), fill=tone(base, 9))
        d.text((14, y), str(i + 1), fill=tone(base, 70), font=font)
        x = 50 + 4 * px // 2 * int(rng.integers(0, 4))
        for _ in range(rng.integers(0, 9)):
            k, key, name = rng.integers(5), str(rng.choice(KEYS)), str(rng.choice(NAMES))
            word = [key, name, f"'{name}'", str(rng.integers(0, 999)), '= ( ) ['][k]
            d.text((x, y), word, fill=tone(inks[k]), font=font)
            x += d.textlength(word + ' ', font=font)
    for y in range(4, h // 2, 3):
        d.line((w - 60, y, w - 60 + int(rng.integers(4, 50)), y), fill=tone(base, 40))
    if rng.random() < .6:
        return image.quantize(int(rng.choice([16, 32, 64, 128, 256])), Image.MEDIANCUT, dither=Image.Dither.NONE)
    return np.asarray(image)


def translucent_screen(rng):
    """Windows with soft shadows, see-through panels and a dimmed page below a dialog."""
    dark = rng.random() < .5
    base = np.full(3, rng.integers(24, 60) if dark else rng.integers(215, 248)) + rng.integers(-6, 7, 3)
    ink = (230, 232, 236) if dark else (34, 36, 42)
    image, d, w, h = canvas(rng, base)
    for i in range(4):
        for j in range(3):
            d.rounded_rectangle((12 + i * w // 4, 12 + j * h // 3, i * w // 4 + w // 4 - 4, j * h // 3 + h // 3 - 4), 8,
                                fill=tone(base, 6 if dark else -7))
            lines(d, rng, 20 + i * w // 4, 20 + j * h // 3, 2, w // 4 - 32, ink, 10)
    if rng.random() < .4:
        image = blend(image, lambda m: m.rectangle((0, 0, w, h), fill=255), (0, 0, 0), rng.uniform(.2, .6))
    for _ in range(rng.integers(1, 4)):
        x, y, ww, hh = rng.uniform(.04, .45) * w, rng.uniform(.05, .45) * h, rng.uniform(.35, .5) * w, rng.uniform(.35, .5) * h
        soft = rng.uniform(4, 16)
        shadow = lambda m, by=soft / 2: m.rounded_rectangle((x, y + by, x + ww, y + hh + by), 10, fill=255)
        image = blend(image, shadow, (0, 0, 0), rng.uniform(.15, .5), soft)
        see = rng.choice([1, 1, .85, .7])
        window = lambda m: m.rounded_rectangle((x, y, x + ww, y + hh), 10, fill=255)
        image = blend(image, window, tone(base, 12 if dark else 6), see)
        d = ImageDraw.Draw(image)
        d.line((x + 8, y + 26, x + ww - 8, y + 26), fill=tone(base, 30 if dark else -20))
        lines(d, rng, x + 10, y + 7, 1, ww - 20, ink, 13)
        lines(d, rng, x + 10, y + 36, int(hh // 18 - 4), ww - 20, ink, 11)
        d.rounded_rectangle((x + ww - 74, y + hh - 30, x + ww - 10, y + hh - 10), 5, fill=tone(hsv(rng.random(), .6, .8)))
    return np.asarray(image)


def paper(rng):
    """Sheet music or a page of text: clean, or with the uneven tone, blur and noise of a scanner."""
    aa = 2
    ground = np.array((250, 248, 240.)) - rng.integers(0, 18, 3)
    image, d, w, h = canvas(rng, ground, aa)
    ink = (24, 22, 26)
    if rng.random() < .5:
        gap = int(rng.integers(5, 9)) * aa
        for top in range(24 * aa, h - 7 * gap, 11 * gap):
            for i in range(5):
                d.line((16 * aa, top + i * gap, w - 16 * aa, top + i * gap), fill=ink, width=aa)
            for x in np.linspace(16 * aa, w - 16 * aa, 5):
                d.line((x, top, x, top + 4 * gap), fill=ink, width=aa)
            x = 40 * aa
            while x < w - 40 * aa:
                y, r = top + rng.integers(-1, 10) * gap / 2, gap * .55
                d.ellipse((x - r * 1.2, y - r, x + r * 1.2, y + r), fill=ink if rng.random() < .8 else None, outline=ink, width=aa)
                up = -1 if y > top + 2 * gap else 1
                d.line((x - up * r * 1.1, y, x - up * r * 1.1, y + up * 3.5 * gap), fill=ink, width=aa)
                x += gap * rng.uniform(2.4, 5)
    else:
        px = int(rng.choice([11, 12, 14])) * aa
        lines(d, rng, w * .1, h * .05, 1, w * .8, ink, px * 2)
        for i, y in enumerate(range(int(h * .05) + px * 4, int(h * .93), int(px * 1.5))):
            if i % 7 != 6:
                lines(d, rng, w * .1, y, 1, w * .8, ink, px)
    out = down(image, aa).astype(float)
    if rng.random() < .6:
        out = ndimage.gaussian_filter(out, (rng.uniform(.4, .9),) * 2 + (0,))
        y, x = np.mgrid[:out.shape[0], :out.shape[1]]
        out -= (rng.uniform(0, 40) * np.exp(-x / rng.uniform(20, 90)))[..., None]
        out *= 1 - .06 * field(rng, out.shape[1], out.shape[0], out.shape[0] / 3)[..., None]
        out += rng.normal(0, rng.uniform(.8, 3), out.shape[:2])[..., None]
    return rounded(out)


def plan(rng):
    """Rooms, doors and measures: dark on tinted floors, or white on blue with a grid."""
    aa = int(rng.choice([1, 2, 3]))
    blue = rng.random() < .5
    ground = hsv(rng.uniform(.57, .64), rng.uniform(.6, .9), rng.uniform(.3, .6)) if blue else np.full(3, 250.)
    ink = (235, 240, 250) if blue else (40, 40, 44)
    image, d, w, h = canvas(rng, ground, aa)
    if blue:
        step = int(rng.integers(8, 24)) * aa
        for i in range(0, max(w, h), step):
            for line in ((i, 0, i, h), (0, i, w, i)):
                d.line(line, fill=tone(ground, 22 if i // step % 5 == 0 else 9), width=aa)
    floors = near(rng, np.array((244, 236, 222.)), 5, 2, 7)

    def rooms(x0, y0, x1, y1, depth):
        if depth == 0 or min(x1 - x0, y1 - y0) < 60 * aa:
            floor, r = tone(floors[rng.integers(5)]), 18 * aa
            d.rectangle((x0, y0, x1, y1), fill=None if blue else floor, outline=ink, width=(2 if blue else 4) * aa)
            d.arc((x0 - r, y1 - 30 * aa - r, x0 + r, y1 - 30 * aa + r), 270, 360, fill=ink, width=aa)
            d.line((x0, y1 - 30 * aa - r, x0, y1 - 30 * aa), fill=tone(ground), width=5 * aa)
            label(d, x0 + 10 * aa, y0 + 8 * aa, f'{(x1 - x0) / aa / 40:.1f} x {(y1 - y0) / aa / 40:.1f} m', ink, 10 * aa)
            if rng.random() < .6:
                x, y = x0 + 24 * aa, y0 + 28 * aa
                d.rounded_rectangle((x, y, x + 26 * aa, y + 16 * aa), 3 * aa, fill=None if blue else (255,) * 3, outline=ink, width=aa)
            return
        for part in halves(rng, x0, y0, x1, y1, .35):
            rooms(*part, depth - 1)

    m = 26 * aa
    rooms(m, m, w - m, h - m, int(rng.integers(3, 5)))
    d.line((m, 12 * aa, w - m, 12 * aa), fill=ink, width=aa)
    return down(image, aa)


def circuit_board(rng):
    """Tracks, pads and chips on a board: the tracks differ from the board by few codes."""
    aa = int(rng.choice([1, 2, 3]))
    board = hsv(rng.choice([.38, .4, .62, .0, .78]), rng.uniform(.6, .9), rng.uniform(.25, .5))
    image, d, w, h = canvas(rng, board, aa)
    track, pad, step = tone(board, rng.integers(6, 20)), (206, 176, 92), 12 * aa
    ways = [(1, 0), (0, 1), (1, 1), (1, -1), (-1, 0), (0, -1)]
    for _ in range(rng.integers(30, 90)):
        x, y = rng.integers(0, w // step) * step, rng.integers(0, h // step) * step
        points = [(x, y)]
        for _ in range(rng.integers(2, 5)):
            dx, dy = ways[rng.integers(6)]
            k = rng.integers(2, 8) * step
            points.append((points[-1][0] + dx * k, points[-1][1] + dy * k))
        d.line(points, fill=track, width=int(rng.integers(2, 5)) * aa, joint='curve')
        for x, y in (points[0], points[-1]):
            disc(d, x, y, 4 * aa, pad)
            disc(d, x, y, 2 * aa, (30, 30, 30))
    for _ in range(rng.integers(3, 8)):
        x, y, k = rng.uniform(.02, .8) * w, rng.uniform(.02, .8) * h, int(rng.integers(3, 8))
        ww, hh = (k * 10 + 4) * aa, 34 * aa
        for i in range(k):
            d.rectangle((x + (6 + 10 * i) * aa, y - 6 * aa, x + (10 + 10 * i) * aa, y + hh + 6 * aa), fill=(190, 192, 196))
        d.rectangle((x, y, x + ww, y + hh), fill=(36, 36, 38))
        d.rectangle((x, y, x + ww, y + 5 * aa), fill=(44, 44, 47))
        label(d, x + 5 * aa, y + 10 * aa, f'U{rng.integers(1, 99)}', (170,) * 3, 11 * aa)
        label(d, x, y + hh + 8 * aa, f'R{rng.integers(1, 99)}', (235,) * 3, 9 * aa)
    return down(image, aa)


def person(d, x, y, s, skin, coat, ink, wide):
    d.rounded_rectangle((x - s * .55, y + s * .45, x + s * .55, y + s * 2.2), s * .3, fill=tone(coat), outline=ink, width=wide)
    d.rectangle((x + s * .1, y + s * .6, x + s * .45, y + s * 2.1), fill=tone(coat, -14))
    disc(d, x, y, s * .5, skin, outline=ink, width=wide)
    d.pieslice((x - s * .5, y - s * .55, x + s * .5, y + s * .4), 180, 360, fill=tone(coat, -60), outline=ink, width=wide)
    for k in (-.18, .18):
        disc(d, x + k * s, y + s * .05, s * .06, ink)
    d.arc((x - s * .2, y + s * .05, x + s * .2, y + s * .35), 20, 160, fill=ink, width=wide)


def panels(rng, aa, dots):
    """A comic page: panels with flat tones, persons and speech bubbles."""
    image, d, w, h = canvas(rng, (252, 252, 250), aa)
    ink, nx, ny, wide = (16, 14, 18), int(rng.integers(1, 4)), int(rng.integers(1, 3)), 2 * aa
    for j in range(ny):
        for i in range(nx):
            x0, y0, x1, y1 = (int(v) for v in ((i + .03) * w / nx, (j + .03) * h / ny, (i + .97) * w / nx, (j + .97) * h / ny))
            part = Image.new('RGB', (x1 - x0, y1 - y0))
            p, (pw, ph) = ImageDraw.Draw(part), (x1 - x0, y1 - y0)
            back = hsv(rng.random(), rng.uniform(.1, .6), rng.uniform(.5, 1))
            tones = near(rng, back, 3, 4, 14)
            for k, c in enumerate(tones):
                p.rectangle((0, ph * k * .3, pw, ph), fill=tone(c))
            if dots:
                k = 7 * aa
                for yy in range(0, ph, k):
                    for xx in range(yy // k % 2 * k // 2, pw, k):
                        disc(p, xx, yy, 1.6 * aa, tones[0].astype(float) - 18)
            s = min(pw, ph) * .2
            for k in range(1 + (pw > ph)):
                person(p, pw * (.3 + .4 * k), ph * .55, s, hsv(.07, rng.uniform(.2, .6), rng.uniform(.4, .98)),
                       hsv(rng.random(), .6, .7), ink, wide)
            bx, by, bw, bh = pw * .08, ph * .05, pw * rng.uniform(.5, .85), ph * .24
            p.polygon([(bx + bw * .3, by + bh * .8), (bx + bw * .45, by + bh * .8), (pw * .32, ph * .42)], fill=(255,) * 3, outline=ink)
            p.ellipse((bx, by, bx + bw, by + bh), fill=(255, 255, 255), outline=ink, width=wide)
            for k, line in enumerate(('WHAT NOW?', 'GO ON!')[:1 + (bh > 44 * aa)]):
                label(p, bx + bw * .2, by + bh * .3 + k * 13 * aa, line, ink, max(int(min(bw / 8, 12 * aa)), 6))
            image.paste(part, (x0, y0))
            d.rectangle((x0, y0, x1, y1), outline=ink, width=wide)
    return down(image, aa)


def comic(rng):
    return panels(rng, int(rng.choice([1, 2, 3])), rng.random() < .4)


def saved_cartoon(rng):
    """A cartoon of flat tones that was saved as a good JPEG or WebP file before."""
    out, coded = panels(rng, int(rng.choice([2, 3])), False), io.BytesIO()
    if rng.random() < .5:
        Image.fromarray(out).save(coded, 'JPEG', quality=int(rng.integers(88, 97)), subsampling=int(rng.choice([0, 2])))
    else:
        Image.fromarray(out).save(coded, 'WEBP', quality=int(rng.integers(80, 97)), method=4)
    return np.asarray(Image.open(coded).convert('RGB'))


def shade(image, box, a, b, radial):
    """An ellipse in `box` filled with a clean gradient."""
    x0, y0, x1, y1 = (int(v) for v in box)
    y, x = np.mgrid[:y1 - y0, :x1 - x0] / [[[max(y1 - y0 - 1, 1)]], [[max(x1 - x0 - 1, 1)]]]
    t = np.clip(np.hypot(x - .4, y - .3) / .8, 0, 1) if radial else y
    part = Image.fromarray(rounded(a + (np.asarray(b, float) - a) * t[..., None]))
    mask = Image.new('L', part.size, 0)
    ImageDraw.Draw(mask).ellipse((0, 0, x1 - x0 - 1, y1 - y0 - 1), fill=255)
    image.paste(part, (x0, y0), mask)


def emoji(rng):
    """Faces with soft gradients between flat signs."""
    aa = 3
    image, d, w, h = canvas(rng, rng.choice([255, 244, 30]), aa)
    n = int(rng.integers(2, 5))
    rows = max(1, round(n * h / w))
    s = min(w / n, h / rows) * .42
    for j in range(rows):
        for i in range(n):
            x, y = (i + .5) * w / n, (j + .5) * h / rows
            hue = rng.choice([.13, .13, .0, .6, .33, .8])
            box = (x - s, y - s, x + s, y + s)
            if rng.random() < .65:
                shade(image, box, hsv(hue, .55, 1), hsv(hue - .04, .85, rng.uniform(.7, .95)), rng.random() < .5)
                for k in (-.35, .35):
                    d.ellipse((x + k * s - s * .12, y - s * .35, x + k * s + s * .12, y), fill=(70, 40, 20))
                    shade(image, (x + k * 1.5 * s - s * .2, y + s * .05, x + k * 1.5 * s + s * .2, y + s * .3),
                          hsv(.01, .6, .98), hsv(.01, .65, .92), True)
                d.chord((x - s * .5, y - s * .1, x + s * .5, y + s * .65), 0, 180, fill=(110, 50, 30))
                d.chord((x - s * .3, y + s * .3, x + s * .3, y + s * .65), 0, 180, fill=(225, 90, 90))
            else:
                d.rounded_rectangle(box, s * .3, fill=tone(hsv(hue, .6, .9)))
                d.rounded_rectangle((x - s * .9, y - s * .9, x + s * .9, y + s * .1), s * .25, fill=tone(hsv(hue, .6, .9), 7))
                d.polygon([(x - s * .4, y + s * .4), (x, y - s * .5), (x + s * .4, y + s * .4)], fill=(250, 250, 250))
    return down(image, aa)


def infographic(rng):
    """See-through circles over each other, with numbers and lines of text."""
    aa = int(rng.choice([1, 2, 3]))
    dark = rng.random() < .4
    ground = np.full(3, 26 if dark else 250)
    image, d, w, h = canvas(rng, ground, aa)
    hue, spread = rng.random(), rng.choice([.05, .2, 1])
    spots = []
    for _ in range(rng.integers(3, 14)):
        x, y, r = rng.uniform(.1, .9) * w, rng.uniform(.2, .85) * h, rng.uniform(.08, .26) * w
        circle = lambda m: m.ellipse((x - r, y - r, x + r, y + r), fill=255)
        image = blend(image, circle, hsv(hue + rng.uniform(0, spread), .6, .85), rng.uniform(.08, .5))
        spots.append((x, y))
    d = ImageDraw.Draw(image)
    ink = (240,) * 3 if dark else (36, 38, 46)
    for x, y in spots[:5]:
        label(d, x - 16 * aa, y - 10 * aa, f'{rng.integers(2, 98)} %', ink, 18 * aa)
        d.line((x, y + 12 * aa, w * .8, y + 12 * aa), fill=ink, width=aa)
    lines(d, rng, 12 * aa, 8 * aa, 1, w - 24 * aa, ink, 18 * aa)
    return down(image, aa)


def candlesticks(rng):
    """Prices as candles over shaded bands and a grid of low contrast, with the volume below."""
    dark = rng.random() < .6
    ground = np.array((19., 23, 34)) if dark else np.full(3, 255.)
    image, d, w, h = canvas(rng, ground)
    by = 1 if dark else -1
    right, low = w - 44, int(h * .76)
    for i, c in enumerate(near(rng, ground + by * 3, int(rng.integers(3, 7)), 2, 4)):
        if rng.random() < .8:
            d.rectangle((0, low * i // 6 + 6, right, low * (i + 1) // 6 + 6), fill=tone(c))
    for i in range(8):
        d.line((0, h * i // 8, right, h * i // 8), fill=tone(ground, 18 * by))
        d.line((right * i // 8, 0, right * i // 8, h), fill=tone(ground, 18 * by))
        label(d, right + 4, h * i // 8 + 2, f'{2400 - 50 * i}', (150,) * 3, 10)
    k = int(rng.integers(5, 10))
    n = right // k
    price = np.cumsum(rng.normal(0, 1, n + 1))
    price = low * (.9 - .8 * (price - price.min()) / np.ptp(price))
    up, fall = [((38, 166, 154), (239, 83, 80)), ((0, 150, 70), (200, 30, 40)), ((90, 140, 230), (230, 160, 60))][rng.integers(3)]
    image = blend(image, lambda m: m.polygon([(i * k, v) for i, v in enumerate(price)] + [(right, low), (0, low)], fill=255), up,
                  rng.uniform(.04, .15))
    d = ImageDraw.Draw(image)
    for i in range(n):
        a, b = sorted((price[i], price[i + 1]))
        c = up if price[i + 1] < price[i] else fall
        d.line((i * k + k // 2, a - rng.exponential(6), i * k + k // 2, b + rng.exponential(6)), fill=c)
        d.rectangle((i * k + 1, a, i * k + k - 2, b + 1), fill=c)
        d.rectangle((i * k + 1, h - 4 - rng.exponential(.05) * h, i * k + k - 2, h - 4), fill=tone(c, -40 * by))
    d.line([(i * k, v) for i, v in enumerate(ndimage.gaussian_filter1d(price, 6))], fill=(250, 180, 40), width=2)
    label(d, 8, 4, 'ABC/USD 4h  O 2104.5  H 2118.0  L 2096.5', (200,) * 3 if dark else (60,) * 3, 11)
    return np.asarray(image)


def hud(rng):
    """A flat scene of a game, with bars, a map and see-through panels over it."""
    aa = int(rng.choice([1, 1, 2]))
    hue = rng.random()
    sky = hsv(hue, rng.uniform(.15, .6), rng.uniform(.5, .95))
    image, d, w, h = canvas(rng, sky, aa)
    for i, c in enumerate(near(rng, sky, int(rng.integers(3, 9)), 3, 14)):
        top = h * (.25 + .09 * i)
        peaks = [(x, top + rng.uniform(-.08, .08) * h) for x in np.linspace(0, w, int(rng.integers(4, 12)))]
        d.polygon(peaks + [(w, h), (0, h)], fill=tone(c))
    for _ in range(rng.integers(4, 12)):
        x, y, s = rng.uniform(0, w), h * rng.uniform(.55, .85), h * rng.uniform(.03, .1)
        c = hsv(hue + .4, .5, rng.uniform(.3, .8))
        d.rectangle((x - s / 5, y, x + s / 5, y + s), fill=tone(c, -40))
        d.polygon([(x - s, y), (x, y - 2 * s), (x + s, y)], fill=tone(c))
        d.polygon([(x, y), (x, y - 2 * s), (x + s, y)], fill=tone(c, -10))
    panel = lambda m: (m.rounded_rectangle((8 * aa, 8 * aa, w * .42, 62 * aa), 6 * aa, fill=255),
                       m.ellipse((w - 96 * aa, 8 * aa, w - 8 * aa, 96 * aa), fill=255),
                       m.rectangle((w * .2, h - 44 * aa, w * .8, h - 6 * aa), fill=255))
    image = blend(image, panel, (10, 12, 18), rng.uniform(.3, .8))
    d = ImageDraw.Draw(image)
    for i, c in enumerate(((200, 50, 50), (60, 110, 210), (220, 180, 60))):
        y, x1 = (14 + 15 * i) * aa, w * .42 - 8 * aa
        x = 16 * aa + (x1 - 16 * aa) * rng.uniform(.2, .95)
        d.rectangle((16 * aa, y, x1, y + 10 * aa), fill=(30, 30, 36), outline=(220, 220, 220))
        d.rectangle((17 * aa, y + aa, x, y + 9 * aa), fill=c)
        d.rectangle((17 * aa, y + aa, x, y + 4 * aa), fill=tone(c, 18))
    for i in range(8):
        x = w * .2 + (w * .6) * i / 8
        d.rectangle((x + 3 * aa, h - 40 * aa, x + w * .075 - 3 * aa, h - 10 * aa), outline=(200, 200, 200), width=aa)
        if rng.random() < .6:
            disc(d, x + w * .0375, h - 25 * aa, 8 * aa, color(rng))
        label(d, x + 6 * aa, h - 22 * aa, rng.integers(1, 99), (255,) * 3, 9 * aa)
    for _ in range(7):
        disc(d, w - 52 * aa + rng.uniform(-30, 30) * aa, 52 * aa + rng.uniform(-30, 30) * aa, 3 * aa, color(rng, 100))
    label(d, w * .45, 10 * aa, f'SCORE {rng.integers(100, 99999):06}', (255,) * 3, 15 * aa)
    return down(image, aa)


def knitting(rng):
    """Rows of stitches in close tones, each stitch two slanted strokes."""
    aa = int(rng.choice([1, 2]))
    base = hsv(rng.random(), rng.uniform(.1, .7), rng.uniform(.3, .9))
    image, d, w, h = canvas(rng, base, aa)
    tones, k = near(rng, base, int(rng.integers(3, 8)), 3, 10), int(rng.integers(8, 17)) * aa
    n = int(rng.integers(8, 20))
    half = rng.integers(0, len(tones), (n, n // 2 + 1))
    half = np.where(rng.random(half.shape) < .5, half, half[:, :1])
    pattern = np.concatenate([half, half[:, ::-1]], 1)
    for j in range(-1, h // k + 1):
        for i in range(w // k + 1):
            c, x, y = tones[pattern[j % n, i % pattern.shape[1]]], i * k, j * k
            d.polygon([(x, y), (x + k / 2, y + k * .6), (x + k / 2, y + k * 1.5), (x, y + k * .9)], fill=tone(c))
            d.polygon([(x + k, y), (x + k / 2, y + k * .6), (x + k / 2, y + k * 1.5), (x + k, y + k * .9)], fill=tone(c, -7))
            d.line((x, y + k * .9, x + k / 2, y + k * 1.5), fill=tone(c, -22), width=aa)
            d.line((x + k, y + k * .9, x + k / 2, y + k * 1.5), fill=tone(c, -26), width=aa)
    return down(image, aa)


def one_hue(rng):
    """Steps of one channel, of one lightness or of three pure hues, as flags, posters and maps."""
    aa = int(rng.choice([1, 1, 3]))
    w, h = (aa * v for v in size(rng))
    n, kind = int(rng.integers(4, 25)), rng.integers(4)
    base = color(rng, 40, 216)
    if kind == 0:
        colors = np.tile(base, (n, 1))
        colors[:, rng.integers(3)] = np.linspace(*np.sort(rng.choice([0, 40, 90, 140, 200, 255], 2, False)), n)
    elif kind == 1:
        step = rng.uniform(1, 6) * (np.arange(n) - n / 2)
        colors = np.full(3, rng.uniform(90, 160)) + step[:, None] * np.array((1, -.2126 / .7152 - .07, rng.uniform(-.3, .3)))
    elif kind == 2:
        colors = np.eye(3)[np.arange(n) % 3] * np.linspace(255, rng.uniform(60, 250), n)[:, None]
    else:
        colors = np.array([hsv(v, 1, 1) for v in rng.random() + np.arange(n) * rng.uniform(.01, .06)])
    colors = rounded(colors)
    y, x = np.mgrid[:h, :w] / [[[h]], [[w]]]
    form = rng.integers(4)
    f = [x, y, field(rng, w, h), np.abs(np.hypot(x - .5, (y - .5) * h / w) - .2)][form]
    image = Image.fromarray(pick((f - f.min()) / np.ptp(f), colors))
    d = ImageDraw.Draw(image)
    if form < 2 and rng.random() < .6:
        disc(d, w / 2, h / 2, h * .25, colors[n // 2])
        d.polygon([(0, 0), (w * .3, h / 2), (0, h)], fill=tone(colors[0]))
    if rng.random() < .5:
        lines(d, rng, w * .1, h * .8, 1, w * .8, (255,) * 3 if np.mean(colors) < 128 else (0,) * 3, 24 * aa)
    return down(image, aa)


def enlarged(rng):
    """A vector drawing that was enlarged by half with a bicubic filter."""
    w, h = (-(-v * 2 // 3) for v in size(rng))
    aa = int(rng.choice([1, 3]))
    base = hsv(rng.random(), rng.uniform(.1, .7), rng.uniform(.3, .95))
    tones = near(rng, base, int(rng.integers(4, 10)), 3, 14)
    image = Image.new('RGB', (w * aa, h * aa), tone(tones[0]))
    d = ImageDraw.Draw(image)
    for i, c in enumerate(tones[1:]):
        top = h * aa * (.2 + .7 * i / len(tones))
        hill = [(w * aa * k / 6, top + rng.uniform(-.07, .07) * h * aa) for k in range(7)]
        d.polygon(hill + [(w * aa, h * aa), (0, h * aa)], fill=tone(c))
    for _ in range(rng.integers(3, 9)):
        x, y, s, c = rng.uniform(0, w) * aa, rng.uniform(0, h) * aa, rng.uniform(.05, .15) * h * aa, color(rng)
        disc(d, x, y, s, c, outline=tone(c, -50) if rng.random() < .5 else None)
        disc(d, x - s * .2, y - s * .2, s * .6, np.clip(c + 9, 0, 255))
    lines(d, rng, w * aa * .05, h * aa * .05, 2, w * aa * .9, (250,) * 3 if base.mean() < 128 else (20,) * 3, 14 * aa)
    return np.asarray(Image.fromarray(down(image, aa)).resize((int(w * 1.5), int(h * 1.5)), Image.BICUBIC))


def clean_gradient(rng):
    """A straight gradient in all its levels below signs and text."""
    w, h = size(rng)
    y, x = np.mgrid[:h, :w].astype(float)
    turn = rng.choice([0, np.pi / 2, np.pi / 4, rng.uniform(0, np.pi)])
    t = x * np.cos(turn) + y * np.sin(turn)
    a = color(rng)
    b = color(rng) if rng.random() < .5 else np.clip(a + rng.uniform(-60, 60, 3), 0, 255)
    image = Image.fromarray(rounded(a + (b - a) * ((t - t.min()) / np.ptp(t))[..., None]))
    if rng.random() < .5:
        card = lambda m: m.rounded_rectangle((w * .2, h * .2, w * .8, h * .7), 12, fill=255)
        image = blend(image, card, (255,) * 3, rng.uniform(.2, 1))
    d = ImageDraw.Draw(image)
    ink = (255, 255, 255) if a.mean() < 140 else (24, 26, 32)
    d.rectangle((0, 0, w, 22), fill=(20, 22, 28))
    lines(d, rng, 8, 4, 1, w - 16, (240,) * 3, 12)
    lines(d, rng, w * .24, h * .25, 3, w * .52, ink, 15)
    for i in range(6):
        box = (w * (.1 + i * .14), h * .8, w * (.1 + i * .14) + 34, h * .8 + 34)
        d.rounded_rectangle(box, 8, fill=tone(color(rng)))
    return np.asarray(image)


def album_cover(rng):
    """Large type and plain shapes in two or three near tones."""
    aa, side = 2, int(rng.choice([300, 400, 512, 600]))
    base = hsv(rng.random(), rng.uniform(0, .8), rng.uniform(.1, .95))
    tones = near(rng, base, 6, 3, 16)
    image = Image.new('RGB', (side * aa,) * 2, tone(tones[0]))
    d, s = ImageDraw.Draw(image), side * aa
    kind = rng.integers(3)
    for i in range(1, 6):
        if kind == 0:
            d.rectangle((s * .1 * i, s * .1 * i, s * (.5 + .1 * i), s * (.3 + .1 * i)), fill=tone(tones[i]))
        elif kind == 1:
            d.pieslice((s * .1, s * .1, s * .9, s * .9), i * 60, i * 60 + 60, fill=tone(tones[i]))
        else:
            slanted = [(s * i / 6, 0), (s * (i + 1) / 6, 0), (s * (i / 6 - .2), s), (s * ((i - 1) / 6 - .2), s)]
            d.polygon(slanted, fill=tone(tones[i]))
    words = str(rng.choice(['NIGHT', 'ECHO', 'FLAT', 'SLOW', 'BLUE'])), str(rng.choice(['DRIVE', 'ROOMS', 'LAND', 'TAPE']))
    ink = hsv(rng.random(), .7, .95) if rng.random() < .5 else tones[5]
    for i, word in enumerate(words):
        label(d, s * .06, s * (.08 + i * .2) if kind else s * (.55 + i * .18), word, ink, int(s * .2))
    if rng.random() < .4:
        echo = Image.new('RGB', image.size, tone((0, 0, 0)))
        for i in range(5):
            label(ImageDraw.Draw(echo), s * .1 + i * 8 * aa, s * .7 + i * 5 * aa, words[0], np.full(3, 6 + 4 * i), int(s * .16))
        image = ImageChops.add(image, echo)
    label(ImageDraw.Draw(image), s * .06, s * .93, 'STEREO  33 1/3', (235,) * 3 if base.mean() < 128 else (20,) * 3, 11 * aa)
    return down(image, aa)


def noisy(rng):
    """Flat tones of light on round bodies, or a slow gradient, under noise."""
    w, h = size(rng)
    y, x = np.mgrid[:h, :w].astype(float)
    a = color(rng, 10, 240)
    if rng.random() < .5:
        out = np.broadcast_to(a, (h, w, 3)).copy()
        tones = int(rng.integers(3, 9))
        for _ in range(rng.integers(2, 7)):
            cx, cy, r = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(.12, .4) * h
            dx, dy = (x - cx) / r, (y - cy) / r
            light = np.clip(-.5 * dx - .5 * dy + .7 * np.sqrt(np.clip(1 - dx ** 2 - dy ** 2, 0, 1)), 0, .999)
            body = color(rng, 60, 256) * (.4 + .6 * np.floor(light * tones) / tones)[..., None]
            out = np.where((dx ** 2 + dy ** 2 < 1)[..., None], body, out)
    else:
        t = x / w if rng.random() < .5 else np.hypot(x - w * rng.random(), y - h * rng.random()) / w
        out = a + rng.uniform(-40, 40, 3) * t[..., None]
    grey = rng.random() < .5
    grain = rng.normal(0, 1, (h, w, 1 if grey else 3))
    if rng.random() < .4:
        grain = ndimage.gaussian_filter(grain, (.7, .7, 0))
        grain /= grain.std()
    return rounded(out + rng.uniform(.6, 4) * grain)


SCENES = {'sunset': sunset, 'discs': discs, 'stepped-backdrop': stepped_backdrop, 'false-color': false_color, 'hillshade': hillshade,
          'radar': radar, 'spectrogram': spectrogram, 'sheet': sheet, 'code-editor': code_editor,
          'translucent-screen': translucent_screen, 'paper': paper, 'plan': plan, 'circuit-board': circuit_board, 'comic': comic,
          'saved-cartoon': saved_cartoon, 'emoji': emoji, 'infographic': infographic, 'candlesticks': candlesticks, 'hud': hud,
          'knitting': knitting, 'one-hue': one_hue, 'enlarged': enlarged, 'clean-gradient': clean_gradient,
          'album-cover': album_cover, 'noisy': noisy}

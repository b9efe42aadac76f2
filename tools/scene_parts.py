"""Parts of computed scenes: colours, noise of a spectrum, masks of shapes, grain."""
import colorsys
import numpy as np
from scipy import ndimage as ni
from scipy.interpolate import PchipInterpolator
from PIL import Image, ImageDraw


def oetf(x):
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)


def shoulder(x):
    return np.where(x < 0.6, x, 0.6 + 0.4 * (1 - np.exp(-(x - 0.6) / 0.4)))


def hue(h, s, v):
    return np.array(colorsys.hsv_to_rgb(h % 1, s, v)) ** 2.2


def noise(h, w, rng, beta=2.0, stretch=1.0, cut=0):
    """Gaussian noise of spectrum 1/f^beta, mean 0, deviation 1; stretch > 1 draws it out in x; cut: finest period."""
    fy, fx = np.fft.fftfreq(h)[:, None], np.fft.rfftfreq(w)[None, :] * stretch
    f = np.sqrt(fy * fy + fx * fx)
    gain = 1 / np.maximum(f, 1.5 / max(h, w)) ** beta
    if cut:
        gain *= np.exp(-(f * cut) ** 2)
    gain[0, 0] = 0
    z = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(h, w))) * gain, (h, w))
    return z / z.std()


def ramp(t, stops):
    """Colours at 0..1 blended through stops by a smooth curve (cubic, no kinks)."""
    at = np.linspace(0, 1, len(stops))
    return np.stack([PchipInterpolator(at, [s[c] for s in stops])(np.clip(t, 0, 1)) for c in range(3)], -1)


def mask(w, h, shapes, s=4):
    """Coverage of polygons and lines, s x s samples a pixel."""
    im = Image.new("L", (w * s, h * s), 0)
    d = ImageDraw.Draw(im)
    for kind, pts, t in shapes:
        pts = [(x * s, y * s) for x, y in pts]
        if kind == "line":
            d.line(pts, fill=255, width=max(1, int(t * s)))
        elif kind == "ellipse":
            d.ellipse([*pts[0], *pts[1]], fill=255)
        else:
            d.polygon(pts, fill=255)
    return np.asarray(im, np.float64).reshape(h, s, w, s).mean((1, 3))[..., None] / 255


def tree(x, y, size, rng, shapes, angle=-np.pi / 2, t=None, depth=0):
    t = t or size / 16
    for _ in range(5):
        nx, ny = x + size / 14 * np.cos(angle), y + size / 14 * np.sin(angle)
        shapes.append(("line", [(x, y), (nx, ny)], t))
        x, y, angle, t = nx, ny, angle + rng.normal(0, 0.1), t * 0.93
    if depth < 6 and t > 0.5:
        for side in (-1, 1):
            tree(x, y, size * rng.uniform(0.68, 0.82), rng, shapes, angle + side * rng.uniform(0.25, 0.6), t * 0.7, depth + 1)


def grid(w, h):
    return (np.arange(w) + 0.5)[None, :] / w, (np.arange(h) + 0.5)[:, None] / h

def grainy(code, rng):
    """Grain of a sensor, 0.3 to 4 codes: of one to three samples, strongest in the midtones, partly of colour."""
    h, w, _ = code.shape
    size, tint = rng.choice([0, 0, 0.5, 0.8, 1.2]), rng.uniform(0, 1)
    field = rng.normal(size=(h, w, 1)) * (1 - tint) + rng.normal(size=(h, w, 3)) * tint
    field = ni.gaussian_filter(field, (size, size, 0)) if size else field
    level = np.clip(code / 255, 0, 1)
    return code + field / field.std() * 0.3 * (4 / 0.3) ** rng.random() * (1 - rng.uniform(0, 0.8) * (2 * level - 1) ** 2)


def lit(height, rng, gain):
    """Shading of a height map by one light, around 1."""
    gy, gx = np.gradient(height)
    a = rng.uniform(0, 2 * np.pi)
    return np.clip(1 + gain * (gx * np.cos(a) + gy * np.sin(a)) / (np.hypot(gx, gy).std() + 1e-9), 0.05, 3)


def light(w, h, rng, least=0.15):
    """Fall-off of a lamp or a window over a surface, 0 to 1."""
    x, y = grid(w, h)
    lx, ly = rng.uniform(-0.2, 1.2, 2)
    fall = 1 / (1 + (((x - lx) * w / h) ** 2 + (y - ly) ** 2) * rng.uniform(0.5, 5))
    return (least + (1 - least) * fall)[..., None]

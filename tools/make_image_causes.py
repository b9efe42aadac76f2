#!/usr/bin/env python3
"""Makes damaged images and their clean 16-bit originals: 40 causes of banding, each on three sources of either half.

    tools/make_image_causes.py CACHE OUT

CACHE gets the Debian packages of SOURCES (`apt-get download`, `dpkg-deb -x`; run `apt-get update` first). OUT gets damaged/,
clean/ and list.csv: file, source, package, kind, cause and half. The halves share no source: choose on a, report on b.
A clean original is the box mean of a file two to four times as large, or a computed scene. It goes through the same edit
as the damaged image, without rounding. The result follows from the seeds below and from the versions of the packages.
Needs numpy, opencv-python-headless, Pillow with WebP, and ffmpeg with libx264 and libvpx."""

import csv
import io
import pathlib
import subprocess
import sys
import tempfile

import cv2
import numpy as np
from PIL import Image, ImageDraw

from image_causes import WEIGHTS, scene, unstep, write_png

SEED = 51
Image.MAX_IMAGE_PIXELS = None

# Kind, package, folder below usr/share, files. Each file is one source.
SOURCES = [
    ('photo', 'lxqt-themes', 'lxqt/wallpapers', 'Butterfly-Kenneth-Wimer.jpg Valendas.png after-the-rain.jpg appleflower.png '
     'beam.png butterfly.png cloud.png drop.png flowers.png fog.jpg this-is-not-windows.jpg'),
    ('photo', 'digikam-data', 'digikam/about/images', 'body-background.jpg'),
    ('photo', 'palapeli-data', 'palapeli/collection', 'cincinnati-bridge.jpg citrus-fruits.jpg european-honey-bee.jpg '
     'panther-chameleon-female.jpg'),
    ('photo', 'sddm-theme-maldives', 'sddm/themes/maldives', 'background.jpg'),
    ('photo', 'kodi-data', 'kodi/addons/skin.estuary/extras/home-images', 'movie.jpg music.jpg'),
    ('photo', 'gimp-data', 'gimp/2.0/images', 'gimp-splash.png'),
    ('science', 'opencv-doc', 'doc/opencv-doc', 'examples/data/aloeL.jpg examples/text/scenetext02.jpg '
     'examples/text/scenetext04.jpg opencv4/html/detect_test1.jpg opencv4/html/detect_test2.jpg'),
    ('science', 'python3-skimage', '../lib/python3/dist-packages/skimage/data', 'retina.jpg'),
    ('science', 'visp-images-data', 'visp-images-data/ViSP-images/Solvay', 'Solvay_conference_1927_Version2_2126x1463.jpg'),
    ('drawn', 'lxqt-themes', 'lxqt/wallpapers', 'simple_blue_widescreen.png waves-purple-logo.jpg triangles.png '
     'triangles-logo.png lxqt-origami-green.png'),
    ('drawn', 'sddm-theme-elarun', 'sddm/themes/elarun/images', 'background.png'),
    ('drawn', 'kodi-data', 'kodi', 'addons/skin.estuary/extras/backgrounds/pattern2.jpg '
     'addons/skin.estuary/extras/backgrounds/pattern4.jpg addons/skin.estuary/extras/backgrounds/primary.jpg '
     'addons/skin.estouchy/background/primary.jpg'),
    ('drawn', 'xfdesktop4-data', 'backgrounds/xfce', 'xfce-blue.jpg xfce-teal.jpg xfce-verticals.png'),
    ('drawn', 'debian-edu-artwork-buster', 'plymouth/themes/debian-edu-buster', 'background.png'),
    ('drawn', 'debian-edu-artwork-emerald', 'desktop-base/debian-edu-emerald-theme/grub', 'grub-16x9.png'),
    ('drawn', 'debian-edu-artwork-softwaves', 'desktop-base/debian-edu-softwaves-theme/grub', 'grub-16x9.png'),
    ('drawn', 'debian-edu-artwork-spacefun', 'plymouth/themes/debian-edu-spacefun', 'background.png'),
    ('drawn', 'desktop-base', 'plymouth/themes', 'joy/background.png lines/background.png'),
    ('drawn', 'pysiogame', 'games/pysiogame/res/images', 'gradient_large.jpg'),
    ('game', 'wesnoth-1.16-data', 'games/wesnoth/1.16/data/core/images', 'story/grim-altar.jpg '
     'story/landscape-battlefield_nohumans.jpg story/landscape-bridge_sun.jpg story/landscape-castle.jpg '
     'story/landscape-coast.jpg story/landscape-hills-01.jpg story/landscape-mountains-01.jpg '
     'story/landscape-mountains-03.jpg story/landscape-mountains-05.jpg story/landscape-plain.jpg story/swamp-01.jpg '
     'story/swamp-02.jpg'),
    ('game', 'colobot-common-textures', 'games/colobot/textures/interface', 'intro2.png intro3.png'),
    ('game', 'enigma-data', 'games/enigma/gfx64', 'menu_bg.jpg'),
    ('game', 'pingus-data', 'games/pingus/data/images/worldmaps', 'tutorial_layer0.jpg'),
    ('game', 'pink-pony-data', 'games/pink-pony/textures', 'sky.png'),
    ('game', 'pokerth-data', 'games/pokerth/gfx/gui/table', 'default_800x480/table_dark.png'),
    ('game', 'trackballs-data', 'games/trackballs/images', 'displayHighscoreBackground.jpg'),
    ('astro', 'freeorion-data', 'games/freeorion/default/data/art', 'fields/ion_storm.png fields/molecular_cloud.png '
     'fields/star_forming_nebula_1.png fields/star_forming_nebula_2.png nebulae/nebula20.png splash.png '
     'stars/nova-boom4.png'),
    ('astro', 'marsshooter-data', 'games/marsshooter/tex/background', 'starfield_1_large.jpg starfield_2_large.jpg'),
    ('astro', 'xplanet-images', 'xplanet/images', 'earth.jpg'),
]
SCENES = 'sky glow nebula fog sunset studio vignette bokeh water aurora'.split()


def fetch(cache, package):
    """Unpacks a package once."""
    if not (cache / package).exists():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(['apt-get', 'download', '-qq', package], cwd=folder, check=True)
            file, = pathlib.Path(folder).glob('*.deb')
            subprocess.run(['dpkg-deb', '-x', str(file), str(cache / package)], check=True)


def clean_of(path):
    """Box mean of an image file, at most 704 x 512 samples of it: RGB in 0..1."""
    image = Image.open(path)
    if image.mode != 'RGB':
        image = image.convert('RGBA')
        black = Image.new('RGBA', image.size, 'black')
        black.alpha_composite(image)
        image = black.convert('RGB')
    factor = min(4, max(2, max(image.size) // 640))
    width, height = min(704, image.width // factor), min(512, image.height // factor)
    left = (image.width - width * factor) // 2
    top = (image.height - height * factor) // 3
    codes = np.asarray(image.crop((left, top, left + width * factor, top + height * factor)))
    return unstep(codes).reshape(height, factor, width, factor, 3).mean((1, 3)) / 255.0


# Rounding.

def levels(x, steps):
    return np.rint(np.clip(x, 0, 1) * steps) / steps


def codes8(x):
    return np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8)


def rgb565(x):
    return np.stack([levels(x[..., c], n) for c, n in enumerate((31, 63, 31))], -1)


def to_yuv(x):
    y = x @ WEIGHTS
    return np.stack([y, (x[..., 2] - y) / 1.772 + 0.5, (x[..., 0] - y) / 1.402 + 0.5], -1)


def to_rgb(yuv):
    y, u, v = yuv[..., 0], yuv[..., 1] - 0.5, yuv[..., 2] - 0.5
    return np.stack([y + 1.402 * v, y - 0.344136 * u - 0.714136 * v, y + 1.772 * u], -1)


def yuv6(x):
    return codes8(to_rgb(np.rint(to_yuv(x) * 255 / 4) * 4 / 255)) / 255


def luma6(x):
    yuv = to_yuv(x)
    yuv[..., 0] = levels(yuv[..., 0], 63)
    return codes8(to_rgb(np.rint(yuv * 255) / 255)) / 255


# Files.

def pillow(x, form, **options):
    data = io.BytesIO()
    Image.fromarray(codes8(x)).save(data, form, **options)
    return data.getvalue()


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert('RGB')) / 255


def jpeg(x, quality, **options):
    return pillow(x, 'JPEG', quality=quality, **options)


def png(x, bits=8):
    with tempfile.NamedTemporaryFile(suffix='.png') as file:
        write_png(file.name, x, bits)
        return pathlib.Path(file.name).read_bytes()


def palette(x, colours, form):
    method = Image.Quantize.MEDIANCUT if form == 'GIF' else Image.Quantize.MAXCOVERAGE
    image = Image.fromarray(codes8(x)).quantize(colours, method=method, dither=Image.Dither.NONE)
    data = io.BytesIO()
    image.save(data, form)
    return data.getvalue()


def video(x, *options, form='mkv'):
    """One frame through a video encoder, then an 8-bit PNG; the clean original has even sides."""
    height, width = (n // 2 * 2 for n in x.shape[:2])
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_png(folder / 'in.png', x[:height, :width], 16)
        call = ['ffmpeg', '-v', 'error', '-threads', '1', '-i', folder / 'in.png']
        scale = 'scale=out_color_matrix=bt709:flags=accurate_rnd+full_chroma_int+bicubic'
        subprocess.run([*call, '-vf', scale, '-pix_fmt', 'yuv420p', *options, folder / f'a.{form}'], check=True)
        scale = 'scale=in_color_matrix=bt709:flags=accurate_rnd+full_chroma_int+bicubic'
        back = ['-frames:v', '1', '-vf', scale, '-pix_fmt', 'rgb24', folder / 'out.png']
        subprocess.run([*call[:-1], folder / f'a.{form}', *back], check=True)
        return (folder / 'out.png').read_bytes(), 'png', x[:height, :width]


def resized(x, factor, how=cv2.INTER_CUBIC):
    height, width = (round(n * factor) for n in x.shape[:2])
    return np.clip(cv2.resize(x, (width, height), interpolation=how), 0, 1)


# Causes: RGB in 0..1 and a random generator to the file's data, its ending and the clean original.

def still(ending, change):
    """A cause whose clean original is the source."""
    return lambda x, rng: (change(x), ending, x)


def screenshot(x, rng):
    """A page with an image of 5 bits on it."""
    page = Image.new('RGB', (704, 528), tuple(int(v) for v in rng.integers(225, 256, 3)))
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, 704, 40), tuple(int(v) for v in rng.integers(30, 120, 3)))
    draw.text((16, 14), 'File   Edit   View   Window   Help', 'white')
    for row in range(60, 520, 16):
        draw.text((16, row), ''.join(rng.choice(list('etaoin shrdlu '), 22)), (40, 40, 44))
    draw.rounded_rectangle((580, 480, 684, 510), 6, (60, 120, 216))
    draw.text((612, 489), 'Download', 'white')
    part = resized(x, 0.7, cv2.INTER_AREA)[:400, :520]
    clean = np.asarray(page) / 255
    damaged = clean.copy()
    window = np.s_[60:60 + part.shape[0], 180:180 + part.shape[1]]
    clean[window], damaged[window] = part, levels(part, 31)
    return png(damaged), 'png', clean


def phone(x, rng):
    """Camera, gallery, messenger."""
    once = decoded(jpeg(x, 90))
    return jpeg(decoded(jpeg(resized(once, 0.75), 75)), 60), 'jpg', resized(x, 0.75)


def messenger(x, rng):
    once = decoded(jpeg(resized(codes8(x) / 255, 0.8, cv2.INTER_AREA), 70))
    return jpeg(once, 68), 'jpg', resized(x, 0.8, cv2.INTER_AREA)


def fade(x, rng, strength):
    y, x0 = np.mgrid[-1:1:x.shape[0] * 1j, -1:1:x.shape[1] * 1j]
    return (1 - strength * np.clip((y * y + x0 * x0) / 2, 0, 1))[..., None]


def vignette(x, rng):
    mask = fade(x, rng, rng.uniform(0.4, 0.8))
    return png(codes8(x) / 255 * (codes8(mask) / 255)), 'png', x * mask


def curve(x, rng):
    power, bend = rng.uniform(0.6, 0.9), rng.uniform(0.2, 0.5)

    def tone(v):
        v = v**power
        return v * (1 - bend) + bend * v * v * (3 - 2 * v)

    return png(tone(codes8(x) / 255)), 'png', tone(x)


def stretched(x, rng):
    """Levels, as in astronomy: the range of most samples fills all codes."""
    low, high = np.percentile(x, (1, 97))
    low, high = np.rint(low * 200) / 255, min(1, max(high, low + 0.25))
    return png((codes8(x) / 255 - low) / (high - low)), 'png', np.clip((x - low) / (high - low), 0, 1)


def fog_table(x, rng):
    share = np.linspace(rng.uniform(0.2, 0.4), rng.uniform(0.6, 0.85), x.shape[0])[::-1, None, None]
    colour = rng.uniform(0.5, 0.9, 3)
    table = np.rint(share * 63) / 63
    codes = np.rint(codes8(x) * (1 - codes8(table) / 255)) + np.rint(codes8(colour) * (codes8(table) / 255))
    return png(codes / 255), 'png', x * (1 - share) + colour * share


def tinted(x, rng):
    tint = rng.uniform(0.55, 1, 3)
    grey = (x @ WEIGHTS)[..., None]
    return png(codes8(levels(grey, 63)) / 255 * tint), 'png', grey * tint


def linear(x):
    light = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055)**2.4)
    light = levels(light, 255)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light**(1 / 2.4) - 0.055)


def shrunk(x, rng, change):
    factor, how = ((0.6, cv2.INTER_AREA), (0.6, cv2.INTER_CUBIC), (0.7, cv2.INTER_AREA))[rng.integers(3)]
    # A cubic kernel of the larger grid would alias: blur first, as image editors do.
    wide = (lambda v: cv2.GaussianBlur(v, (0, 0), 0.6)) if how == cv2.INTER_CUBIC else (lambda v: v)
    return png(resized(wide(codes8(change(x)) / 255), factor, how)), 'png', resized(wide(x), factor, how)


def grown(x, rng):
    top, left = (int(rng.integers(0, n // 2)) for n in x.shape[:2])
    part = x[top:top + x.shape[0] // 2, left:left + x.shape[1] // 2]
    return png(resized(codes8(levels(part, 63)) / 255, 2)), 'png', resized(part, 2)


def coded(x, rng, change, qualities, ending='jpg'):
    data = jpeg(codes8(change(x)) / 255, int(rng.choice(qualities)))
    return (data if ending == 'jpg' else png(decoded(data))), ending, x


def replicated(level, bits):
    return level << 8 - bits | level >> 2 * bits - 8


def bits5(x):
    return levels(x, 31)


def bits6(x):
    return levels(x, 63)


def grown565(x):
    five, six = np.rint(x * 31).astype(int), np.rint(x * 63).astype(int)
    return np.stack([replicated(five[..., 0], 5), replicated(six[..., 1], 6), replicated(five[..., 2], 5)], -1) / 255


def floored(x, steps):
    return np.floor(np.rint(x * steps) * 65535 / steps) / 65535


X264 = '-c:v libx264 -crf'.split()
CAUSES = {
    '565': still('png', lambda x: png(rgb565(x))),
    'screenshot-5': screenshot,
    'grey-5': lambda x, rng: (png(levels(x @ WEIGHTS, 31)), 'png', (x @ WEIGHTS)[..., None].repeat(3, 2)),
    'phone-chain': phone,
    'messenger': messenger,
    'panel-6': still('png', lambda x: png(bits6(x))),
    'gif': still('gif', lambda x: palette(x, 256, 'GIF')),
    'png8': lambda x, rng: (palette(x, int(rng.choice((64, 256))), 'PNG'), 'png', x),
    'jpeg-40': still('jpg', lambda x: jpeg(x, 40)),
    'webp-40': still('webp', lambda x: pillow(x, 'WEBP', quality=40)),
    'x264-30': lambda x, rng: video(x, *X264, '30'),
    'x264-anime-32': lambda x, rng: video(x, *X264, '32', '-tune', 'animation'),
    'vp9-40': lambda x, rng: video(x, '-c:v', 'libvpx-vp9', '-crf', '40', '-b:v', '0', form='webm'),
    'mpeg4-6': lambda x, rng: video(x, '-c:v', 'mpeg4', '-q:v', '6'),
    '565-jpeg-92': lambda x, rng: coded(x, rng, rgb565, [92]),
    'jpeg-30-as-png': still('png', lambda x: png(decoded(jpeg(x, 30)))),
    'vignette-8': vignette,
    'curve-8': curve,
    'stretch-8': stretched,
    '5-shrunk': lambda x, rng: shrunk(x, rng, bits5),
    '6-upscaled': grown,
    'luma6-shrunk': lambda x, rng: shrunk(x, rng, luma6),
    'linear-scan': still('png', lambda x: png(linear(x))),
    'fog-table': fog_table,
    'tint-6': tinted,
    '5-jpeg-80': lambda x, rng: coded(x, rng, bits5, [80, 85]),
    '5-jpeg-90': lambda x, rng: coded(x, rng, bits5, [90, 95]),
    '6-jpeg-80': lambda x, rng: coded(x, rng, bits6, [80, 85]),
    '6-jpeg-90': lambda x, rng: coded(x, rng, bits6, [90, 95]),
    'yuv6-jpeg-80': lambda x, rng: coded(x, rng, yuv6, [80, 85]),
    'yuv6-jpeg-90': lambda x, rng: coded(x, rng, yuv6, [90, 95]),
    '5-jpeg-90-as-png': lambda x, rng: coded(x, rng, bits5, [90, 95], 'png'),
    'masked-5': still('png', lambda x: png((codes8(x) & 0xF8) / 255)),
    'truncated-6': still('png', lambda x: png(replicated(codes8(x).astype(int) >> 2, 6) / 255)),
    '565-replicated': still('png', lambda x: png(grown565(x))),
    '5-in-16-floor': still('png', lambda x: png(floored(x, 31), 16)),
    '6-in-16-floor': still('png', lambda x: png(floored(x, 63), 16)),
    'jpeg-40-jpeg-90': still('jpg', lambda x: jpeg(decoded(jpeg(x, 40)), 90)),
    'yuv6': still('png', lambda x: png(yuv6(x))),
    'bits-5': still('png', lambda x: png(bits5(x))),
}
# For these causes only sources of these kinds.
ONLY = {'x264-anime-32': ('drawn', 'game', 'computed'), 'stretch-8': ('astro', 'photo', 'computed')}


def all_sources(cache):
    """Name, kind, package and a function that returns the clean original."""
    for kind, package, folder, files in SOURCES:
        fetch(cache, package)
        for file in files.split():
            path = cache / package / 'usr/share' / folder / file
            prefix = package.split('-')[-1 if '-theme-' in package or '-artwork-' in package else 0]
            yield f'{prefix}-{file.rpartition(".")[0].replace("/", "-").lower()[-26:].strip("-")}', kind, package, path
    for number, name in enumerate(SCENES):
        yield f'scene-{name}', 'computed', 'tools/image_causes.py', number


def main():
    cache, out = map(pathlib.Path, sys.argv[1:3])
    for folder in (cache, out / 'damaged', out / 'clean'):
        folder.mkdir(parents=True, exist_ok=True)
    sources = list(all_sources(cache.resolve()))
    rng = np.random.default_rng(SEED)
    half = {}
    for kind in sorted({s[1] for s in sources}):
        names = [s[0] for s in sources if s[1] == kind]
        for place, name in enumerate(rng.permutation(names)):
            half[str(name)] = 'ab'[place % 2]
    assert len(half) == len(sources), 'two sources of one name'
    # Each cause draws three sources of either half, the least used ones first.
    used, tasks = {name: 0 for name in half}, {name: [] for name in half}
    for cause in CAUSES:
        for side in 'ab':
            names = [s[0] for s in sources if half[s[0]] == side and s[1] in ONLY.get(cause, (s[1],))]
            order = sorted((used[name], rng.random(), name) for name in names)
            for _, _, name in order[:3]:
                used[name] += 1
                tasks[name].append(cause)
    rows = []
    for number, (name, kind, package, place) in enumerate(sources):
        clean = scene(SCENES[place], SEED + place) if kind == 'computed' else clean_of(place)
        for cause in tasks[name]:
            file = f'{cause}_{name}'
            data, ending, truth = CAUSES[cause](clean, np.random.default_rng([SEED, number, list(CAUSES).index(cause)]))
            (out / 'damaged' / f'{file}.{ending}').write_bytes(data)
            write_png(out / 'clean' / f'{file}.png', truth)
            rows.append((f'{file}.{ending}', name, package, kind, cause, half[name]))
    with open(out / 'list.csv', 'w', newline='') as file:
        csv.writer(file).writerows([('file', 'source', 'package', 'kind', 'cause', 'half'), *sorted(rows)])
    print(f'{len(rows)} images, {len({r[1] for r in rows})} sources, {len(CAUSES)} causes')


if __name__ == '__main__':
    main()

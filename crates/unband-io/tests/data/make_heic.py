#!/usr/bin/env python3
"""Makes the HEIC files of this folder, and prints the hashes of `tests/all/heic.rs`.

Streams are x265's (through FFmpeg 5.1 or libheif 1.15's heif-enc), their samples FFmpeg's, joined, cut and
turned here as the properties say: codes as 16-bit numbers, plane after plane, then alpha.
`make_heic.py IMAGE`: one of 160×128 pixels.
"""

import os
import struct
import subprocess
import sys


def box(kind, *parts):
    content = b"".join(parts)
    return struct.pack(">I4s", len(content) + 8, kind) + content


def full(kind, *parts, version=0, flags=0):
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def run(*command, data=None):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def x265(image, pixels, crop, settings=""):
    """The NAL units of an image, cut to `width:height:x:y`."""
    settings = "keyint=1:log-level=none:info=0:" + settings
    coding = ["-pix_fmt", pixels, "-c:v", "libx265", "-preset", "medium", "-x265-params", settings]
    crop = ["-vf", f"crop={crop}", "-frames:v", "1"]
    stream = run("ffmpeg", "-v", "error", "-i", image, *crop, *coding, "-f", "hevc", "-")
    units = stream.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]
    return [unit for unit in units if unit[0] >> 1 not in (39, 40)]


def config(units):
    """The property `hvcC`. Its profile and depths are not looked at by readers that have the sets."""
    sets = [unit for unit in units if 32 <= unit[0] >> 1 <= 34]
    head = [bytes([0x80 | unit[0] >> 1, 0, 1]) + struct.pack(">H", len(unit)) for unit in sets]
    arrays = b"".join(head + unit for head, unit in zip(head, sets))
    return box(b"hvcC", b"\1" + bytes(20) + b"\3" + bytes([len(sets)]) + arrays)


def size(width, height):
    return full(b"ispe", struct.pack(">II", width, height))


class Heif:
    """A file: items with their properties and references."""

    def __init__(self):
        self.items, self.properties, self.references = [], [], []

    def item(self, kind, data, properties=(), content_type=b""):
        """Adds one; returns its id. Each property comes with 1 if it is essential, otherwise 0."""
        ids = []
        for essential, content in properties:
            if content not in self.properties:
                self.properties.append(content)
            ids.append(essential << 7 | self.properties.index(content) + 1)
        self.items.append((kind, content_type, data, ids))
        return len(self.items)

    def coded(self, units, width, height, properties=(), kind=b"hvc1"):
        slices = [unit for unit in units if kind == b"hev1" or unit[0] >> 1 < 32]
        data = b"".join(struct.pack(">I", len(unit)) + unit for unit in slices)
        held = config([] if kind == b"hev1" else units)
        return self.item(kind, data, [(1, held), (0, size(width, height)), *properties])

    def refer(self, kind, source, *to):
        ids = struct.pack(f">{len(to)}H", *to)
        self.references.append(box(kind, struct.pack(">HH", source, len(to)), ids))

    def write(self, name, primary=1):
        infos = b"".join(
            full(b"infe", struct.pack(">HH4s", i, 0, kind), b"\0", content_type, version=2)
            for i, (kind, content_type, _, _) in enumerate(self.items, 1))
        linked = [(i, ids) for i, (_, _, _, ids) in enumerate(self.items, 1) if ids]
        links = b"".join(struct.pack(">HB", i, len(ids)) + bytes(ids) for i, ids in linked)
        head = box(b"ftyp", b"heic\0\0\0\0mif1heic")

        def meta(start):
            places, at = b"", start
            for i, (_, _, data, _) in enumerate(self.items, 1):
                places += struct.pack(">HHHII", i, 0, 1, at, len(data))
                at += len(data)
            return full(
                b"meta", full(b"hdlr", b"\0\0\0\0pict" + bytes(13)),
                full(b"pitm", struct.pack(">H", primary)),
                full(b"iloc", b"\x44\0", struct.pack(">H", len(self.items)), places),
                full(b"iinf", struct.pack(">H", len(self.items)), infos),
                full(b"iref", *self.references) if self.references else b"",
                box(b"iprp", box(b"ipco", *self.properties),
                    full(b"ipma", struct.pack(">I", len(linked)), links)))

        data = b"".join(item[2] for item in self.items)
        start = len(head) + len(meta(0)) + 8
        with open(f"{name}.heic", "wb") as file:
            file.write(head + meta(start) + box(b"mdat", data))


def decoded(units, pixels, width, height):
    """Planes by FFmpeg, as rows."""
    stream = b"".join(b"\0\0\0\1" + unit for unit in units)
    raw = run("ffmpeg", "-v", "error", "-f", "hevc", "-i", "-", "-f", "rawvideo", "-", data=stream)
    codes = list(struct.unpack(f"<{len(raw) // 2}H", raw) if pixels.endswith("le") else raw)
    sizes = [(width, height)] + ([] if pixels.startswith("gray") else [(width // 2, height // 2)] * 2)
    planes = []
    for w, h in sizes:
        planes.append([codes[y * w:(y + 1) * w] for y in range(h)])
        codes = codes[w * h:]
    assert not codes
    return planes


def cut(planes, width, height, x=0, y=0):
    def part(plane, s):
        rows = plane[y // s:y // s + (height + s - 1) // s]
        return [row[x // s:x // s + (width + s - 1) // s] for row in rows]

    return [part(plane, 2 if i else 1) for i, plane in enumerate(planes)]


def left(plane):
    """A quarter turn counterclockwise."""
    return [list(row) for row in zip(*plane)][::-1]


def report(name, planes):
    hashed = 0xCBF29CE484222325
    for byte in b"".join(struct.pack(f"<{len(row)}H", *row) for plane in planes for row in plane):
        hashed = ((hashed ^ byte) * 0x100000001B3) & (1 << 64) - 1
    digits = "_".join(f"{hashed:016x}"[i:i + 4] for i in range(0, 16, 4))
    print(f'("{name}", {len(planes[0][0])}, {len(planes[0])}, 0x{digits}),')


def units_of(name):
    """The NAL units of a file with one coded image."""
    data, units = open(name, "rb").read(), []
    at = data.index(b"hvcC") + 4 + 22
    count, at = data[at], at + 1
    for _ in range(count):
        at += 3
        length = struct.unpack(">H", data[at:at + 2])[0]
        units.append(data[at + 2:at + 2 + length])
        at += 2 + length
    at = data.index(b"mdat") + 4
    while at < len(data):
        length = struct.unpack(">I", data[at:at + 4])[0]
        units.append(data[at + 4:at + 4 + length])
        at += 4 + length
    return units


def plain(image, name, pixels, settings, kind=b"hvc1"):
    units = x265(image, pixels, "72:56:4:4", settings)
    file = Heif()
    file.coded(units, 72, 56, kind=kind)
    file.write("heic_" + name)
    report(name, decoded(units, pixels, 72, 56))


def nclx(primaries, transfer, matrix, full_range):
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, matrix, full_range << 7))


def changed(image):
    """Rotated, mirrored and cropped, each with the whole stream as FFmpeg decodes it."""
    units = x265(image, "yuv420p", "72:56:4:4", "qp=30")
    planes = decoded(units, "yuv420p", 72, 56)
    for name, properties, act in [
        ("irot1", [box(b"irot", b"\1")], lambda planes: [left(plane) for plane in planes]),
        ("irot3_imir0", [box(b"irot", b"\3"), box(b"imir", b"\0")],
         lambda planes: [left(left(left(plane)))[::-1] for plane in planes]),
        ("clap", [box(b"clap", struct.pack(">IIIIiIiI", 41, 1, 31, 1, -11, 2, 7, 2))],
         lambda planes: cut(planes, 41, 31, 10, 16)),
    ]:
        file = Heif()
        file.coded(units, 72, 56, [(1, content) for content in properties])
        file.write("heic_" + name)
        report(name, act(planes))


def grid(image):
    tiles = [x265(image, "yuv420p", f"64:64:{x}:{y}", "qp=34") for y in (0, 64) for x in (0, 64, 96)]
    file = Heif()
    ids = [file.coded(units, 64, 64) for units in tiles]
    whole = file.item(b"grid", bytes([0, 0, 1, 2]) + struct.pack(">HH", 163, 101), [(0, size(163, 101))])
    file.refer(b"dimg", whole, *ids)
    file.write("heic_grid", whole)
    parts = [decoded(units, "yuv420p", 64, 64) for units in tiles]
    planes = [[sum((parts[3 * row + column][p][y] for column in range(3)), [])
               for row in range(2) for y in range(len(parts[0][p]))] for p in range(3)]
    report("grid", cut(planes, 163, 101))


def alpha(image):
    units = x265(image, "yuv420p", "72:56:4:4", "qp=34")
    cover = x265(image, "gray", "72:56:40:40", "qp=20")
    file = Heif()
    color = file.coded(units, 72, 56)
    kind = full(b"auxC", b"urn:mpeg:hevc:2015:auxid:1\0")
    file.refer(b"auxl", file.coded(cover, 72, 56, [(1, kind)]), color)
    file.write("heic_alpha")
    report("alpha", decoded(units, "yuv420p", 72, 56) + decoded(cover, "gray", 72, 56))


def metadata(image):
    """A profile with an empty table, Exif of a maker and orientation 6, an empty packet, and HDR's light."""
    units = x265(image, "yuv420p10le", "72:56:4:4", "qp=40")
    icc = struct.pack(">IIBxxx", 132, 0, 4) + b"mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(92)
    tiff = b"MM\0*" + struct.pack(">IHHHI4sHHIHHI", 8, 2, 0x10F, 2, 4, b"Abc\0", 0x112, 3, 1, 6, 0, 0)
    packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    file = Heif()
    color = file.coded(units, 72, 56, [
        (0, nclx(9, 16, 9, 0)), (0, box(b"colr", b"prof", icc)), (0, box(b"pasp", struct.pack(">II", 2, 1))),
        (0, box(b"clli", struct.pack(">HH", 1000, 400))),
        (0, box(b"mdcv", struct.pack(">8H", 8500, 39850, 6550, 2300, 35400, 14600, 15635, 16450),
                struct.pack(">II", 10_000_000, 1)))])
    file.refer(b"cdsc", file.item(b"Exif", bytes(4) + tiff), color)
    file.refer(b"cdsc", file.item(b"mime", packet, content_type=b"application/rdf+xml\0"), color)
    file.write("heic_metadata")
    report("metadata", decoded(units, "yuv420p10le", 72, 56))


def main():
    image = sys.argv[1]
    full_range = "range=full:colorprim=bt709:transfer=bt709:colormatrix=smpte170m"
    plain(image, "8_420", "yuv420p", "qp=24:" + full_range)
    plain(image, "10_420", "yuv420p10le", "qp=24:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc")
    plain(image, "12_420", "yuv420p12le", "qp=24:chromaloc=2")
    plain(image, "8_400", "gray", "qp=24:range=full")
    plain(image, "10_400", "gray10le", "qp=24")
    plain(image, "hev1", "yuv420p", "qp=30:slices=2:ctu=16:max-tu-size=16", b"hev1")
    plain(image, "lossless", "yuv420p", "lossless=1:colormatrix=bt709")
    file = Heif()
    file.coded(x265(image, "yuv422p", "72:56:4:4", "qp=30"), 72, 56)
    file.write("program/half_chroma")
    changed(image)
    grid(image)
    alpha(image)
    metadata(image)
    # Odd sides: libheif stores an even image in a grid of one tile.
    crop = ["-vf", "crop=67:45:9:9:exact=1", "-pix_fmt", "rgb24"]
    run("ffmpeg", "-v", "error", "-y", "-i", image, *crop, "odd.png")
    run("heif-enc", "-q", "60", "odd.png", "-o", "heic_odd.heic")
    os.remove("odd.png")
    report("odd", cut(decoded(units_of("heic_odd.heic"), "yuv420p", 68, 64), 67, 45))


if __name__ == "__main__":
    main()

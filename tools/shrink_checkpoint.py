#!/usr/bin/env python3
"""Halves a training checkpoint: its 32-bit values become 16-bit ones (bfloat16), from which a training resumes too.

    tools/shrink_checkpoint.py runs/NAME/checkpoint.safetensors SMALL.safetensors [--no-tables]

To resume, copy the small file to checkpoint.safetensors in the folder of the run. The training goes on from rounded values,
so it no longer ends in the same bits. `--no-tables` leaves out the index tables of Uformer's windows, which unband does not read.
Needs Python 3.9 alone.
"""

import array
import json
import struct
import sys


def upper_half(raw):
    """bfloat16 of little-endian 32-bit floats, rounded to nearest, half to even."""
    values = array.array("I", raw)
    if sys.byteorder == "big":
        values.byteswap()
    halves = array.array("H", (min((v + 0x7FFF + ((v >> 16) & 1)) >> 16, 0xFFFF) for v in values))
    if sys.byteorder == "big":
        halves.byteswap()
    return halves.tobytes()


def shrink(data, tables=True):
    length = struct.unpack("<Q", data[:8])[0]
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    smaller = {"__metadata__": header.pop("__metadata__", {})}
    parts, at = [], 0
    for name, tensor in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        if not tables and name.endswith(".relative_position_index"):
            continue
        start, end = tensor["data_offsets"]
        raw, kind = body[start:end], tensor["dtype"]
        if kind == "F32":
            raw, kind = upper_half(raw), "BF16"
        smaller[name] = {"dtype": kind, "shape": tensor["shape"], "data_offsets": [at, at + len(raw)]}
        parts.append(raw)
        at += len(raw)
    text = json.dumps(smaller).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


if __name__ == "__main__":
    tables = "--no-tables" not in sys.argv
    files = [argument for argument in sys.argv[1:] if argument != "--no-tables"]
    if len(files) != 2:
        sys.exit(__doc__)
    with open(files[0], "rb") as file:
        result = shrink(file.read(), tables)
    with open(files[1], "wb") as file:
        file.write(result)

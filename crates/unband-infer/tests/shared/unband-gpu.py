#!/usr/bin/env python3
# Stands in for unband-gpu in tests: answers every run with its first input. The file `settings` next to it has the samples
# of a channel that fit, the runs until it ends, and its version.
import json, os, struct, sys
here = os.path.dirname(os.path.abspath(__file__))
most, last, version = map(int, open(os.path.join(here, "settings")).read().split())
with open(os.path.join(here, "log"), "a") as log:
    log.write(" ".join(sys.argv[1:]) + "\n")
if sys.argv[1:] == ["list"]:
    print(json.dumps({"version": version, "devices": [{"name": "Echo", "kind": "discrete", "memory": 1 << 33}]}))
    sys.exit()
def send(message, samples=b""):
    text = json.dumps(message).encode()
    sys.stdout.buffer.write(struct.pack("<IQ", len(text), len(samples) // 4) + text + samples)
    sys.stdout.buffer.flush()
send({"Ready": {"version": version, "name": "Echo", "memory": 1 << 40, "largest": 1 << 40}})
networks = {}
while head := sys.stdin.buffer.read(12):
    length, count = struct.unpack("<IQ", head)
    message = json.loads(sys.stdin.buffer.read(length))
    samples = sys.stdin.buffer.read(4 * count)
    if "Load" in message:
        load = message["Load"]
        assert sum(load["params"]) == count and json.loads(load["graph"])["nodes"]
        networks[load["network"]] = load
    if "Run" in message:
        run = message["Run"]
        assert run["network"] in networks
        c, h, w = run["inputs"][0]
        if h * w > most:
            send("Memory")
            sys.exit(0)
        if last == 0:
            sys.exit("unband-gpu: the card fell off the bus")
        last -= 1
        send({"Outputs": [[c, h, w]]}, samples[: 4 * c * h * w])

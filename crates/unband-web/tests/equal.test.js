// Results have the bytes of the program; those of networks, its samples within one of 65535.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { call } from "../node_modules/unband/engine.js";
import { deband, dither, inspect, methods, score, upscale } from "unband";
import { READ, bytes, path, printed, program } from "./program.js";

// Of 65535. Networks: WebAssembly has no fused multiply-add; intervals of JPEG coefficients double the difference. Lossy
// JPEG XL: its decoder has vector code elsewhere.
const NETWORK = 1;
const IN_JPEG = 2;
const DECODER = 1;
// Codes of 8 bits: the encoder has vector code elsewhere.
const ENCODER = 4 * 257;

const rows = [];
after(() => {
  for (const { name, result } of rows) console.log(`${name.padEnd(44)} ${result}`);
});

/** The largest difference of two files' samples, of 65535. */
function worst(one, two) {
  return call((api) => {
    const images = [one, two].map((file) => api.Source.read(file));
    const [width, height] = [images[0].width(), images[0].height()];
    assert.deepEqual([images[1].width(), images[1].height()], [width, height]);
    let most = 0;
    for (let y = 0; y < height; y++) {
      const [a, b] = images.map((image) => image.line(y, 0, width));
      assert.equal(a.length, b.length);
      for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]));
    }
    images.forEach((image) => image.free());
    return Math.round(most * 257);
  });
}

async function compare(name, ours, theirs, allowed) {
  const same = Buffer.from(ours).equals(Buffer.from(theirs));
  const most = same ? 0 : await worst(ours, theirs);
  rows.push({ name, result: same ? "the same bytes" : `samples differ by ${most} of 65535` });
  assert.ok(same || (allowed > 0 && most <= allowed), `${name}: other bytes, samples differ by ${most}`);
}

const known = await methods();
for (const example of ["examples/sunset.png", "examples/dusk.jpg"]) {
  for (const method of ["auto", ...known.map(({ name }) => name)]) {
    test(`${method} on ${example}`, async () => {
      const { bytes: ours, report } = await deband(bytes(example), { method, depth: 16, format: "png" });
      const named = method === "auto" ? [] : ["--method", method];
      const theirs = program(["deband"], example, ...named, "--depth", "16", "--format", "png");
      const network = example.endsWith(".jpg") ? IN_JPEG : NETWORK;
      await compare(`${example} ${method}`, ours, theirs, report.method === "unband-lite" ? network : 0);
    });
  }
  for (const method of ["smooth", "f3kdb", "gradfun"]) {
    test(`${method} on ${example}, as its file is`, async () => {
      const { bytes: ours } = await deband(bytes(example), { method });
      await compare(`${example} ${method}, own depth`, ours, program(["deband"], example, "--method", method), 0);
    });
  }
  test(`upscaling ${example}`, async () => {
    const options = ["--scale", "2", "--depth", "16", "--format", "png"];
    const { bytes: ours } = await upscale(bytes(example), { scale: 2, depth: 16, format: "png" });
    await compare(`${example} upscaled`, ours, program(["upscale"], example, ...options), NETWORK);
  });
}

for (const [format, names] of Object.entries(READ)) {
  for (const name of names) {
    test(`${format} ${name}`, async () => {
      const { bytes: ours } = await deband(bytes(name), { method: "smooth" });
      const lossy = name === "jxl_lossy.jxl" ? DECODER : 0;
      await compare(`${format} ${name}`, ours, program(["deband"], name, "--method", "smooth"), lossy);
      const found = await inspect(bytes(name));
      const theirs = JSON.parse(printed("inspect", "--json", path(name)));
      assert.deepEqual(rounded({ ...found, input: "" }), rounded({ ...theirs, input: "" }));
    });
  }
}

for (const format of ["png", "jpg", "tiff", "webp", "ppm", "pam", "pfm", "exr", "jxl"]) {
  test(`writing ${format}`, async () => {
    // The program writes lossy WebP too, by other code.
    const options = { method: "smooth", everywhere: true, format };
    const { bytes: ours } = await deband(bytes("examples/sunset.png"), options);
    const theirs = program(["deband"], "examples/sunset.png", "--method", "smooth", "--everywhere", "--format", format);
    await compare(`written as ${format}`, ours, theirs, format === "jpg" ? ENCODER : 0);
  });
}

test("metrics are those of the program", async () => {
  for (const name of ["examples/sunset.png", "examples/dusk.jpg"]) {
    const ours = await score(bytes(name), { metrics: "cambi,bband,niqe" });
    const theirs = JSON.parse(printed("score", "--json", "--metrics", "cambi,bband,niqe", path(name)));
    assert.deepEqual(rounded(ours.values), rounded(theirs.files[0].values));
    assert.equal(ours.banding.grade, theirs.files[0].banding.grade);
  }
});

test("dither rounds to the depth", async () => {
  const { bytes: made } = await dither(bytes("png_rgb16.png"), { depth: 8 });
  assert.equal((await inspect(made)).depth, 8);
});

/** Numbers by nine digits: logarithms of systems differ in the last ones. */
function rounded(value) {
  return JSON.parse(JSON.stringify(value, (_, part) => (typeof part === "number" ? Number(part.toPrecision(6)) : part)));
}

// Inputs, options, errors, recovery and the pool.

import assert from "node:assert/strict";
import { test } from "node:test";

import { UnbandError, compare, deband, dither, inspect, metrics, upscale, version } from "unband";
import { Pool } from "unband/pool";
import { run } from "../node_modules/unband/calls.js";
import { call } from "../node_modules/unband/engine.js";
import { bytes } from "./program.js";

const [width, height] = [96, 64];

/** A ramp in steps of four codes, by channels of that many. */
function ramp(type, channels, scale = 1) {
  const data = new type(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const x = Math.floor(i / channels) % width;
    data[i] = (i % channels === 3 ? 255 : 60 + 4 * Math.floor(x / 8)) * scale;
  }
  return data;
}

test("samples of every type come back in their type", async () => {
  for (const channels of [1, 2, 3, 4]) {
    for (const [type, scale, depth] of [[Uint8Array, 1, 8], [Uint16Array, 257, 16], [Float32Array, 1 / 255, 32]]) {
      const made = await deband({ data: ramp(type, channels, scale), width, height, channels });
      assert.ok(made.data instanceof type);
      assert.deepEqual([made.width, made.height, made.channels, made.depth], [width, height, channels, depth]);
      assert.equal(made.data.length, width * height * channels);
    }
  }
});

test("a depth of 16 gives finer levels", async () => {
  // Rounded to six bits with a photo's noise before it.
  const data = new Uint8Array(256 * 128 * 3);
  for (let i = 0; i < data.length; i++) {
    const x = Math.floor(i / 3) % 256;
    const value = 40 + x * 0.5 + (((i * 2654435761) >>> 0) / 2 ** 32 - 0.5) * 2;
    data[i] = Math.round((Math.round((value / 255) * 63) / 63) * 255);
  }
  const options = { depth: 16, treatAs: "photo" };
  const { data: made, report } = await deband({ data, width: 256, height: 128 }, options);
  assert.equal(report.reason, "restored");
  assert.ok(made instanceof Uint16Array);
  assert.ok(new Set(made).size > 4 * new Set(data).size);
});

test("buffers of bytes hold 16 bits, aligned or not", async () => {
  const words = ramp(Uint16Array, 3, 257);
  const shifted = new Uint8Array(words.byteLength + 1);
  shifted.set(new Uint8Array(words.buffer), 1);
  const odd = Buffer.from(shifted.buffer, 1);
  const views = [new Uint8Array(words.buffer), shifted.subarray(1), Buffer.from(words.buffer), odd];
  for (const data of views) {
    const found = await inspect({ data, width, height, channels: 3, depth: "ushort" });
    assert.equal(found.depth, 16);
  }
});

test("inputs stay as they are", async () => {
  const file = bytes("examples/sunset.png");
  const copy = file.slice();
  await deband(file);
  assert.deepEqual(file, copy);
});

test("wrong inputs and options are explained", async () => {
  const refused = async (call, kind, text, option) => {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof UnbandError);
      assert.equal(error.kind, kind, error.message);
      assert.match(`${error.message} ${error.hint ?? ""}`, text);
      if (option) assert.equal(error.option, option);
      return true;
    });
  };
  const file = bytes("examples/dusk.jpg");
  await refused(() => deband(new Uint8Array(0)), "input", /empty/);
  await refused(() => deband(new Uint8Array([1, 2, 3])), "input", /unknown image format/);
  await refused(() => deband(file.subarray(0, 3000)), "input", /./);
  await refused(() => deband("sky.png"), "input", /neither bytes nor samples/);
  await refused(() => deband(file, { bandstep: 4 }), "option", /unknown field `bandstep`/, "options");
  await refused(() => deband(file, { method: "smoth" }), "option", /smooth/, "method");
  await refused(() => deband(file, { strength: 9 }), "option", /0 to 4/, "strength");
  await refused(() => deband(file, { depth: 17 }), "option", /1 to 16/, "depth");
  await refused(() => deband(file, { format: "heic" }), "option", /PNG/, "format");
  await refused(() => deband(file, { format: "jpg", depth: 16 }), "input", /8 bits/);
  await refused(() => upscale(file, { scale: 2, width: 9 }), "option", /only one/, "scale");
  await refused(() => upscale(file, { scale: 8 }), "option", /built-in.*`width`, `height`/, "scale");
  await refused(() => dither(file, {}), "option", /1 to 16/, "depth");
  await refused(() => deband({ data: new Uint8Array(5), width: 4, height: 4, channels: 3 }), "input", /48 samples/);
  await refused(() => upscale(file, { width: 0 }), "option", /at least 1/, "width");
  await refused(() => deband(file, { strength: NaN }), "option", /must be a number/, "strength");
  await refused(() => deband(file, { quality: 0 }), "option", /1 to 100/, "quality");
  await refused(() => deband(file, { depth: 9 }), "option", /for a file/, "depth");
  await refused(() => deband(file, { bandStep: 4, bandBits: 5 }), "option", /omitted/, "bandStep");
  await refused(() => deband({ data: new Uint32Array(48), width: 4, height: 4 }), "option", /Uint16Array/, "data");
  await refused(() => deband({ data: new Uint8Array(48), width: 4.5, height: 4 }), "option", /whole number/, "width");
  await refused(() => deband(file, { signal: AbortSignal.abort() }), "cancelled", /interrupted/);
  const small = { data: new Uint8Array(48), width: 4, height: 4 };
  await refused(() => compare(small, file), "input", /one size/);
});

test("more than 100 megapixels are refused before they are read", async () => {
  // The header of a PNG of 20,000 × 20,000.
  const header = "89504e470d0a1a0a0000000d4948445200004e2000004e20080200000000000000";
  const file = new Uint8Array(Buffer.from(header, "hex"));
  await assert.rejects(() => deband(file), (error) => error.kind === "limit" || error.kind === "input");
});

test("a panic costs the instance, not the next call", async () => {
  await assert.rejects(() => run("panic"), (error) => error.kind === "internal" && /a panic for a test/.test(error.message));
  const { report } = await deband(bytes("examples/sunset.png"));
  assert.equal(report.reason, "restored");
});

test("progress reaches the end, and false cancels", async () => {
  const shares = [];
  await deband(bytes("examples/sunset.png"), { onProgress: (share) => void shares.push(share) });
  assert.ok(shares.length > 2 && shares.at(-1) === 1, String(shares));
  const cancelled = (error) => error.kind === "cancelled";
  await assert.rejects(() => deband(bytes("examples/sunset.png"), { onProgress: () => false }), cancelled);
});

test("the pool keeps order, recovers and cancels", async () => {
  const pool = new Pool({ size: 2 });
  try {
    const files = ["examples/sunset.png", "bmp_24.bmp", "tiff_rgb16.tif", "examples/dusk.jpg"].map(bytes);
    const damaged = new Uint8Array([1, 2, 3]);
    const all = await Promise.allSettled([...files, damaged].map((file) => pool.deband(file, { method: "smooth" })));
    assert.deepEqual(all.map(({ status }) => status), ["fulfilled", "fulfilled", "fulfilled", "fulfilled", "rejected"]);
    assert.equal(all[4].reason.kind, "input");
    for (const [i, file] of files.entries()) {
      const alone = await deband(file, { method: "smooth" });
      assert.deepEqual(Buffer.from(all[i].value.bytes), Buffer.from(alone.bytes));
    }
    const stop = new AbortController();
    const stopped = pool.upscale(files[0], { signal: stop.signal, onProgress: () => stop.abort() });
    await assert.rejects(() => stopped, (error) => error.kind === "cancelled");
    assert.equal((await pool.inspect(files[0])).cause, "levels");
    assert.ok((await pool.score(files[0])).banding.grade);
  } finally {
    pool.close();
  }
  await assert.rejects(() => pool.inspect(new Uint8Array(1)), (error) => error.kind === "cancelled");
});

test("what goes wrong in a pool ends its own call", async () => {
  const pool = new Pool({ size: 1 });
  const file = bytes("examples/sunset.png");
  try {
    const detached = new Uint8Array(8);
    structuredClone(detached, { transfer: [detached.buffer] });
    const wrong = [
      pool.inspect({ data: detached, width: 1, height: 1, extra: () => 0 }),
      pool.deband(file, { onProgress: () => { throw new TypeError("mine"); } }),
    ];
    const ends = await Promise.allSettled(wrong);
    assert.equal(ends[0].reason.kind, "input");
    assert.equal(ends[1].reason.message, "mine");
    const stop = new AbortController();
    const early = pool.deband(file, { signal: stop.signal });
    stop.abort();
    await assert.rejects(() => early, (error) => error.kind === "cancelled");
    assert.equal((await pool.inspect(file)).cause, "levels");
    const closed = pool.deband(file);
    pool.close();
    await assert.rejects(() => closed, (error) => error.kind === "cancelled");
  } finally {
    pool.close();
  }
});

test("a function for progress may throw", async () => {
  const progress = () => { throw new TypeError("mine"); };
  await assert.rejects(() => deband(bytes("examples/sunset.png"), { onProgress: progress }), TypeError);
});

test("a failed comparison keeps no images", async () => {
  const image = { data: new Uint8Array(2_000_000), width: 1000, height: 2000 };
  for (let i = 0; i < 30; i++) await assert.rejects(() => compare(image, new Uint8Array(5)));
  assert.ok((await call((api) => api.memoryBytes())) < 200 * 2 ** 20);
});

test("pairs are compared, with the image before the repair", async () => {
  const before = bytes("examples/sunset.png");
  const { bytes: result } = await deband(before, { method: "smooth" });
  const scores = await compare(result, before, { before, metrics: "psnr,contour-jump,false-steps" });
  assert.ok(scores.values.psnr > 30, JSON.stringify(scores));
  assert.ok((await metrics("restored")).some(({ name }) => name === "contour-jump"));
});

test("the version is that of the package", async () => {
  const { default: package_ } = await import("unband/package.json", { with: { type: "json" } });
  assert.equal(await version(), package_.version);
});

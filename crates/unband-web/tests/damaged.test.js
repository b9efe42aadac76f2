// Damaged files: each a result or an error, none blocks the next, and memory stays bounded.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call, discard } from "../node_modules/unband/engine.js";
import { deband } from "unband";
import { READ, bytes } from "./program.js";

const COUNT = Number(process.env.UNBAND_DAMAGED ?? 1000);
const MOST = 2 * 2 ** 30;

/** Numbers from a seed (Marsaglia's xorshift). */
function numbers(seed) {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

/** A file with bytes changed, cut, repeated or exchanged with those of another. */
function damaged(files, seed) {
  const next = numbers(seed * 2654435761);
  const file = files[next(files.length)].slice();
  const other = files[next(files.length)];
  const kind = next(5);
  if (kind === 0) return file.subarray(0, next(file.length));
  for (let i = 0, n = 1 + next(kind === 1 ? 3 : 40); i < n; i++) {
    const head = next(2) ? Math.min(file.length, 256) : file.length;
    const at = next(head);
    if (kind === 3) file.set(other.subarray(0, 1 + next(64)).subarray(0, file.length - at), at);
    else file[at] = kind === 2 ? [0, 255, 127, 128][next(4)] : next(256);
  }
  return kind === 4 ? file.subarray(next(16)) : file;
}

test(`${COUNT} damaged files`, async () => {
  const files = Object.values(READ).flat().filter((name) => !name.startsWith("examples/")).map(bytes);
  const kinds = {};
  let most = 0;
  for (let seed = 1; seed <= COUNT; seed++) {
    const file = damaged(files, seed);
    const start = performance.now();
    let kind;
    try {
      kind = (await deband(file, { method: "smooth" })).report.status;
    } catch (error) {
      assert.equal(error.name, "UnbandError", `seed ${seed}: ${error.stack}`);
      assert.notEqual(error.kind, "internal", `seed ${seed}: ${error.message}`);
      kind = error.kind;
    }
    const seconds = (performance.now() - start) / 1000;
    assert.ok(seconds < 60, `seed ${seed} took ${seconds.toFixed(0)} s`);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    most = Math.max(most, await call((api) => api.memoryBytes()));
    // Instances end with large images; so that a leak shows, small ones share theirs.
    if (most > MOST) discard();
  }
  console.log(kinds, `at most ${(most / 2 ** 20).toFixed(0)} MiB`);
  assert.ok(most <= MOST);
  // The instance still works.
  assert.equal((await deband(bytes("examples/sunset.png"), { method: "smooth" })).report.reason, "restored");
});

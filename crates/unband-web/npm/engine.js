// One instance of the WebAssembly in this thread: loading, calls, and a new instance after one that failed.

import * as bindings from "./unband.js";
import { bytesOf } from "./files.js";
import { UnbandError } from "./error.js";

// Literal addresses, so that bundlers find the files.
const MODULE = new URL("./unband_bg.wasm", import.meta.url);
const NETWORKS = {
  "unband-lite": new URL("./unband-lite.safetensors", import.meta.url),
  "unband-jpeg": new URL("./unband-jpeg.safetensors", import.meta.url),
  "unband-sr-lite-x2": new URL("./unband-sr-lite-x2.safetensors", import.meta.url),
  "unband-sr-lite-x4": new URL("./unband-sr-lite-x4.safetensors", import.meta.url),
};
// Memory of an instance never shrinks: a larger one is given up after its call.
const KEPT = 256 << 20;

let compiling;
// "new" before the first instance, "ready", or "gone" where one was given up and the next could not start.
let state = "new";
const networks = new Map();

/** The compiled module; workers share it. */
export function compile() {
  compiling ??= bytesOf(MODULE).then((bytes) => WebAssembly.compile(bytes));
  compiling.catch(() => (compiling = undefined));
  return compiling;
}

/** Takes a module that another thread has compiled. */
export function use(module) {
  compiling = Promise.resolve(module);
}

async function start() {
  const module = await compile();
  if (state === "new") {
    bindings.initSync({ module });
    begin();
  } else if (state === "gone") {
    renew();
  }
}

function begin() {
  state = "ready";
  for (const [name, { bytes }] of networks) if (bytes) bindings.provide(name, bytes);
}

// The memory of the instance before is free after it.
function renew() {
  bindings.__wbg_reset_state();
  begin();
}

/** Loads networks; each is read once. */
export async function load(names) {
  for (const name of names) {
    if (!networks.has(name)) networks.set(name, { reading: bytesOf(NETWORKS[name]) });
    const network = networks.get(name);
    try {
      network.bytes ??= await network.reading;
    } catch (error) {
      networks.delete(name);
      throw error;
    }
    // Repeated calls have no effect.
    if (state === "ready") bindings.provide(name, network.bytes);
  }
}

/** Networks that a call may need. */
export function needed(name, { method = "auto", scale, width, height, fit, deband = true } = {}) {
  const own = ["unband-lite", "unband-jpeg"];
  const debander = own.filter((network) => ["auto", network].includes(String(method).split(":")[0]));
  if (name === "deband") return debander;
  if (name !== "upscale") return [];
  const sized = [width, height, fit].some((size) => size != null);
  const upscalers = sized ? ["x2", "x4"] : scale <= 2 ? ["x2"] : ["x4"];
  return [...(deband ? debander : []), ...upscalers.map((factor) => `unband-sr-lite-${factor}`)];
}

/** Gives up the instance with all images in it, and starts another one. */
export function discard() {
  if (state !== "ready") return;
  state = "gone";
  try {
    renew();
  } catch {
    // Too little memory now: the next call tries again.
  }
}

/** Calls work with the functions of the WebAssembly. A panic costs the instance, not the next call. */
export async function call(work) {
  await start();
  try {
    return work(bindings);
  } catch (error) {
    throw reported(error);
  }
}

/** Gives up an instance that holds much memory. */
export function tidy() {
  if (state === "ready" && bindings.memoryBytes() > KEPT) discard();
}

function reported(error) {
  if (error?.name === "UnbandError") return UnbandError.from(error);
  // Anything else may have left the instance in the middle of a call.
  const memory = error instanceof RangeError && /alloc|memory/i.test(error.message);
  if (!(error instanceof WebAssembly.RuntimeError) && !memory) {
    discard();
    return error;
  }
  let text = "";
  try {
    text = bindings.lastPanic();
  } catch {
    // Too broken to speak.
  }
  discard();
  if (!text) {
    const hint = "use a smaller image";
    return new UnbandError("the image needs more memory than WebAssembly has", { kind: "limit", hint, cause: error });
  }
  const hint = "this is a bug in unband; please report it, with the image if you can";
  return new UnbandError(`unband failed on this image: ${text}`, { kind: "internal", hint, cause: error });
}

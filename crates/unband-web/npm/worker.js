// A worker of the pool: runs calls one after the other.

import { run } from "./calls.js";
import { use } from "./engine.js";

async function answer({ id, name, input, options, module, reports }, send) {
  if (module) return use(module);
  const onProgress = reports ? (share) => send({ id, share }) : undefined;
  try {
    const result = await run(name, input, { ...options, onProgress });
    const buffers = [result?.bytes?.buffer, result?.data?.buffer].filter(Boolean);
    send({ id, result }, buffers);
  } catch (error) {
    const { message, kind, hint, option } = error;
    send({ id, error: { message, kind, hint, option } });
  }
}

// Not awaited at the top: bundlers make classic workers, which cannot.
async function listen() {
  if (globalThis.postMessage) {
    globalThis.onmessage = ({ data }) => answer(data, (...reply) => globalThis.postMessage(...reply));
    return;
  }
  const name = "node:worker_threads";
  const { parentPort } = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  parentPort.on("message", (data) => answer(data, (...reply) => parentPort.postMessage(...reply)));
}

listen();

// A worker of the pool: runs calls one after the other.

import { run } from "./calls.js";
import { use } from "./engine.js";

const threads = "node:worker_threads";
const port = globalThis.postMessage
  ? globalThis
  : (await import(/* @vite-ignore */ /* webpackIgnore: true */ threads)).parentPort;

async function answer({ id, name, input, options, module, reports }) {
  if (module) return use(module);
  const onProgress = reports ? (share) => port.postMessage({ id, share }) : undefined;
  try {
    const result = await run(name, input, { ...options, onProgress });
    const buffers = [result?.bytes?.buffer, result?.data?.buffer].filter(Boolean);
    port.postMessage({ id, result }, buffers);
  } catch (error) {
    const { message, kind, hint, option } = error;
    port.postMessage({ id, error: { message, kind, hint, option } });
  }
}

if (port.on) port.on("message", answer);
else port.onmessage = ({ data }) => answer(data);

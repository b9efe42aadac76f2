// unband in this thread. For servers and pages that must not wait: "unband/pool".

import { run } from "./calls.js";
export { UnbandError } from "./error.js";

function progress({ onProgress, signal } = {}) {
  if (!onProgress && !signal) return undefined;
  return (share) => !signal?.aborted && onProgress?.(share) !== false;
}

export function deband(input, options) {
  return run("deband", input, options, progress(options));
}

export function upscale(input, options) {
  return run("upscale", input, options, progress(options));
}

export function dither(input, options) {
  return run("dither", input, options);
}

export function inspect(input, options) {
  return run("inspect", input, options);
}

export function score(input, options) {
  return run("score", input, options, progress(options));
}

export function compare(image, reference, { before, ...options } = {}) {
  return run("compare", [image, reference, before], options, progress(options));
}

export function methods() {
  return run("methods");
}

export function metrics(kind = "image") {
  return run("metrics", kind);
}

export function version() {
  return run("version");
}

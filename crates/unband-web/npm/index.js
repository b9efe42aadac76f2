// unband in this thread. For servers and pages that must not wait: "unband/pool".

import { run } from "./calls.js";
export { UnbandError } from "./error.js";

export async function deband(input, options) {
  return run("deband", input, options);
}

export async function upscale(input, options) {
  return run("upscale", input, options);
}

export async function dither(input, options) {
  return run("dither", input, options);
}

export async function inspect(input, options) {
  return run("inspect", input, options);
}

export async function score(input, options) {
  return run("score", input, options);
}

export async function compare(image, reference, options) {
  const { before, ...rest } = options ?? {};
  return run("compare", [image, reference, before], rest);
}

export async function methods() {
  return run("methods");
}

export async function metrics(kind = "image") {
  return run("metrics", kind);
}

export async function version() {
  return run("version");
}

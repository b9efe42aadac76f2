// The program and test images, for tests that compare with it.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = process.env.UNBAND_ROOT;
const PROGRAM = process.env.UNBAND_PROGRAM;
const folder = mkdtempSync(join(tmpdir(), "unband-"));

const DATA = "crates/unband-io/tests/data";
/** Three images of each format that is read here. */
export const READ = {
  PNG: ["examples/sunset.png", "png_rgb16.png", "png_gray2_interlaced.png"],
  JPEG: ["examples/dusk.jpg", "jpeg_420.jpg", "jpeg_progressive_444.jpg"],
  TIFF: ["tiff_rgb16.tif", "tiff_float.tif", "tiff_cmyk.tif"],
  WebP: ["webp_lossless_alpha.webp", "webp_lossy.webp", "webp_lossy_alpha.webp"],
  GIF: ["gif_interlaced.gif", "gif_still.gif", "gif_transparent.gif"],
  BMP: ["bmp_24.bmp", "bmp_8.bmp", "bmp_alpha.bmp"],
  PNM: ["bmp_4.ppm", "gray.pgm", "bmp_alpha.pam"],
  OpenEXR: ["exr_zip.exr", "exr_piz.exr", "exr_gray.exr"],
  "JPEG XL": ["jxl_rgb16.jxl", "jxl_lossy.jxl", "jxl_alpha.jxl"],
};

/** An image of the repository. */
export function path(name) {
  return join(ROOT, name.includes("/") ? name : `${DATA}/${name}`);
}

export function bytes(name) {
  return new Uint8Array(readFileSync(path(name)));
}

/** The bytes that the program writes for an image. */
export function program(command, name, ...options) {
  const out = join(folder, "out");
  const stdin = readFileSync(path(name));
  const all = [...command, "-", "-o", "-", "-q", ...options];
  const done = spawnSync(PROGRAM, all, { input: stdin, maxBuffer: 1 << 30, cwd: folder });
  if (done.status !== 0) throw new Error(`unband ${all.join(" ")} < ${name}: ${done.stderr}`);
  return new Uint8Array(done.stdout);
}

/** What the program prints. */
export function printed(...command) {
  const done = spawnSync(PROGRAM, command, { maxBuffer: 1 << 30, cwd: folder });
  if (done.status !== 0) throw new Error(`unband ${command.join(" ")}: ${done.stderr}`);
  return done.stdout.toString();
}

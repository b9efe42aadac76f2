// Types of the package, checked by tsc, never run.

import { UnbandError, compare, deband, dither, inspect, methods, metrics, score, upscale } from "unband";
import { Pool } from "unband/pool";

const file = new Uint8Array(3);
const samples = { data: new Uint16Array(12), width: 2, height: 2 };

const made = await deband(file, { depth: 16, strength: 0.5, bandStep: [4, 2, 4], onProgress: (share) => share < 0.5 });
const bytes: Uint8Array = made.bytes;
const finding: string | undefined = made.report.finding;
const smooth = await deband(samples, { treatAs: "photo" });
const changed: boolean = smooth.report.changed;
const sharp = { data: new Uint8Array(12), info: { width: 2, height: 2, channels: 3 as const } };
await deband({ data: sharp.data, ...sharp.info }, { depth: "float" });
const larger = await upscale(file, { scale: 2, format: "webp" });
const width: number | undefined = larger.report.output_width;
await dither(samples, { depth: 8, dither: "sierra" });
const found = await inspect(file, { explain: true });
const rule: string | null | undefined = found.explanation?.rule;
const { values } = await score(file, { metrics: "cambi" });
const cambi: number | null = values.cambi!;
await compare(file, samples, { before: file });
const names: string[] = [...(await methods()).map((method) => method.name), ...(await metrics()).map(({ name }) => name)];
const pool = new Pool({ size: 2 });
const pooled: Uint8Array = (await pool.deband(file, { signal: AbortSignal.timeout(1000) })).bytes;
pool.close();

try {
  // @ts-expect-error: a misspelt option
  await deband(file, { bandstep: 4 });
} catch (error) {
  if (error instanceof UnbandError) throw new Error(`${error.kind} ${error.hint} ${error.option}`);
}
export { bytes, cambi, changed, finding, names, pooled, rule, width };

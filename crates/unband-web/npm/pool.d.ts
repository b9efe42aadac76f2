import type { compare, deband, dither, inspect, score, upscale } from "./index.js";
export { UnbandError } from "./index.js";

/** Workers that share the calls of many images. One image per worker at a time. */
export class Pool {
  /** `size`: number of workers; by default the processors, at most 4. */
  constructor(options?: { size?: number });
  deband: typeof deband;
  upscale: typeof upscale;
  dither: typeof dither;
  inspect: typeof inspect;
  score: typeof score;
  compare: typeof compare;
  /** Ends all workers; calls that have not ended fail. */
  close(): void;
}

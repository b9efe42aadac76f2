/** unband: removes banding (false contours) from images, upscales and scores them. Runs in this thread. */

/** Bytes of an image file: PNG, JPEG, TIFF, WebP, GIF, BMP, JPEG XL, OpenEXR, PNM or PFM. */
export type FileBytes = Uint8Array | ArrayBuffer;

/** Samples of whole pixels, row by row, without padding. */
export interface Samples {
  /** Codes of up to 8 or 16 bits, or values of 0 (black) to 1 (white). A buffer of bytes may hold 16-bit codes. */
  data: Uint8Array | Uint8ClampedArray | Uint16Array | Float32Array;
  width: number;
  height: number;
  /** Grey 1, grey and alpha 2, RGB 3, RGB and alpha 4; by default from the size. */
  channels?: number;
  /** Bits of a code, 1 to 16; 32 for values. By default those of the array's type. sharp's names are known. */
  depth?: number | "uchar" | "ushort" | "float";
}

/** Samples of a result, with its report. */
export interface MadeSamples<R> {
  data: Uint8Array | Uint16Array | Float32Array;
  width: number;
  height: number;
  channels: number;
  depth: number;
  report: R;
}

/** A file as result, with its report. */
export interface MadeFile<R> {
  bytes: Uint8Array;
  report: R;
}

export interface Progress {
  /** Gets the share that is done, 0 to 1. `false` cancels. */
  onProgress?: (share: number) => boolean | void;
  /** Cancels. In a pool at once; else before the call, or in `onProgress`, as the thread is busy. */
  signal?: AbortSignal;
}

/** Rounding of results. */
export interface Rounding {
  /** Bits of the result, 1 to 16 (files have 8, 10, 12 or 16), or floating point. Default: the input's. */
  depth?: number | "float" | "keep";
  /** `blue-noise` (default of debanding), `ordered`, `error-diffusion`, `tpdf` or `none`. */
  dither?: string;
  /** The same dither threshold on all channels. */
  locked?: boolean;
  /** Seed of random values. */
  seed?: number;
}

/** Format of a file as result. */
export interface Format {
  /** Name or extension, such as `png`. Default: the input's, if it has no loss, else PNG. */
  format?: string;
  /** Quality of lossy formats, 1 to 100. */
  quality?: number;
  /** Compression effort, 0 to 9. */
  effort?: number;
}

export interface DebandOptions extends Rounding, Format, Progress {
  /** Method with its parameters, such as `smooth` or `f3kdb:y=80`. Default: `auto`. */
  method?: string;
  /** Parameters of that method. */
  params?: Record<string, number | string | boolean>;
  /** 0 to 4, of `unband-lite` and `unband-jpeg` to 1; by default 1. For unband's own methods. */
  strength?: number;
  /** Keep every sample inside its quantisation interval? Default: yes for unband's own methods. */
  faithful?: boolean;
  /** Process images even if no banding was found. */
  everywhere?: boolean;
  /** Were the samples of images with few levels rounded down? */
  truncated?: boolean;
  /** Width of the bands that you see, in codes of 8 bits, 0.25 to 64; one for all channels, or three. */
  bandStep?: number | [number, number, number];
  /** Bits per channel that were left, 1 to 12. */
  bandBits?: number;
  /** Repair a banded alpha channel too. */
  alpha?: boolean;
  /** Treat the image as a photo, drawing, data, or by detection (default). */
  treatAs?: "auto" | "photo" | "drawing" | "data";
  /** Edges that meet, as those of textures and panoramas. */
  wrap?: "auto" | "off" | "x" | "y" | "both";
  /** No bytes for an image that needs no repair. */
  onlyBanded?: boolean;
  /** Repair the readable part of a truncated JPEG file. */
  keepGoing?: boolean;
}

export interface UpscaleOptions extends Rounding, Format, Progress {
  /** Factor, above 1 up to 4. Default 4. Only one of scale, width, height and fit. */
  scale?: number;
  width?: number;
  height?: number;
  /** Largest size that fits into width and height. */
  fit?: [number, number];
  /** Remove banding before? Default true for files; samples are upscaled as they are. */
  deband?: boolean;
  treatAs?: "auto" | "photo" | "drawing" | "data";
  wrap?: "auto" | "off" | "x" | "y" | "both";
}

/** Record of a file, as `unband --json` prints it. */
export interface FileReport {
  schema: string;
  status: "written" | "copied" | "unchanged";
  format: string;
  width: number;
  height: number;
  depth: number;
  finding?: string;
  cause?: string;
  visible?: boolean;
  banded_share?: number;
  drawing?: string;
  method?: string;
  settings?: Record<string, string>;
  faithful?: boolean;
  reason?: string;
  mean_shift_codes?: number;
  max_change_codes?: number;
  samples_moved?: number;
  output_format: string;
  output_depth: number;
  network?: string;
  scale?: number;
  output_width?: number;
  output_height?: number;
  network_share?: number;
  /** Properties that the format could not hold. */
  dropped?: string[];
  lossy?: boolean;
  alpha_bits?: number;
  alpha_repaired?: boolean;
  /** The reason of debanding before upscaling. */
  debanded?: string;
  input_bytes: number;
  output_bytes?: number;
  /** Size of the result relative to the input, where it is more than twice as large. */
  growth?: number;
}

/** Record of debanded samples. */
export interface SamplesReport {
  method: string;
  /** `restored`, `nothing-found`, `one-code-only` and others. */
  reason: string;
  changed: boolean;
  finding: string;
  cause: string;
  visible: boolean;
  /** Share of the smooth area near a false contour, 0 to 1. */
  banded_share: number;
  mean_shift_codes: number;
  max_change_codes: number;
  samples_moved: number;
}

export interface UpscaledSamplesReport {
  network: string;
  scale: number;
  network_share: number;
}

/** Findings, as `unband inspect --json` prints them. */
export interface Findings {
  schema: string;
  format: string;
  width: number;
  height: number;
  depth: number;
  lossy: boolean;
  /** In words. */
  finding: string;
  cause: string;
  visible: boolean;
  banded_share: number;
  effective_bits: number;
  alpha_bits: number | null;
  /** `native`, `rgb` or `yuv`, then with matrix and range. */
  space: string;
  matrix: string | null;
  range: string | null;
  half_chroma: boolean;
  drawing: string | null;
  planes: { plane: string; found: boolean; step_codes: number; offset_codes: number; bits: number | null; confidence: number }[];
  /** Shares of squares' samples on false contours, row by row. */
  map: { side: number; columns: number; rows: number; share: number[] };
  /** The rules that decided, and their evidence. */
  explanation?: { rule: string | null; drawing_rule: string | null; evidence: Record<string, string> };
}

export interface Metric {
  name: string;
  title: string;
  unit: string;
  better: "higher" | "lower";
  range: string;
}

/** Values of metrics. */
export interface Scores {
  schema: string;
  metrics: Metric[];
  /** The verdict: `none`, `slight`, `visible` or `strong`. */
  banding: { grade: string; share: number; cause: string | null; finding: { share: number; cause: string; sentence: string } };
  values: Record<string, number | null>;
  /** Why a value is missing. */
  reasons: Record<string, string>;
  failed_checks: string[];
}

export interface Method {
  name: string;
  title: string;
  source: string;
  own: boolean;
  params: { name: string; doc: string; kind: string; words?: string[]; default: string; range: string; unit: string }[];
}

/** An error with its kind and the next action. */
export class UnbandError extends Error {
  kind: "option" | "input" | "unsupported" | "limit" | "cancelled" | "internal" | "other";
  hint?: string;
  /** The option at fault. */
  option?: string;
}

/** Removes banding. The bytes of a file give a file with its metadata, those that the program writes. */
export function deband(input: FileBytes, options?: DebandOptions): Promise<MadeFile<FileReport>>;
export function deband(input: Samples, options?: DebandOptions): Promise<MadeSamples<SamplesReport>>;

/** Upscales by the built-in network. */
export function upscale(input: FileBytes, options?: UpscaleOptions): Promise<MadeFile<FileReport>>;
export function upscale(input: Samples, options?: UpscaleOptions): Promise<MadeSamples<UpscaledSamplesReport>>;

/** Rounds to another depth, dithered; nothing is repaired. */
export function dither(input: FileBytes, options: Rounding & { depth: number; format?: string }): Promise<MadeFile<null>>;
export function dither(input: Samples, options: Rounding & { depth: number }): Promise<MadeSamples<null>>;

/** Findings on banding and its cause. */
export function inspect(input: FileBytes | Samples, options?: { explain?: boolean }): Promise<Findings>;

/** Metrics of an image; `metrics` as `cambi,bband`. */
export function score(input: FileBytes | Samples, options?: { metrics?: string } & Progress): Promise<Scores>;

/** Metrics of an image and its reference, and of the image before its repair. */
export function compare(
  image: FileBytes | Samples,
  reference: FileBytes | Samples,
  options?: { metrics?: string; before?: FileBytes | Samples } & Progress,
): Promise<Scores>;

/** The methods of `deband`. */
export function methods(): Promise<Method[]>;

/** The metrics of `score` ("image") and `compare` ("pair"; "restored" with `before`). */
export function metrics(kind?: "image" | "pair" | "restored"): Promise<Metric[]>;

export function version(): Promise<string>;

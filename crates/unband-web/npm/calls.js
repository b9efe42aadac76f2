// The calls of the package on one instance: arguments in, plain objects out. Workers and `index.js` run them.

import { call, load, needed, tidy } from "./engine.js";
import { UnbandError } from "./error.js";

const BITS = { uchar: 8, ushort: 16, float: 32 };
const TYPES = [Uint8Array, Uint8ClampedArray, Uint16Array, Float32Array];

function isArray(input) {
  return ArrayBuffer.isView(input) || input instanceof ArrayBuffer;
}

/** Bytes of a file. */
function bytesIn(input) {
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
}

/** Samples as an array of the type for their depth; buffers of bytes may hold 16 bits. */
function samplesIn({ data, depth }) {
  if (!TYPES.some((type) => data instanceof type)) {
    const names = TYPES.map(({ name }) => name).join(", ");
    throw new UnbandError(`\`data\` must be one of ${names}, got a ${data.constructor.name}`, { kind: "option", option: "data" });
  }
  const bits = BITS[depth] ?? depth ?? 8 * (data.BYTES_PER_ELEMENT ?? 1);
  const wide = bits > 8 && data.BYTES_PER_ELEMENT === 1;
  const size = bits === 32 ? 4 : bits > 8 ? 2 : 1;
  if (data.BYTES_PER_ELEMENT > 1 && data.BYTES_PER_ELEMENT !== size) {
    throw new UnbandError(`\`depth\` ${depth} does not fit a ${data.constructor.name}`, { kind: "option", option: "depth" });
  }
  const type = { 1: Uint8Array, 2: Uint16Array, 4: Float32Array }[size];
  // Views need aligned addresses.
  const copy = () => Uint8Array.prototype.slice.call(data).buffer;
  const buffer = wide && data.byteOffset % size ? copy() : data.buffer;
  const start = buffer === data.buffer ? data.byteOffset : 0;
  return { data: new type(buffer, start, data.byteLength / size), bits };
}

function source(api, input) {
  if (isArray(input)) return api.Source.read(bytesIn(input));
  if (!isArray(input?.data)) {
    const hint = "pass the bytes of a file, or { data, width, height, channels }";
    throw new UnbandError("the image is neither bytes nor samples", { kind: "input", hint });
  }
  const { width, height } = input;
  const { data, bits } = samplesIn(input);
  const channels = input.channels ?? data.length / (width * height);
  for (const [name, value] of Object.entries({ width, height, channels })) {
    if (!Number.isInteger(value) || value < 1 || value > 2 ** 31) {
      throw new UnbandError(`\`${name}\` must be a whole number from 1, got ${value}`, { kind: "option", option: name });
    }
  }
  return api.Source.of_samples(data, width, height, channels, bits);
}

/** A result as a plain object; frees its memory in the instance. */
function plain(made) {
  // Without a file's name and a clock, which are not known here.
  const report = JSON.parse(made.record(), (key, value) => (key === "input" || key === "seconds" ? undefined : value));
  const data = made.data();
  const [width, height, channels, depth] = [made.width(), made.height(), made.channels(), made.depth()];
  made.free();
  if (!width) return { bytes: data, report };
  return { data, width, height, channels, depth, report };
}

/** Runs work on images, and frees them. After a panic they are lost with their instance. */
function using(api, inputs, work) {
  const images = [];
  const free = () => images.forEach((image) => image.free());
  try {
    for (const input of inputs) images.push(source(api, input));
    const result = work(...images);
    free();
    return result;
  } catch (error) {
    if (error?.name === "UnbandError") free();
    throw error;
  }
}

const CALLS = {
  deband: (api, input, options, progress) =>
    isArray(input)
      ? plain(api.debandFile(bytesIn(input), options, progress))
      : using(api, [input], (image) => plain(image.deband(options, progress))),
  upscale: (api, input, options, progress) =>
    isArray(input)
      ? plain(api.upscaleFile(bytesIn(input), options, progress))
      : using(api, [input], (image) => plain(image.upscale(options, progress))),
  dither: (api, input, options) =>
    isArray(input)
      ? plain(api.ditherFile(bytesIn(input), options))
      : using(api, [input], (image) => plain(image.dither(options))),
  inspect: (api, input, options) => using(api, [input], (image) => JSON.parse(image.inspect(options))),
  score: (api, input, options, progress) =>
    using(api, [input], (image) => JSON.parse(image.score(options, progress))),
  compare: (api, [image, reference, before], options, progress) =>
    using(api, before ? [image, reference, before] : [image, reference], (image, reference, before) =>
      JSON.parse(
        before
          ? image.compareRepaired(reference, before, options, progress)
          : image.compare(reference, options, progress),
      )),
  methods: (api) => JSON.parse(api.methods()),
  metrics: (api, kind) => JSON.parse(api.metrics(kind !== "image", kind === "restored")),
  version: (api) => api.version(),
  panic: (api) => api.panicForTest(),
};

/** Options as JSON. Numbers that are not finite would become null. */
function json(options) {
  return JSON.stringify(options, (name, value) => {
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new UnbandError(`\`${name}\` must be a number, got ${value}`, { kind: "option", option: name });
    }
    return value ?? undefined;
  });
}

function check(signal) {
  if (signal?.aborted) throw new UnbandError("interrupted", { kind: "cancelled" });
}

/** Runs a call by name. `onProgress` gets the share that is done, and cancels by `false`. */
export async function run(name, input, options) {
  const { onProgress, signal, ...rest } = options ?? {};
  check(signal);
  const text = json(rest);
  await load(needed(name, rest));
  check(signal);
  let thrown;
  const report = (share) => {
    try {
      return onProgress?.(share) !== false && !signal?.aborted;
    } catch (error) {
      thrown = error;
      return false;
    }
  };
  try {
    return await call((api) => CALLS[name](api, input, text, onProgress || signal ? report : undefined));
  } catch (error) {
    throw thrown ?? error;
  } finally {
    tidy();
  }
}

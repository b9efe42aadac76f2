// A worker with an instance of the engine: one image for views, and jobs on files.

import { run } from "../unband/calls.js";
import { call, compile, load, needed, tidy, use } from "../unband/engine.js";

// Progress is reported about once in a frame.
const PAUSE = 50;

// The image of the views: its key, its source, the source of its result, and means for its contrast.
let shown;

function release() {
  shown?.before?.free();
  shown?.after?.free();
  shown?.around?.free();
  shown?.pinned?.free();
  shown = undefined;
}

/** The left side: an earlier result that is pinned, else the original. */
function left({ before, pinned }) {
  return pinned ?? before;
}

function of(key) {
  if (shown?.key === key) return shown;
  throw Object.assign(new Error("the image is not in this instance"), { kind: "stale" });
}

/** The means around the pixels of a window; undefined without contrast. */
function around(image, { x0, y0, x1, y1 }, contrast) {
  if (contrast === 1) return undefined;
  const name = [x0, y0, x1, y1, contrast].join();
  if (image.name !== name) {
    image.around?.free();
    image.around = image.before.around(x0, y0, x1, y1, contrast);
    image.name = name;
  }
  return image.around;
}

/** A window of a source, as pixels of 8 bits. */
function look(source, { x0, y0, x1, y1 }, every, means) {
  const pixels = means ? means.view(source, x0, y0, x1, y1, every) : source.view(x0, y0, x1, y1, every);
  return { pixels, width: Math.ceil((x1 - x0) / every), height: Math.ceil((y1 - y0) / every) };
}

function bitmap(pixels, width, height) {
  return createImageBitmap(new ImageData(pixels, width, height));
}

function reporter(id) {
  let last = 0;
  return (share) => {
    if (performance.now() - last < PAUSE) return;
    last = performance.now();
    postMessage({ id, share });
  };
}

async function job(name, { bytes, options }, id) {
  const made = await run(name, new Uint8Array(bytes), { ...options, onProgress: reporter(id) });
  return { record: made.report, data: made.bytes };
}

const ACTIONS = {
  compile,
  methods: () => call((api) => JSON.parse(api.methods())),

  async open({ key, bytes }) {
    release();
    tidy();
    return call((api) => {
      const before = api.Source.read(new Uint8Array(bytes));
      shown = { key, before };
      const report = JSON.parse(before.inspect('{"explain":true}'));
      return { width: before.width(), height: before.height(), depth: before.depth(), report };
    });
  },

  close() {
    release();
    tidy();
  },

  result: ({ key, bytes }) => call((api) => {
    const image = of(key);
    image.after?.free();
    image.after = undefined;
    if (bytes) image.after = api.Source.read(new Uint8Array(bytes));
  }),

  async view({ key, window, every, contrast }) {
    const sides = await call(() => {
      const image = of(key);
      const means = around(image, window, contrast);
      return [left(image), image.after].map((source) => source && look(source, window, every, means));
    });
    const made = sides.map((side) => side && bitmap(side.pixels, side.width, side.height));
    const [before, after] = await Promise.all(made);
    return { before, after };
  },

  async preview({ key, window, around: outer, contrast, options }) {
    await load(needed("deband", options));
    const { x0, y0, x1, y1 } = window;
    const [width, height] = [x1 - x0, y1 - y0];
    const pixels = await call(() => {
      const image = of(key);
      const means = around(image, outer, contrast);
      const text = JSON.stringify(options);
      return means ? means.preview(image.before, x0, y0, x1, y1, text) : image.before.preview(x0, y0, x1, y1, text);
    });
    return { bitmap: await bitmap(pixels, width, height) };
  },

  // Keeps the result as the left side; the next one comes to the right.
  pin: ({ key, on }) => call(() => {
    const image = of(key);
    image.pinned?.free();
    image.pinned = on ? image.after : undefined;
    if (on) image.after = undefined;
    return { pinned: Boolean(image.pinned) };
  }),

  line: ({ key, y, x0, x1 }) => call(() => {
    const image = of(key);
    return { before: left(image).line(y, x0, x1), after: image.after?.line(y, x0, x1) };
  }),

  histogram: ({ key }) => call(() => {
    const image = of(key);
    return { before: left(image).histogram(), after: image.after?.histogram() };
  }),

  deband: (given, id) => job("deband", given, id),
  upscale: (given, id) => job("upscale", given, id),

  grade: ({ before, after }) => call((api) => {
    const grade = (bytes) => {
      const source = api.Source.read(new Uint8Array(bytes));
      const found = source.grade();
      source.free();
      return found;
    };
    return { before: grade(before), after: after && grade(after) };
  }),

  // Formats that only the browser reads.
  async decode({ bytes }) {
    const image = await createImageBitmap(new Blob([bytes]));
    const { width, height } = image;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return call((api) => {
      const source = api.Source.of_samples(new Uint8Array(data.buffer), width, height, 4, undefined);
      const png = source.png();
      source.free();
      return { data: png };
    });
  },

  archive: ({ files }) => call((api) => {
    const archive = new api.Archive();
    for (const { name, bytes } of files) archive.add(name, new Uint8Array(bytes));
    return { data: archive.finish() };
  }),
};

function buffers(result) {
  const parts = Object.values(result ?? {});
  return parts.flatMap((part) => (part instanceof ImageBitmap ? [part] : part?.buffer ? [part.buffer] : []));
}

// One after the other: an action waits for files in the middle, and another must not free its image then.
let queue = Promise.resolve();

onmessage = ({ data }) => {
  if (data.module) use(data.module);
  else queue = queue.then(() => answer(data));
};

async function answer({ id, name, given }) {
  try {
    const result = await ACTIONS[name](given, id);
    postMessage({ id, result }, buffers(result));
  } catch (error) {
    const { message, kind = "internal", hint, option } = error;
    // The engine gave its instance up, with all sources in it.
    if (kind === "internal" || kind === "limit") shown = undefined;
    postMessage({ id, error: { message, kind, hint, option } });
  }
}

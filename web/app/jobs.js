// The queue of work: files one after the other, the current image first.

import { keyOf } from "./images.js";

// The browser reads these, and not the engine; a damaged file of a known format is not read twice.
const BY_BROWSER = /^image\/(avif|heic|heif|heic-sequence|svg\+xml|x-icon|vnd\.microsoft\.icon)$/;
// Grading takes as long as repairing, for large images.
const GRADED = 20e6;
// Progress is announced in steps, which cost less than each report.
const STEP = 0.01;

export class Jobs {
  #engine;
  #images;
  #running = false;
  #active;
  #grading = false;
  #upscaling = false;

  constructor(engine, images) {
    this.#engine = engine;
    this.#images = images;
  }

  /** Computes the result of an image, again if it is in work. */
  request(image) {
    if (this.#active === image || this.#grading) this.#stop();
    // Stopped once: the work on other images has begun when the next one is requested.
    this.#grading = false;
    this.#images.change(image, { state: "waiting", held: false, pending: false, listed: false, share: 0 });
    this.#run();
  }

  /** Gives up the work on an image until the next request. */
  pause(image) {
    if (this.#active === image) this.#stop();
    const state = image.result && image.resultKey === keyOf(image.options) ? "done" : "waiting";
    this.#images.change(image, { state, held: false, pending: true, share: 0 });
  }

  /** Stops all work. Images stay, and wait for a request. */
  cancel() {
    for (const image of this.#images.items) {
      if (["waiting", "working"].includes(image.state)) {
        this.#images.change(image, { state: "waiting", held: true, pending: false, share: 0 });
      }
    }
    this.#engine.cancel(true);
  }

  /** Gives up the work on an image. */
  drop(image) {
    if (this.#active === image) this.#stop();
  }

  // The worker does all: with an image in it that is upscaled, the other work ends by itself, unused.
  #stop() {
    if (!this.#upscaling) this.#engine.cancel();
  }

  async upscale(image, onShare) {
    const { format, treatAs } = image.options;
    const bytes = image.source;
    const options = { scale: 2, format, treatAs };
    this.#upscaling = true;
    try {
      return await this.#engine.job("upscale", { bytes, options }, onShare);
    } finally {
      this.#upscaling = false;
    }
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    for (let image = this.#next(); image; image = this.#next()) await this.#process(image);
    this.#running = false;
    await this.#grade(this.#images.current);
  }

  #next() {
    const { items, current } = this.#images;
    const waits = (image) => image?.state === "waiting" && !image.held && !image.pending && !image.listed;
    return waits(current) && !current.removed ? current : items.find(waits);
  }

  async #process(image) {
    const images = this.#images;
    const { options } = image;
    this.#active = image;
    images.change(image, { state: "working", share: 0 });
    try {
      const bytes = image.source;
      const tell = (share) => {
        if (share - image.share >= STEP) images.change(image, { share });
      };
      const wanted = () => image.state === "working";
      const { record, data } = await this.#engine.job("deband", { bytes, options }, tell, wanted);
      if (image.state !== "working" || image.removed) return;
      const resultKey = keyOf(options);
      const result = new Blob([data]);
      images.change(image, { state: "done", share: 1, record, result, resultKey });
    } catch (error) {
      // A request, a cancellation or a removal has set the next state.
      if (error.kind === "cancelled") return;
      const decoded = error.kind === "input" && image.source === image.file && (await this.#decoded(image));
      if (image.removed || image.state !== "working") return;
      if (decoded) {
        const note = "Read by the browser: 8 bits, without its metadata.";
        images.change(image, { state: "waiting", source: decoded, note });
      } else {
        images.change(image, { state: "failed", error });
      }
    } finally {
      if (this.#active === image) this.#active = undefined;
    }
  }

  async #decoded({ file }) {
    if (!BY_BROWSER.test(file.type)) return undefined;
    try {
      const { data } = await this.#engine.job("decode", { bytes: file });
      return new Blob([data], { type: "image/png" });
    } catch {
      return undefined;
    }
  }

  /** Grades an image before and after, when there is nothing else to do. */
  async grade(image) {
    if (!this.#running && !this.#grading) await this.#grade(image);
  }

  async #grade(image) {
    if (image?.state !== "done" || image.graded === image.result) return;
    const { result, record } = image;
    if (record.width * record.height > GRADED) return;
    this.#grading = true;
    try {
      const before = image.source;
      const after = record.status === "written" ? result : undefined;
      const grades = await this.#engine.job("grade", { before, after });
      if (image.result === result) this.#images.change(image, { grades, graded: result });
    } catch {
      // Grades are an extra: cancelled by the next job, or impossible for this file.
    }
    this.#grading = false;
  }
}

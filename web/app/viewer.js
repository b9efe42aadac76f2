// The canvas: original left of the divider, result right of it, with zoom and pan.

import { Frame } from "./frame.js";
import { framed, latest } from "./latest.js";
import { paint } from "./paint.js";

/** Events: "view" after each change of zoom and place, "fault" with an error of the engine. */
export class Viewer extends EventTarget {
  #canvas;
  #divider;
  #engine;
  #frame;
  #image;
  #options;
  #contrast = 1;
  #shown = { info: undefined, layers: {}, split: 0.5, map: false };
  #draw = framed(() => this.#paint());
  #refresh = latest(() => this.#fetch());
  #preview = latest(() => this.#fetchPreview());

  constructor(canvas, divider, engine) {
    super();
    [this.#canvas, this.#divider, this.#engine] = [canvas, divider, engine];
    this.#frame = new Frame(canvas);
    engine.reopen = async (key) => this.#image?.id === key && Boolean(await this.#load(this.#image));
    new ResizeObserver(() => this.#resized()).observe(canvas);
    this.split = 0.5;
  }

  /** Size, depth and report of the current image, once it is read. */
  get info() {
    return this.#shown.info;
  }

  get scale() {
    return this.#frame.scale;
  }

  get fitted() {
    return this.#frame.fitted;
  }

  get split() {
    return this.#shown.split;
  }

  set split(share) {
    this.#shown.split = Math.min(1, Math.max(0, share));
    const percent = Math.round(100 * this.split);
    this.#divider.style.left = `${100 * this.split}%`;
    this.#divider.setAttribute("aria-valuenow", percent);
    this.#divider.setAttribute("aria-valuetext", `${percent} % original`);
    this.#draw();
  }

  set contrast(times) {
    this.#contrast = times;
    this.#changed();
  }

  set map(shows) {
    this.#shown.map = shows;
    this.#draw();
  }

  /** Opens an image. Resolves with its info, unless another one was opened meanwhile. */
  async show(image) {
    [this.#image, this.#options] = [image, undefined];
    Object.assign(this.#shown, { info: undefined, layers: {} });
    this.#draw();
    // A worker that ends meanwhile has no image either.
    if (!image) this.#engine.close().catch(() => undefined);
    const info = image && (await this.#load(image));
    if (!info) return undefined;
    this.#shown.info = info;
    this.#frame.setSize(info.width, info.height);
    this.fit();
    return info;
  }

  /** Shows the new result of the current image. */
  async result(image) {
    if (!this.info) return;
    try {
      await this.#sendResult(image);
    } catch (error) {
      // The next view reads both again.
      if (error.kind !== "stale") throw error;
    }
    if (image !== this.#image) return;
    this.#options = undefined;
    await this.#fetch();
    this.#dropPreview();
  }

  /** Previews options in the visible part, until the next result. */
  preview(options) {
    this.#options = options;
    if (options && this.info) this.#preview();
    if (!options) this.#dropPreview();
  }

  fit() {
    if (!this.info) return;
    this.#frame.fit();
    this.#changed();
  }

  zoom(factor, at) {
    this.zoomTo(this.scale * factor, at);
  }

  zoomTo(scale, at) {
    if (!this.info) return;
    this.#frame.zoomTo(scale, at);
    this.#changed();
  }

  pan(dx, dy) {
    this.#frame.pan(dx, dy);
    this.#changed();
  }

  pixel(at) {
    return this.#frame.pixel(at);
  }

  visible() {
    return this.#frame.visible();
  }

  #dropPreview() {
    this.#shown.layers.preview = undefined;
    this.#draw();
  }

  #resized() {
    this.#canvas.width = Math.max(1, Math.round(this.#canvas.clientWidth * devicePixelRatio));
    this.#canvas.height = Math.max(1, Math.round(this.#canvas.clientHeight * devicePixelRatio));
    if (this.fitted) this.fit();
    else this.#changed();
    // At once: a resized canvas is empty.
    this.#paint();
  }

  #changed() {
    if (this.info) {
      this.#frame.hold();
      this.#refresh();
    }
    this.#draw();
    this.dispatchEvent(new Event("view"));
  }

  #paint() {
    paint(this.#canvas.getContext("2d"), this.#frame, this.#shown);
  }

  async #load(image) {
    const info = await this.#engine.open({ key: image.id, bytes: image.source });
    if (image !== this.#image) return undefined;
    await this.#sendResult(image);
    return image === this.#image ? info : undefined;
  }

  async #sendResult(image) {
    const { result, record } = image;
    const bytes = record?.status === "written" ? result : undefined;
    if (image === this.#image) await this.#engine.result({ key: image.id, bytes });
  }

  #fails(error) {
    if (error.kind === "stale" || error.kind === "cancelled") return;
    this.dispatchEvent(new CustomEvent("fault", { detail: error }));
  }

  async #fetch() {
    const image = this.#image;
    if (!this.info || this.#canvas.width < 2) return;
    const { window, every, whole } = this.#frame.part();
    const contrast = this.#contrast;
    try {
      const sides = await this.#engine.view("view", { key: image.id, window, every, contrast });
      if (image !== this.#image) return;
      const layer = { ...sides, window, every, contrast };
      const { layers } = this.#shown;
      // A base of another contrast would show behind the visible part during a drag.
      if (whole || layers.base?.contrast !== contrast) layers.base = undefined;
      Object.assign(layers, whole ? { base: layer, sharp: undefined } : { sharp: layer });
      if (this.#options) this.#preview();
      this.#draw();
    } catch (error) {
      this.#fails(error);
    }
  }

  async #fetchPreview() {
    const [image, options] = [this.#image, this.#options];
    if (!options || !this.info) return;
    const part = this.#frame.previewed(this.split);
    // Views show 8 bits; a deeper result would be rounded to bands.
    const shown = { ...options, depth: 8, format: undefined };
    const given = { window: part.window, around: this.#frame.part().window, contrast: this.#contrast };
    try {
      const { bitmap } = await this.#engine.view("preview", { key: image.id, ...given, options: shown });
      if (image !== this.#image || !this.#options) return;
      this.#shown.layers.preview = { ...part, bitmap, every: 1 };
      this.#draw();
    } catch (error) {
      this.#fails(error);
    }
  }
}

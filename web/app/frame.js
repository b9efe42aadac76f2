// The place of an image on the canvas: scale, centre, and the visible part. In pixels of the device.

const MOST = 32;
// A preview of more pixels takes seconds.
const PREVIEW = 1e6;
// A view of the whole image may have fewer pixels than the canvas.
const VIEWED = 2.2e6;
// Share of the view that is prepared around it, for the next drag.
const MARGIN = 0.08;

export class Frame {
  scale = 1;
  fitted = true;
  #canvas;
  #size = [1, 1];
  #centre = [0, 0];

  constructor(canvas) {
    this.#canvas = canvas;
  }

  /** Pixels of the canvas for one of the page. */
  get ratio() {
    return this.#canvas.width / Math.max(1, this.#canvas.clientWidth);
  }

  setSize(width, height) {
    this.#size = [width, height];
  }

  fit() {
    this.fitted = true;
    this.scale = this.#fitScale();
    this.#centre = this.#size.map((size) => size / 2);
  }

  /** Zooms around a place of the window, if there is one, else around the middle. */
  zoomTo(scale, at) {
    const least = Math.min(this.#fitScale(), 1);
    const next = Math.min(MOST, Math.max(least, scale));
    const { width, height } = this.#canvas;
    const [x, y] = at ? this.#device(at) : [width / 2, height / 2];
    const shift = 1 / this.scale - 1 / next;
    this.#centre[0] += (x - width / 2) * shift;
    this.#centre[1] += (y - height / 2) * shift;
    this.scale = next;
    this.fitted = Math.abs(next - this.#fitScale()) < 1e-6;
  }

  pan(dx, dy) {
    this.#centre[0] -= dx * this.ratio / this.scale;
    this.#centre[1] -= dy * this.ratio / this.scale;
  }

  /** Keeps the image on the canvas. */
  hold() {
    const { width, height } = this.#canvas;
    this.#centre = this.#centre.map((centre, i) => {
      const size = this.#size[i];
      const half = (i ? height : width) / 2 / this.scale;
      return 2 * half >= size ? size / 2 : Math.min(size - half, Math.max(half, centre));
    });
  }

  /** The image's top left corner on the canvas. Whole pixels: others would blur. */
  origin() {
    const { width, height } = this.#canvas;
    const [x, y] = this.#centre;
    return [Math.round(width / 2 - x * this.scale), Math.round(height / 2 - y * this.scale)];
  }

  /** The image's pixel at a place of the window. */
  pixel(at) {
    const [x, y] = this.#device(at);
    const [left, top] = this.origin();
    return { x: Math.floor((x - left) / this.scale), y: Math.floor((y - top) / this.scale) };
  }

  /** The visible part of the image. */
  visible() {
    const [width, height] = this.#size;
    const [left, top] = this.origin();
    const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
    const x0 = clamp(Math.floor(-left / this.scale), 0, width - 1);
    const y0 = clamp(Math.floor(-top / this.scale), 0, height - 1);
    const x1 = clamp(Math.ceil((this.#canvas.width - left) / this.scale), x0 + 1, width);
    const y1 = clamp(Math.ceil((this.#canvas.height - top) / this.scale), y0 + 1, height);
    return { x0, y0, x1, y1 };
  }

  /** The visible part and a margin, on a grid of `every` pixels, so that a drag does not change the means. */
  part() {
    const [width, height] = this.#size;
    const { x0, y0, x1, y1 } = this.visible();
    let every = Math.max(1, Math.round(1 / this.scale));
    while (this.scale < 1 && (x1 - x0) * (y1 - y0) / every ** 2 > VIEWED) every++;
    const [dx, dy] = [MARGIN * (x1 - x0), MARGIN * (y1 - y0)];
    const down = (value) => Math.max(0, Math.floor(value / every) * every);
    const window = {
      x0: down(x0 - dx), y0: down(y0 - dy),
      x1: Math.min(width, Math.ceil(x1 + dx)), y1: Math.min(height, Math.ceil(y1 + dy)),
    };
    return { window, every, whole: window.x1 - window.x0 === width && window.y1 - window.y0 === height };
  }

  /** The part to preview: the visible one, or of a large one a part right of the divider. */
  previewed(split) {
    const seen = this.visible();
    const [columns, rows] = [seen.x1 - seen.x0, seen.y1 - seen.y0];
    if (columns * rows <= PREVIEW) return { window: seen, partial: false };
    const start = Math.round((split * this.#canvas.width - this.origin()[0]) / this.scale);
    const height = Math.min(rows, Math.floor(Math.sqrt(PREVIEW)));
    const width = Math.min(columns, Math.floor(PREVIEW / height));
    const x0 = Math.max(seen.x0, Math.min(start, seen.x1 - width));
    const y0 = seen.y0 + Math.floor((rows - height) / 2);
    return { window: { x0, y0, x1: x0 + width, y1: y0 + height }, partial: true };
  }

  #device([x, y]) {
    const box = this.#canvas.getBoundingClientRect();
    return [(x - box.left) * this.ratio, (y - box.top) * this.ratio];
  }

  // Small images are not upscaled on open, so that their pixels are those of the screen.
  #fitScale() {
    const { width, height } = this.#canvas;
    const fits = Math.min(width / this.#size[0], height / this.#size[1]);
    return Math.min(fits, Math.max(1, devicePixelRatio));
  }
}

// Windows of an image with more local contrast, which makes faint bands visible without clipping.

// Means along the longer side of a window, and more for more contrast. Fewer would clip, more would remove
// wide bands.
const CELLS = 4;
// Resolution at which means are computed.
const SAMPLES = 160;
const PAD_BEFORE = 2;
const PAD = 5;

/** Smooth means of the surroundings in a window, as control points of a cubic B-spline. */
export function surroundings(source, { x0, y0, x1, y1 }, contrast) {
  const longest = Math.max(x1 - x0, y1 - y0);
  const every = Math.max(1, Math.ceil(longest / SAMPLES));
  const [across, down] = [Math.ceil((x1 - x0) / every), Math.ceil((y1 - y0) / every)];
  const pixels = source.view(x0, y0, x1, y1, every, 1, 0);
  const side = Math.max(1, Math.ceil(Math.max(across, down) / (CELLS + contrast)));
  const [columns, rows] = [Math.max(1, Math.round(across / side)), Math.max(1, Math.round(down / side))];
  const values = new Float32Array(3 * (columns + PAD) * (rows + PAD));
  const stride = 3 * (columns + PAD);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const sums = [0, 0, 0];
      const [top, bottom] = [row * down / rows | 0, Math.max(1, (row + 1) * down / rows | 0)];
      const [left, right] = [column * across / columns | 0, Math.max(1, (column + 1) * across / columns | 0)];
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          for (let c = 0; c < 3; c++) sums[c] += pixels[4 * (y * across + x) + c];
        }
      }
      const area = Math.max(1, (bottom - top) * (right - left));
      const at = (row + PAD_BEFORE) * stride + 3 * (column + PAD_BEFORE);
      for (let c = 0; c < 3; c++) values[at + c] = sums[c] / area;
    }
  }
  pad(values, columns, rows, stride);
  return { x0, y0, columns, rows, stride, values, width: (x1 - x0) / columns, height: (y1 - y0) / rows };
}

// Straight continuation: a repeated border would darken or lighten the margins.
function pad(values, columns, rows, stride) {
  const extend = (first, count, step) => {
    const slope = count > 1 ? 1 : 0;
    for (let c = 0; c < 3; c++) {
      const at = (k) => first + k * step + c;
      for (let k = PAD_BEFORE - 1; k >= 0; k--) {
        values[at(k)] = values[at(k + 1)] + slope * (values[at(PAD_BEFORE)] - values[at(PAD_BEFORE + 1)]);
      }
      const last = PAD_BEFORE + count - 1;
      for (let k = last + 1; k < count + PAD; k++) {
        values[at(k)] = values[at(k - 1)] + slope * (values[at(last)] - values[at(last - 1)]);
      }
    }
  };
  for (let row = 0; row < rows; row++) extend((row + PAD_BEFORE) * stride, columns, 3);
  for (let column = 0; column < columns + PAD; column++) extend(3 * column, rows, stride);
}

function place(position, count) {
  const p = Math.min(count, Math.max(-1, position));
  const i = Math.min(Math.floor(p), count - 1);
  const f = p - i;
  const g = 1 - f;
  const weights = [g * g * g, 4 - 6 * f * f + 3 * f * f * f, 4 - 6 * g * g + 3 * g * g * g, f * f * f];
  return { first: i - 1 + PAD_BEFORE, weights: weights.map((weight) => weight / 6) };
}

/** Multiplies differences from the surroundings. `values`: `step` for each pixel, codes of 8 bits. */
export function amplify(values, step, alpha, { width, height, x0, y0, every }, contrast, low) {
  const pixels = new Uint8ClampedArray(4 * width * height);
  const columns = Array.from({ length: width }, (_, x) =>
    place((x0 + (x + 0.5) * every - low.x0) / low.width - 0.5, low.columns));
  const line = new Float32Array(low.stride);
  for (let y = 0; y < height; y++) {
    const { first, weights } = place((y0 + (y + 0.5) * every - low.y0) / low.height - 0.5, low.rows);
    const [w0, w1, w2, w3] = weights;
    for (let k = 0, at = first * low.stride; k < low.stride; k++, at++) {
      const v = low.values;
      const s = low.stride;
      line[k] = w0 * v[at] + w1 * v[at + s] + w2 * v[at + 2 * s] + w3 * v[at + 3 * s];
    }
    for (let x = 0; x < width; x++) {
      const { first: start, weights: [a, b, d, e] } = columns[x];
      const pixel = y * width + x;
      for (let c = 0, at = 3 * start; c < 3; c++, at++) {
        const mean = a * line[at] + b * line[at + 3] + d * line[at + 6] + e * line[at + 9];
        pixels[4 * pixel + c] = mean + contrast * (values[step * pixel + c] - mean);
      }
      pixels[4 * pixel + 3] = alpha[4 * pixel + 3];
    }
  }
  return pixels;
}

/** A window of an image with contrast, as pixels of 8 bits. */
export function look(source, window, every, contrast, low) {
  const { x0, y0, x1, y1 } = window;
  const [width, height] = [Math.ceil((x1 - x0) / every), Math.ceil((y1 - y0) / every)];
  const plain = source.view(x0, y0, x1, y1, every, 1, 0);
  const size = { width, height, x0, y0, every };
  if (contrast === 1) return { pixels: plain, width, height };
  const exact = every === 1 && source.depth() <= 8;
  const [values, step] = exact ? [plain, 4] : [fine(source, window, every, contrast, plain), 3];
  return { pixels: amplify(values, step, plain, size, contrast, low), width, height };
}

// Views have 8 bits, too few for contrast of means and of deep images. Views of parts of the range have more.
function fine(source, { x0, y0, x1, y1 }, every, contrast, plain) {
  const parts = Math.min(8, Math.ceil(contrast));
  const gain = 0.8 * parts;
  const part = new Uint8Array(256).map((_, code) => Math.min(parts - 1, (code * parts) >> 8));
  const used = new Set();
  for (let i = 0; i < plain.length; i += 4) for (let c = 0; c < 3; c++) used.add(part[plain[i + c]]);
  const values = new Float32Array(plain.length / 4 * 3);
  for (const k of used) {
    const middle = k / (parts - 1);
    const view = source.view(x0, y0, x1, y1, every, gain, middle);
    for (let i = 0, at = 0; i < plain.length; i += 4, at += 3) {
      for (let c = 0; c < 3; c++) {
        if (part[plain[i + c]] === k) values[at + c] = 255 * middle + (view[i + c] - 255 * middle) / gain;
      }
    }
  }
  return values;
}

// Painting of the canvas: layers of both sides, preview, map.

import { drawMap } from "./map.js";

const SQUARE = 8;
let squares;

/** Layers: `base` of the whole image, `sharp` of the visible part, `preview` of the result. */
export function paint(context, frame, { info, layers: { base, sharp, preview }, split, map }) {
  const { width, height } = context.canvas;
  context.clearRect(0, 0, width, height);
  if (!info || !(base ?? sharp)) return;
  const [left, top] = frame.origin();
  const { scale } = frame;
  const middle = Math.round(split * width);
  const layers = [base, sharp].filter(Boolean);
  squares ??= pattern(context, SQUARE * Math.ceil(frame.ratio));
  const side = (from, to, work) => {
    context.save();
    const clip = (...box) => {
      context.beginPath();
      context.rect(...box);
      context.clip();
    };
    clip(from, 0, to - from, height);
    clip(left, top, info.width * scale, info.height * scale);
    // Under transparent parts.
    context.fillStyle = squares;
    context.fillRect(0, 0, width, height);
    work();
    context.restore();
  };
  side(0, middle, () => layers.forEach((layer) => place(context, frame, layer.before, layer)));
  side(middle, width, () => {
    layers.forEach((layer) => place(context, frame, layer.after ?? layer.before, layer));
    if (preview) place(context, frame, preview.bitmap, preview);
    if (preview?.partial) outline(context, frame, preview.window);
  });
  if (!map) return;
  const x = (column) => Math.round(left + column * scale);
  const y = (row) => Math.round(top + row * scale);
  drawMap(context, info.report.map, info, x, y);
}

function place(context, frame, bitmap, { window, every }) {
  const [left, top] = frame.origin();
  const size = every * frame.scale;
  // Single pixels stay squares above 100 %.
  context.imageSmoothingEnabled = size < 1 || every > 1;
  context.imageSmoothingQuality = "high";
  const [x, y] = [left + window.x0 * frame.scale, top + window.y0 * frame.scale];
  context.drawImage(bitmap, x, y, bitmap.width * size, bitmap.height * size);
}

function outline(context, frame, { x0, y0, x1, y1 }) {
  const [left, top] = frame.origin();
  const { scale } = frame;
  context.strokeStyle = "rgb(255 255 255 / 0.7)";
  context.lineWidth = frame.ratio;
  context.setLineDash([6, 6]);
  context.strokeRect(left + x0 * scale, top + y0 * scale, (x1 - x0) * scale, (y1 - y0) * scale);
  context.setLineDash([]);
}

function pattern(context, size) {
  const tile = new OffscreenCanvas(2 * size, 2 * size);
  const ink = tile.getContext("2d");
  ink.fillStyle = "#8a8a8a";
  ink.fillRect(0, 0, 2 * size, 2 * size);
  ink.fillStyle = "#767676";
  ink.fillRect(0, 0, size, size);
  ink.fillRect(size, size, size, size);
  return context.createPattern(tile, "repeat");
}

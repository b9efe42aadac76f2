// Histogram of the levels of an image, before and after.

import { chart } from "./chart.js";

const BINS = 256;
const BOTTOM = 16;
const TOP = 6;

function channelOf(counts, channel) {
  const channels = counts.length / BINS;
  const first = Math.min(channel, channels - 1) * BINS;
  return counts.subarray(first, first + BINS);
}

export function drawHistogram(figure, { before, after }, channel) {
  const canvas = figure.querySelector("canvas");
  const { context, width, height, colours } = chart(canvas);
  const sides = [before, after].map((counts) => counts && channelOf(counts, channel));
  const levels = sides.map((counts) => counts?.reduce((sum, count) => sum + (count > 0), 0));
  const room = height - BOTTOM - TOP;
  const most = Math.max(...sides.flatMap((counts) => (counts ? [...counts] : [])));
  // Square roots: small counts stay visible next to those of flat areas.
  const top = (count) => height - BOTTOM - room * Math.sqrt(count / most);
  context.fillStyle = colours.grid;
  context.fillRect(0, height - BOTTOM, width, 1);
  context.fillStyle = colours.before;
  const bar = width / BINS;
  sides[0].forEach((count, level) => {
    const y = top(count);
    if (count) context.fillRect(level * bar, y, Math.max(1, bar - 0.5), height - BOTTOM - y);
  });
  if (sides[1]) {
    context.strokeStyle = colours.after;
    context.lineWidth = 1.5;
    context.beginPath();
    sides[1].forEach((count, level) => context.lineTo((level + 0.5) * bar, top(count)));
    context.stroke();
  }
  context.fillStyle = colours.text;
  context.textBaseline = "bottom";
  for (const level of [0, 64, 128, 192, 255]) {
    context.textAlign = level === 0 ? "left" : level === 255 ? "right" : "center";
    context.fillText(level, level === 255 ? width : level * bar, height);
  }
  const text = `Histogram: ${levels[0]} levels before` + (levels[1] ? `, ${levels[1]} after` : "");
  figure.querySelector("figcaption").textContent = text;
  canvas.setAttribute("aria-label", text);
}

// Line profile: values along a part of a row, before and after.

import { chart } from "./chart.js";

const MARGIN = 30;
const BOTTOM = 4;
// Finer differences than this are not worth the height of the chart.
const LEAST = 6;

/** Values of a channel in a line, which has one channel after the other. */
function channelOf(line, channel, length) {
  const channels = Math.max(1, Math.round(line.length / length));
  const first = Math.min(channel, channels - 1) * length;
  return line.subarray(first, first + length);
}

function stroke(context, values, colour, width, x, y) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  values.forEach((value, i) => {
    context.lineTo(x(i), y(value));
    context.lineTo(x(i + 1), y(value));
  });
  context.stroke();
}

export function drawProfile(figure, { before, after, x0, x1, y: row }, channel) {
  const canvas = figure.querySelector("canvas");
  const { context, width, height, colours } = chart(canvas);
  const length = x1 - x0;
  const sides = [before, after].map((line) => line && channelOf(line, channel, length));
  let [low, high] = [Infinity, -Infinity];
  for (const side of sides) {
    for (const value of side ?? []) [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  const middle = (low + high) / 2;
  const half = Math.max(LEAST, high - low + 1) / 2;
  const x = (i) => MARGIN + ((width - MARGIN) * i) / length;
  const y = (value) => BOTTOM + (height - 2 * BOTTOM) * (0.5 - (value - middle) / (2 * half));
  grid(context, middle - half, middle + half, width, y, colours);
  stroke(context, sides[0], colours.before, 1.5, x, y);
  if (sides[1]) stroke(context, sides[1], colours.after, 1.5, x, y);
  const text = `Row ${row}, columns ${x0} to ${x1 - 1}, codes of 8 bits`;
  figure.querySelector("figcaption").textContent = `Profile: ${text.toLowerCase()}`;
  canvas.setAttribute("aria-label", `Line profile: ${text}, from ${low.toFixed(1)} to ${high.toFixed(1)}`);
}

function grid(context, low, high, width, y, colours) {
  const step = [1, 2, 4, 8, 16, 32, 64].find((size) => (high - low) / size <= 6) ?? 64;
  context.fillStyle = colours.text;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) {
    context.fillStyle = colours.grid;
    context.fillRect(MARGIN, Math.round(y(value)), width - MARGIN, 1);
    context.fillStyle = colours.text;
    context.fillText(value, MARGIN - 5, Math.min(Math.max(y(value), 6), y(low) - 2));
  }
}

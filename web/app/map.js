// The map of banding: squares over the image, denser where more of it is banded.

// A tenth of a square is a lot.
const FULL = 0.3;
const DENSEST = 0.5;

/** Draws squares; `x` and `y` map places of the image to the canvas. */
export function drawMap(context, { side, columns, share }, { width, height }, x, y) {
  const gap = 1;
  share.forEach((value, i) => {
    if (value < 0.005) return;
    const left = (i % columns) * side;
    const top = Math.floor(i / columns) * side;
    const right = x(Math.min(left + side, width));
    const bottom = y(Math.min(top + side, height));
    const density = 0.08 + (DENSEST - 0.08) * Math.min(1, value / FULL);
    context.fillStyle = `rgb(232 102 36 / ${density})`;
    context.fillRect(x(left), y(top), right - x(left) - gap, bottom - y(top) - gap);
  });
}

// A small chart on a canvas, with the colours of the page.

/** Fits a canvas to its element; returns its context, size and colours. */
export function chart(canvas) {
  const ratio = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(name).trim();
  context.font = `11px ${style.fontFamily}`;
  const colours = {
    before: colour("--before"), after: colour("--after"), grid: colour("--line"), text: colour("--muted"),
  };
  return { context, width, height, colours };
}

// The charts under the canvas: line profile and histogram of the current image.

import { drawHistogram } from "./histogram.js";
import { latest } from "./latest.js";
import { drawProfile } from "./profile.js";

// Columns of a profile at most: more would hide single steps.
const COLUMNS = 400;

export function showCharts(engine, images, viewer) {
  const find = (id) => document.getElementById(id);
  const [profile, histogram] = [find("profile-chart"), find("histogram-chart")];
  const channel = () => Number(find("channel").value);
  let place;
  let counts;

  const readLine = latest(async () => {
    const { info } = viewer;
    const image = images.current;
    if (profile.hidden || !info) return;
    const seen = viewer.visible();
    const x = place?.x ?? (seen.x0 + seen.x1) >> 1;
    const y = place?.y ?? (seen.y0 + seen.y1) >> 1;
    const length = Math.min(COLUMNS, seen.x1 - seen.x0);
    const x0 = Math.round(Math.min(Math.max(x - length / 2, seen.x0), seen.x1 - length));
    const line = { y: Math.min(Math.max(y, 0), info.height - 1), x0, x1: x0 + length };
    try {
      const sides = await engine.view("line", { key: image.id, ...line });
      drawProfile(profile, { ...sides, ...line }, channel());
    } catch {
      // The image was closed or replaced meanwhile; the next one draws its own line.
    }
  });

  const readLevels = latest(async () => {
    const image = images.current;
    if (histogram.hidden || !viewer.info) return;
    try {
      counts ??= await engine.view("histogram", { key: image.id });
      if (image === images.current) drawHistogram(histogram, counts, channel());
    } catch {
      // As above.
    }
  });

  function reset() {
    counts = undefined;
    readLine();
    readLevels();
  }

  function toggled() {
    profile.hidden = !find("profile").checked;
    histogram.hidden = !find("histogram").checked;
    find("charts").hidden = profile.hidden && histogram.hidden;
    reset();
  }

  for (const id of ["profile", "histogram", "channel"]) find(id).addEventListener("change", toggled);
  viewer.addEventListener("view", () => readLine());
  new ResizeObserver(reset).observe(find("charts"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", reset);
  // Browsers keep the state of forms over a reload.
  toggled();
  return {
    reset,
    point(at) {
      if (!viewer.info) return;
      place = viewer.pixel(at);
      readLine();
    },
  };
}

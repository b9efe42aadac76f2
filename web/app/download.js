// Results as downloads: one file, or a ZIP of several.

const EXTENSIONS = { PNG: "png", TIFF: "tif", WebP: "webp", JPEG: "jpg", "JPEG XL": "jxl", OpenEXR: "exr" };
// Browsers start a download some time after the click.
const KEPT_MS = 60_000;

/** `sky.jpg` as `sky_unband.png`. */
export function nameOf(name, format, mark = "unband") {
  const stem = name.replace(/\.[^.]*$/, "") || "image";
  return `${stem}_${mark}.${EXTENSIONS[format] ?? format.toLowerCase()}`;
}

export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement("a"), { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}

export function saveResult({ name, record, result }) {
  const file = nameOf(name, record.output_format);
  save(result, file);
  return file;
}

/** Saves all results as a ZIP, packed in a worker. */
export async function saveAll(images, engine) {
  const used = new Set();
  const unique = (name) => {
    let free = name;
    for (let k = 2; used.has(free); k++) free = name.replace(/(\.[^.]*)$/, `_${k}$1`);
    used.add(free);
    return free;
  };
  const files = await Promise.all(images.map(async ({ name, record, result }) => ({
    name: unique(nameOf(name, record.output_format)),
    bytes: await result.arrayBuffer(),
  })));
  const { data } = await engine.job("archive", { files });
  save(new Blob([data], { type: "application/zip" }), "unband.zip");
  return files.length;
}

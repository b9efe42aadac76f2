// The engine where `unband view` serves the page: the same calls, answered by the program.

import { Reopening, fault } from "./engine.js";

// Pages share the program: its images and jobs are told apart by this.
const PAGE = crypto.getRandomValues(new Uint32Array(1))[0];
// Pause between questions after the share of a job.
const POLL_MS = 150;

/** A file that the program has; the page knows its number. */
export class ServedFile {
  constructor({ id, name, kind, size }) {
    Object.assign(this, { id, name, kind, size, type: "", thumb: `thumb/${id}` });
  }
}

async function send(body, signal) {
  try {
    const answer = await fetch("call", { method: "POST", body, signal });
    if (!answer.ok) throw new Error(await answer.text());
    return new Uint8Array(await answer.arrayBuffer());
  } catch (error) {
    if (error.name === "AbortError") throw fault("cancelled", "cancelled");
    throw fault("the program does not answer", "internal", "start `unband view` again");
  }
}

/** A call: one line of JSON, then the bytes of its files; the answer has the same form. */
async function ask(name, given = {}, signal) {
  const [plain, parts] = [{}, []];
  for (const [key, value] of Object.entries(given)) {
    if (value instanceof ServedFile) plain.file = value.id;
    else if (value instanceof Blob || value instanceof ArrayBuffer) parts.push([key, new Blob([value])]);
    else plain[key] = key === "key" ? `${PAGE} ${value}` : value;
  }
  const sizes = parts.map(([key, { size }]) => [key, size]);
  const line = JSON.stringify({ name, given: plain, sizes });
  const bytes = await send(new Blob([line, "\n", ...parts.map(([, part]) => part)]), signal);
  const end = bytes.indexOf(10);
  const { result, error, sizes: made = [] } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  if (error) throw fault(error.message, error.kind, error.hint);
  if (result?.stale) throw fault("the image is not open in the program", "stale");
  if (Array.isArray(result) || !made.length) return result;
  let at = end + 1;
  const read = ([key, size]) => [key, bytes.slice(at, (at += size))];
  return { ...result, ...Object.fromEntries(made.map(read)) };
}

async function bitmap(pixels, { x0, y0, x1, y1 }, every) {
  const [width, height] = [Math.ceil((x1 - x0) / every), Math.ceil((y1 - y0) / every)];
  return pixels && createImageBitmap(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height));
}

/** Numbers as an array of their type; undefined for a side that is not there. */
function typed({ before, after }, Type) {
  return { before: Type.from(before), after: after ? Type.from(after) : undefined };
}

export class ServedEngine extends Reopening {
  #last = 0;
  // Name and AbortController of each running job.
  #running = new Map();

  start() {
    // A closed page wants no results. A page that comes back asks again.
    addEventListener("pagehide", () => {
      const line = JSON.stringify({ name: "cancel", given: { job: `${PAGE}-` } });
      navigator.sendBeacon("call", new Blob([line, "\n"]));
    });
    return ask("methods");
  }

  /** The files that the program was given. */
  async files() {
    return (await ask("files")).map((file) => new ServedFile(file));
  }

  open({ key, bytes }) {
    return ask("open", { key, bytes });
  }

  close() {
    return ask("close", { key: "" });
  }

  result(given) {
    return ask("result", given);
  }

  async look(name, given) {
    const made = await ask(name, given);
    if (name === "line") return typed(made, Float32Array);
    if (name === "histogram") return typed(made, Uint32Array);
    if (name === "preview") return { bitmap: await bitmap(made.pixels, given.window, 1) };
    if (name !== "view") return made;
    const sides = [made.before, made.after].map((pixels) => bitmap(pixels, given.window, given.every));
    const [before, after] = await Promise.all(sides);
    return { before, after };
  }

  async job(name, given, onShare) {
    if (name === "archive") return ask(name, Object.fromEntries(given.files.map(({ name, bytes }) => [name, bytes])));
    const job = `${PAGE}-${++this.#last}`;
    const stop = new AbortController();
    this.#running.set(job, { name, stop });
    // An answer may come after the end.
    const tell = (share) => share !== null && this.#running.has(job) && onShare(share);
    const timer = onShare && setInterval(() => ask("share", { job }).then(tell, () => {}), POLL_MS);
    try {
      return await ask(name, { ...given, job }, stop.signal);
    } finally {
      clearInterval(timer);
      this.#running.delete(job);
    }
  }

  /** Cancels the work on images; with `all`, the search for frames too. */
  cancel(all = false) {
    for (const [job, { name, stop }] of this.#running) {
      if (name === "frames" && !all) continue;
      stop.abort();
      ask("cancel", { job }).catch(() => {});
    }
  }
}

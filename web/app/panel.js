// The panel of an image: finding, explanation, state, and its buttons.

import { stateWords } from "./images.js";

const find = (id) => document.getElementById(id);

const CAUSES = {
  restored: "Bands removed",
  "nothing-found": "Nothing to repair",
  "one-code-only": "No visible bands, only the finest steps of 8 bits. 16 bits of depth smooth them",
  "steps-kept": "Faint steps, unchanged. A band step in the settings repairs bands of that height",
  drawn: "A drawing, unchanged. “Treat as photo” forces the repair",
  asked: "Unchanged, as requested",
  "not-asked": "Unchanged, strength 0",
  "alpha-only": "Alpha repaired, colours unchanged",
  "depth-only": "Nothing to repair, depth changed",
};
// Methods of other programs change an image whether or not its bands go.
const OWN = /^(smooth|undither|unband)/;
const RULES = { rule: "Rule", drawing_rule: "Drawing rule" };

/** A text as a sentence. */
function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function size(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function outcome(image) {
  const { state, record, error, note, held } = image;
  if (state === "failed") return [sentence(error.message), error.hint && sentence(error.hint)];
  const notes = [note];
  if (held) return ["Cancelled.", ...notes];
  // The last result stays readable while the next one is computed.
  if (!record) return notes;
  const { reason, method, max_change_codes: most, dropped, input_bytes, output_bytes } = record;
  const restored = reason === "restored";
  const title = restored && !OWN.test(method) ? "Processed" : (CAUSES[reason] ?? sentence(reason));
  const by = restored ? ` by ${method}, largest change ${codes(most)}` : "";
  notes.push(`${title}${by}.`);
  if (record.status === "written") {
    const depth = `${record.output_depth} bits`;
    notes.push(`${record.output_format}, ${depth}, ${size(output_bytes)} (before: ${size(input_bytes)}).`);
  }
  if (dropped?.length) notes.push(`Not kept: ${dropped.join(", ")}.`);
  return notes;
}

/** A name for the right side of the canvas. */
function sideName({ state, record, held }) {
  if (state === "done") return record.status === "written" ? "After" : "Unchanged";
  if (record) return "Preview";
  return held ? "No result" : "Working…";
}

function codes(value) {
  const rounded = value < 10 ? Number(value.toFixed(1)) : Math.round(value);
  return `${rounded} ${rounded === 1 ? "code" : "codes"}`;
}

/** The finding of the engine, as headline with its explanation. */
export function showFinding(image, info) {
  find("why").hidden = !info?.report;
  const failed = image?.state === "failed";
  const waits = image ? (failed ? "This file could not be processed" : "Reading the image…") : "";
  find("finding").textContent = info ? `${sentence(info.report.finding)}.` : waits;
  const format = info?.report.format ? `, ${info.report.format}` : "";
  const kind = info ? `${info.width} × ${info.height}, ${info.depth} bits${format}` : "";
  find("about").textContent = image ? [image.name, kind].filter(Boolean).join(" · ") : "";
  if (!info) return;
  const { explanation, planes, banded_share: share } = info.report;
  const rows = Object.entries(RULES).map(([name, title]) => [title, explanation?.[name]]);
  rows.push(["Banded share", `${Math.round(100 * share)} % of the smooth area`]);
  for (const { plane, step_codes: step, bits, found } of planes) {
    if (found) rows.push([sentence(plane), `steps of ${codes(step)}${bits ? `, ${bits} bits` : ""}`]);
  }
  for (const [name, value] of Object.entries(explanation?.evidence ?? {})) rows.push([sentence(name), value]);
  find("why").querySelector("dl").replaceChildren(...rows.filter(([, value]) => value).flatMap(pair));
}

function pair([title, value]) {
  const make = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  return [make("dt", title), make("dd", value)];
}

function showGrades({ state, grades: known, graded, result }) {
  const grades = state === "failed" ? undefined : known;
  const element = find("grade");
  element.hidden = !grades;
  if (!grades) return;
  const [before, after] = element.querySelectorAll("span");
  before.textContent = before.dataset.grade = grades.before;
  // That of the last result would be wrong for this one.
  const now = graded === result ? grades.after : "…";
  after.textContent = after.dataset.grade = now ?? "";
  after.hidden = element.querySelector("i").hidden = !now;
  const text = `Banding: ${grades.before}` + (now ? ` before, ${now} after` : "");
  element.setAttribute("aria-label", text);
}

/** The state of the current image, and the buttons that fit to it. */
export function showState(images) {
  const image = images.current;
  if (!image) return;
  const working = image.state === "working" || (image.state === "waiting" && !image.held);
  const others = images.items.some(({ state }) => state === "working");
  const upscaling = image.upscaling !== undefined;
  find("working").hidden = !(working || others || upscaling);
  find("stage").dataset.failed = String(image.state === "failed" && !image.result);
  find("stage").querySelector(".tag.after").textContent = sideName(image);
  find("progress").value = image.state === "working" ? image.share : (image.upscaling ?? 0);
  find("progress").title = stateWords(image);
  const queue = images.items.filter(({ state, held }) => ["waiting", "working"].includes(state) && !held);
  find("cancel").textContent = queue.length > 1 ? "Cancel all" : "Cancel";
  find("again").hidden = !(image.state === "waiting" && image.held);
  const fresh = images.fresh(image);
  find("download").disabled = !fresh;
  find("download").hidden = working || !find("again").hidden;
  const unchanged = fresh && image.record.status !== "written";
  find("download").textContent = unchanged ? "Download unchanged" : "Download";
  find("upscale").disabled = !image.record || upscaling;
  const done = images.items.filter((item) => images.fresh(item));
  find("download-all").hidden = images.items.length < 2;
  find("download-all").disabled = done.length === 0;
  find("download-all").textContent = `Download all ${done.length} (ZIP)`;
  find("apply-all").hidden = images.items.length < 2;
  find("outcome").replaceChildren(...outcome(image).filter(Boolean).map((line) => {
    const element = document.createElement("span");
    element.textContent = /[.!?]$/.test(line) ? line : `${line}.`;
    return element;
  }));
  find("outcome").dataset.state = image.state;
  showGrades(image);
}

"use strict";
const { study, trials, images } = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);

// Storage of the browser, if it allows any: under the study's name, the last rater; under study and rater, the grades.
const kept = {
  get(key) {
    try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
  },
  set(key, value) {
    try { localStorage.setItem(key, JSON.stringify(value)); } catch { at("unkept").hidden = false; }
  },
};
const prefix = "unband-study:" + study;

// Random numbers seeded by a text: FNV-1a and mulberry32.
function random(text) {
  let a = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) a = Math.imul(a ^ byte, 0x01000193);
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// The rater's own order; no image twice in a row where possible.
function shuffled(rater) {
  const next = random(study + "/" + rater);
  const left = new Map();
  trials.forEach(([image], i) => left.set(image, [...(left.get(image) ?? []), i]));
  const order = [];
  let last;
  for (let count = trials.length; count > 0; count--) {
    const others = [...left].filter(([image, list]) => image !== last && list.length);
    // An image with more than half of the remaining trials must come now, or it repeats later.
    const due = others.find(([, list]) => 2 * list.length > count);
    const from = due ? [due] : others.length ? others : [...left].filter(([, list]) => list.length);
    let n = Math.floor(next() * from.reduce((sum, [, list]) => sum + list.length, 0));
    const [image, list] = from.find(([, list]) => (n -= list.length) < 0);
    order.push(list.splice(list.length + n, 1)[0]);
    last = image;
  }
  return order;
}

let rater, order, state, since, seen;

function begin(name) {
  rater = name;
  order = shuffled(rater);
  state = kept.get(prefix + "/" + rater) ?? { step: 0, grades: {} };
  kept.set(prefix, rater);
  show();
}

function only(id) {
  for (const main of document.querySelectorAll("main")) main.hidden = main.id !== id;
  scrollTo(0, 0);
}

const version = () => !at("result").hidden;

function flip(to = !version()) {
  if (at("rating").classList.contains("loading")) return;
  at("result").hidden = !to;
  at("reference").hidden = to;
  at("which").textContent = to ? "Version to grade" : "Reference";
  seen ||= to;
  for (const button of document.querySelectorAll("[data-grade]")) button.disabled = !seen;
}

// One pixel of the image per pixel of the screen, where there is room; otherwise the rater is informed.
function fit() {
  const img = at("reference");
  for (const one of [img, at("result")]) one.style.width = img.naturalWidth / devicePixelRatio + "px";
  const scale = devicePixelRatio * Math.min(img.clientWidth / img.naturalWidth, img.clientHeight / img.naturalHeight);
  at("place").textContent = `${state.step + 1} of ${trials.length}` + (scale < 0.995 ? ` · shown at ${Math.round(100 * scale)} %` : "");
}

async function show() {
  const step = state.step;
  const trial = trials[order[step]];
  if (!trial) {
    only("end");
    at("done").textContent = `${rater}, you have rated all ${trials.length} pairs.`;
    return;
  }
  only("rating");
  at("rating").classList.add("loading");
  at("place").textContent = `${step + 1} of ${trials.length}`;
  at("progress").value = Object.keys(state.grades).length;
  at("back").disabled = step === 0;
  const given = state.grades[order[step]]?.[0];
  for (const button of document.querySelectorAll("[data-grade]")) {
    button.disabled = true;
    button.setAttribute("aria-pressed", String(+button.dataset.grade === given));
  }
  const pair = [[at("reference"), trial[2]], [at("result"), trial[3]]];
  for (const [img] of pair) img.style.opacity = 0;
  await Promise.all(pair.map(([img, i]) => {
    img.src = images[i];
    return img.decode();
  }));
  if (state.step !== step) return;
  fit();
  for (const [img] of pair) img.style.opacity = "";
  at("rating").classList.remove("loading");
  seen = given !== undefined;
  flip(false);
  since = performance.now();
}

function grade(value) {
  const i = order[state.step];
  if (!seen || at("rating").classList.contains("loading")) return;
  state.grades[i] = [value, Math.round(performance.now() - since) / 1000];
  state.step += 1;
  seen = false;
  kept.set(prefix + "/" + rater, state);
  show();
}

function back() {
  if (state.step === 0) return;
  state.step -= 1;
  kept.set(prefix + "/" + rater, state);
  show();
}

// Spreadsheets evaluate text that begins like a formula.
const guarded = (value) => (typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value));
const field = (value) => (/[",\r\n]/.test(value) ? `"${guarded(value).replaceAll('"', '""')}"` : guarded(value));

function csv() {
  const rows = [["study", "rater", "image", "method", "grade", "seconds", "order"]];
  order.forEach((i, place) => {
    if (state.grades[i]) rows.push([study, rater, trials[i][0], trials[i][1], ...state.grades[i], place + 1]);
  });
  return rows.map((row) => row.map(field).join(",") + "\r\n").join("");
}

function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  link.download = `study-${study}-${rater.replace(/[^\p{L}\p{N}_-]+/gu, "_")}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function surround(light) {
  document.documentElement.dataset.surround = light ? "light" : "dark";
  for (const button of document.querySelectorAll(".surround")) button.textContent = `Surround: ${light ? "light" : "dark"} grey`;
  kept.set("unband-study-surround", light);
}

async function warnIfSmall() {
  const img = new Image();
  img.src = images[0] ?? "";
  await img.decode().catch(() => {});
  const needed = img.naturalWidth / devicePixelRatio + 16;
  at("small").hidden = needed <= innerWidth;
  at("small").textContent = `The images are ${img.naturalWidth} pixels wide, this window ${Math.round(innerWidth * devicePixelRatio)}: ` +
    "they will be shown smaller. A larger window or screen is better.";
}

at("start").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = at("rater").value.trim().replace(/\s+/g, " ");
  if (name) begin(name);
});
at("stage").addEventListener("click", () => flip());
at("flip").addEventListener("click", () => flip());
at("back").addEventListener("click", back);
at("review").addEventListener("click", back);
at("another").addEventListener("click", () => {
  kept.set(prefix, null);
  at("rater").value = "";
  only("intro");
  at("rater").focus();
});
for (const button of document.querySelectorAll("[data-grade]")) button.addEventListener("click", () => grade(+button.dataset.grade));
for (const button of document.querySelectorAll(".save")) button.addEventListener("click", save);
for (const button of document.querySelectorAll(".surround")) {
  button.addEventListener("click", () => surround(document.documentElement.dataset.surround !== "light"));
}
addEventListener("keydown", (event) => {
  if (at("rating").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " ") {
    // Otherwise a focused button would be pressed too.
    event.preventDefault();
    if (!event.repeat) flip();
  } else if (/^[1-5]$/.test(event.key)) {
    if (!event.repeat) grade(+event.key);
  } else if (event.key === "ArrowLeft" || event.key === "Backspace") {
    event.preventDefault();
    if (!event.repeat) back();
  }
});
addEventListener("keyup", (event) => {
  if (event.key === " " && !at("rating").hidden) event.preventDefault();
});
addEventListener("resize", () => {
  warnIfSmall();
  if (!at("rating").hidden && at("reference").naturalWidth) fit();
});

surround(kept.get("unband-study-surround") === true);
warnIfSmall();
const last = kept.get(prefix);
if (last) begin(last);

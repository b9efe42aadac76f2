// Wiring of the page: images, engine, canvas, panel and settings.

import { showCharts } from "./charts.js";
import { listen, readOptions, writeOptions } from "./controls.js";
import { nameOf, save, saveAll, saveResult } from "./download.js";
import { Engine } from "./engine.js";
import { listenTo } from "./gestures.js";
import { Images, keyOf, stateWords } from "./images.js";
import { takeImages } from "./intake.js";
import { Jobs } from "./jobs.js";
import { showList } from "./list.js";
import { showFinding, showState } from "./panel.js";
import { ServedEngine, ServedFile } from "./served.js";
import { Viewer } from "./viewer.js";

// Pause after the last change of a setting until the whole image is computed.
const IDLE_MS = 400;

const find = (id) => document.getElementById(id);
const root = document.documentElement;
const served = Boolean(root.dataset.served);
const engine = served ? new ServedEngine() : new Engine();
const images = new Images();
const jobs = new Jobs(engine, images);
const viewer = new Viewer(find("canvas"), find("divider"), engine);
// Another image of the engine is a new one, without a pinned result.
engine.lost = unpin;
const charts = showCharts(engine, images, viewer);

function say(text) {
  find("status").textContent = text;
}

function failed(error) {
  const text = error.hint ? `${error.message} (${error.hint})` : error.message;
  say(text.charAt(0).toUpperCase() + text.slice(1));
}

async function show(image) {
  showFinding(image);
  try {
    const info = await viewer.show(image);
    if (!info) return;
    showFinding(image, info);
    charts.reset();
  } catch (error) {
    // The job on the file reports why it cannot be read.
    if (error.kind !== "input" && image === images.current) failed(error);
  }
}

let timer;
let waits;

/** Computes the image whose settings were changed last. */
function request() {
  clearTimeout(timer);
  const image = waits;
  waits = undefined;
  if (image && !image.removed && image.pending) jobs.request(image);
}

function optionsChanged(options) {
  const image = images.current;
  if (!image || isVideo(image)) return;
  clearTimeout(timer);
  waits = undefined;
  image.options = options;
  jobs.pause(image);
  if (images.fresh(image)) return viewer.preview(undefined);
  const visual = ({ format, ...rest }) => keyOf(rest);
  const shown = image.resultKey && visual(JSON.parse(image.resultKey));
  if (visual(options) !== shown) viewer.preview(options);
  waits = image;
  timer = setTimeout(request, IDLE_MS);
}

function imageChanged({ detail: { image, names } }) {
  if (image === images.current) {
    showState(images);
    if (names.includes("source")) show(image);
    if (image.state === "failed" && names.includes("state")) showFinding(image, viewer.info);
    if (names.includes("result")) {
      viewer.result(image).then(() => charts.reset()).catch(failed);
    }
  } else if (names.includes("state")) showState(images);
  if (names.includes("state") && ["done", "failed"].includes(image.state)) {
    say(`${image.name}: ${stateWords(image)}`);
  }
}

const isVideo = (image) => image?.file.kind === "video";

/** Shows the most banded frames of a video instead of it. */
async function expand(video) {
  if (video.state === "working") return;
  images.change(video, { state: "working", listed: false, held: false, share: 0 });
  try {
    const frames = await engine.job("frames", { file: video.file }, (share) => images.change(video, { share }));
    if (video.removed) return;
    const quiet = video !== images.current;
    images.add(frames.map((frame) => new ServedFile(frame)), readOptions(), quiet);
    images.remove(video);
  } catch (error) {
    const cancelled = error.kind === "cancelled";
    images.change(video, cancelled ? { state: "waiting", listed: true } : { state: "failed", error });
  }
}

/** Starts the work on an image. */
function begin(image) {
  if (isVideo(image)) expand(image);
  else jobs.request(image);
}

function selected({ detail: { image } }) {
  root.dataset.empty = String(!image);
  request();
  unpin();
  if (image) writeOptions(image.options);
  showState(images);
  if (isVideo(image)) {
    if (image.listed) expand(image);
    return show(undefined);
  }
  show(image);
  if (!image) return say("");
  if (image.listed) jobs.request(image);
  else jobs.grade(image);
}

function opened(files) {
  for (const image of images.add(files, readOptions())) if (!image.listed) jobs.request(image);
  if (files.length > 1) say(`${files.length} images opened`);
}

function unpin() {
  find("pin").checked = false;
  find("stage").dataset.pinned = "false";
}

/** Keeps the result on the left, or takes it away from there. */
async function pin({ target }) {
  const image = images.current;
  try {
    const { pinned } = await engine.view("pin", { key: image.id, on: target.checked });
    if (image !== images.current) return;
    target.checked = pinned;
    find("stage").dataset.pinned = String(pinned);
    await viewer.result(image);
    charts.reset();
  } catch (error) {
    target.checked = false;
    failed(error);
  }
}

async function upscale() {
  const image = images.current;
  try {
    say(`${image.name}: upscaling`);
    images.change(image, { upscaling: 0 });
    const { record, data } = await jobs.upscale(image, (share) => images.change(image, { upscaling: share }));
    save(new Blob([data]), nameOf(image.name, record.output_format, "unband_x2"));
    say(`${image.name}: upscaled to ${record.output_width} × ${record.output_height}`);
  } catch (error) {
    if (error.kind === "cancelled") say("Upscaling was cancelled");
    else failed(error);
  }
  images.change(image, { upscaling: undefined });
}

function toAll() {
  const { options } = images.current;
  for (const image of images.items) {
    if (keyOf(image.options) === keyOf(options) && !image.held) continue;
    images.change(image, { options: { ...options } });
    begin(image);
  }
}

function wireView() {
  const contrast = find("contrast");
  const setContrast = () => {
    find("contrast-value").textContent = `×${contrast.value}`;
    contrast.setAttribute("aria-valuetext", `times ${contrast.value}`);
    viewer.contrast = Number(contrast.value);
  };
  contrast.oninput = setContrast;
  setContrast();
  find("pin").onchange = pin;
  find("map").onchange = ({ target }) => (viewer.map = target.checked);
  find("zoom-in").onclick = () => viewer.zoom(2);
  find("zoom-out").onclick = () => viewer.zoom(0.5);
  find("fit").onclick = () => viewer.fit();
  find("full").onclick = () => viewer.zoomTo(1);
  viewer.addEventListener("view", () => {
    find("zoom").textContent = `${Math.round(100 * viewer.scale)} %`;
    find("stage").dataset.fitted = String(viewer.fitted);
  });
  viewer.addEventListener("fault", ({ detail }) => failed(detail));
  listenTo(find("stage"), viewer, { onPixel: charts.point, follow: find("follow") });
}

function wireActions() {
  find("cancel").onclick = () => {
    clearTimeout(timer);
    jobs.cancel();
    say("Cancelled");
  };
  find("again").onclick = () => begin(images.current);
  find("download").onclick = () => say(`Saved ${saveResult(images.current)}`);
  find("download-all").onclick = async () => {
    const done = images.items.filter((image) => images.fresh(image));
    try {
      say(`Saved unband.zip with ${await saveAll(done, engine)} images`);
    } catch (error) {
      failed(error);
    }
  };
  find("upscale").onclick = upscale;
  find("apply-all").onclick = toAll;
  images.addEventListener("change", imageChanged);
  images.addEventListener("select", selected);
  images.addEventListener("remove", ({ detail: { image } }) => {
    jobs.drop(image);
    showState(images);
  });
}

/** Loads a new version of the page while no image is open. */
function renew(registration) {
  const take = () => {
    if (registration.waiting && !images.items.length) registration.waiting.postMessage("take over");
  };
  const controlled = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (controlled && !images.items.length) location.reload();
  });
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", take));
  take();
}

/** Lists the files of the program. */
async function openServed() {
  try {
    const files = await engine.files();
    if (files.length) opened(files);
  } catch (error) {
    failed(error);
  }
}

async function start() {
  showList(find("images"), images);
  wireView();
  wireActions();
  const fillMethods = listen(optionsChanged);
  takeImages(opened, say);
  // After the first paint: the engine is large.
  await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
  try {
    fillMethods(await engine.start());
    root.dataset.ready = "true";
  } catch (error) {
    failed(error);
  }
  if (served) return openServed();
  if ("serviceWorker" in navigator && isSecureContext) {
    navigator.serviceWorker.register("sw.js").then(renew, () => say("This browser cannot keep the page offline"));
  }
}

start();

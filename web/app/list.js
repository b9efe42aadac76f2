// The list of opened images.

import { stateWords } from "./images.js";

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

export function showList(list, images) {
  const entries = new Map();

  function entry(image) {
    const own = image.file.thumb;
    const address = own ?? URL.createObjectURL(image.file);
    const noImage = make("span", { className: "kind" }, extension(image.name));
    const loading = own ? "lazy" : "eager";
    const shown = { src: address, alt: "", width: 56, height: 40, decoding: "async", loading };
    const thumb = image.file.kind === "video" ? noImage : make("img", shown);
    // Not every format that the engine reads is one of the browser.
    thumb.onerror = () => thumb.replaceWith(noImage);
    const name = make("span", { className: "name" }, image.name);
    const state = make("span", { className: "state" });
    const words = make("span", {}, name, state);
    const choose = make("button", { type: "button", className: "choose" }, thumb, words);
    choose.onclick = () => images.select(image);
    const remove = make("button", { type: "button", className: "remove" }, "×");
    remove.setAttribute("aria-label", `Close ${image.name}`);
    remove.onclick = () => {
      const neighbour = item.nextElementSibling ?? item.previousElementSibling;
      images.remove(image);
      (neighbour?.querySelector(".choose") ?? document.getElementById("open")).focus();
    };
    const bar = make("span", { className: "bar" });
    const item = make("li", {}, choose, remove, bar);
    entries.set(image, { item, state, bar, choose, address });
    update(image);
    list.append(item);
  }

  function update(image) {
    const { item, state, bar, choose } = entries.get(image);
    item.dataset.state = image.state;
    const words = stateWords(image);
    if (state.textContent !== words) state.textContent = words;
    choose.title = `${image.name}: ${words}`;
    bar.style.width = image.state === "working" ? `${100 * image.share}%` : "0";
  }

  images.addEventListener("add", ({ detail }) => detail.image.forEach(entry));
  images.addEventListener("change", ({ detail }) => update(detail.image));
  images.addEventListener("remove", ({ detail }) => {
    const { item, address } = entries.get(detail.image);
    URL.revokeObjectURL(address);
    item.remove();
    entries.delete(detail.image);
  });
  images.addEventListener("select", ({ detail }) => {
    for (const [image, { item, choose }] of entries) {
      const current = image === detail.image;
      choose.setAttribute("aria-current", String(current));
      if (current) item.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  });
}

function extension(name) {
  return name.includes(".") ? name.split(".").pop().slice(0, 4).toUpperCase() : "?";
}

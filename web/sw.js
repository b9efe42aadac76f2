// Service worker: the page's own files from a cache, so that it works offline.

// Written by scripts/web.
const VERSION = "";
const FILES = [];

const CACHE = `unband-page-${VERSION}`;

self.addEventListener("install", (event) => event.waitUntil(fill()));
// Asked by a page without images.
self.addEventListener("message", ({ data }) => data === "take over" && self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(clean()));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(self.registration.scope)) event.respondWith(answer(event.request));
});

async function fill() {
  const cache = await caches.open(CACHE);
  // Checked with the server: its HTTP cache may hold files of the version before.
  await cache.addAll(FILES.map((file) => new Request(file, { cache: "no-cache" })));
}

// Other pages of the origin may have caches too.
async function clean() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("unband-page-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function answer(request) {
  const cache = await caches.open(CACHE);
  const wanted = request.mode === "navigate" && request.url.endsWith("/index.html") ? "./" : request;
  const kept = await cache.match(wanted, { ignoreSearch: true });
  if (kept) return kept;
  return fetch(request);
}

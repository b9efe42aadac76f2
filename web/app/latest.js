// Coalescing of calls: one in flight, the newest of the waiting ones next.

/** A function that calls `work` with the newest arguments, never twice at once. */
export function latest(work) {
  let busy = false;
  let next;
  async function loop() {
    busy = true;
    while (next) {
      const args = next;
      next = undefined;
      await work(...args);
    }
    busy = false;
  }
  return (...args) => {
    next = args;
    if (!busy) loop();
  };
}

/** A function that calls `work` once in a frame. */
export function framed(work) {
  let waits = false;
  return () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => {
      waits = false;
      work();
    });
  };
}

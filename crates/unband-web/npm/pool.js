// Workers that share the calls of many images.

import { compile } from "./engine.js";
import { UnbandError } from "./error.js";
export { UnbandError } from "./error.js";

async function newThread() {
  if (globalThis.Worker) return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  const name = "node:worker_threads";
  const { Worker: Thread } = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  return new Thread(new URL("./worker.js", import.meta.url));
}

/** A thread, and the job that it works on. */
class Slot {
  job;

  constructor(thread, onEnd) {
    this.thread = thread;
    const message = (data) => this.job?.hear(data);
    const broken = (error) => onEnd(new UnbandError(`a worker failed: ${error?.message ?? error}`, { kind: "internal" }));
    if (thread.on) {
      thread.on("message", message).on("error", broken).on("exit", (code) => broken(`it ended with code ${code}`));
    } else {
      thread.onmessage = ({ data }) => message(data);
      thread.onerror = broken;
    }
    // Idle threads do not keep a program running.
    thread.unref?.();
  }

  begin(job) {
    this.job = job;
    this.thread.ref?.();
    const { name, input, options, onProgress } = job;
    this.thread.postMessage({ id: 0, name, input, options, reports: Boolean(onProgress) });
  }

  end() {
    this.job = undefined;
    this.thread.unref?.();
  }
}

export class Pool {
  #size;
  #idle = [];
  #started = 0;
  #waiting = [];
  #busy = new Set();
  #closed = false;

  constructor({ size } = {}) {
    const processors = globalThis.navigator?.hardwareConcurrency ?? 4;
    this.#size = Number.isInteger(size) && size > 0 ? size : Math.min(4, processors);
  }

  deband(input, options) {
    return this.#call("deband", input, options);
  }

  upscale(input, options) {
    return this.#call("upscale", input, options);
  }

  dither(input, options) {
    return this.#call("dither", input, options);
  }

  inspect(input, options) {
    return this.#call("inspect", input, options);
  }

  score(input, options) {
    return this.#call("score", input, options);
  }

  compare(image, reference, { before, ...options } = {}) {
    return this.#call("compare", [image, reference, before], options);
  }

  /** Ends all workers; calls that have not ended fail. */
  close() {
    this.#closed = true;
    for (const job of [...this.#waiting, ...this.#busy]) job.settle(cancelled("the pool was closed"));
    for (const slot of this.#idle.splice(0)) slot.thread.terminate();
  }

  #call(name, input, options) {
    const { onProgress, signal, ...rest } = options ?? {};
    return new Promise((done, fail) => {
      if (this.#closed) return fail(cancelled("the pool was closed"));
      if (signal?.aborted) return fail(cancelled("interrupted"));
      const abort = () => job.settle(cancelled("interrupted"));
      const job = { name, input, options: rest, onProgress, slot: undefined, settled: false };
      // Once; a worker in the middle of a call is ended.
      job.settle = (error, result, whole = false) => {
        if (job.settled) return;
        job.settled = true;
        signal?.removeEventListener("abort", abort);
        this.#forget(job, whole);
        if (error) fail(error);
        else done(result);
        this.#next();
      };
      job.hear = ({ share, result, error }) => {
        if (share === undefined) return job.settle(error && UnbandError.from(error), result, true);
        try {
          if (onProgress(share) === false) job.settle(cancelled("interrupted"));
        } catch (thrown) {
          job.settle(thrown);
        }
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.push(job);
      this.#next();
    });
  }

  #forget(job, whole) {
    this.#busy.delete(job);
    const at = this.#waiting.indexOf(job);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (job.slot) this.#free(job.slot, whole);
  }

  #free(slot, whole) {
    slot.end();
    if (whole && !this.#closed) {
      this.#idle.push(slot);
      return;
    }
    this.#started -= 1;
    slot.thread.terminate();
  }

  #next() {
    while (this.#waiting.length && (this.#idle.length || this.#started < this.#size)) {
      const job = this.#waiting.shift();
      this.#busy.add(job);
      if (this.#idle.length) this.#run(this.#idle.pop(), job);
      else this.#start(job);
    }
  }

  async #start(job) {
    this.#started += 1;
    let slot;
    try {
      const [thread, module] = await Promise.all([newThread(), compile()]);
      slot = new Slot(thread, (error) => this.#broken(slot, error));
      thread.postMessage({ module });
    } catch (error) {
      this.#started -= 1;
      slot?.thread.terminate();
      return job.settle(error);
    }
    // The job may have been given up meanwhile.
    if (job.settled) {
      this.#free(slot, true);
      this.#next();
    } else {
      this.#run(slot, job);
    }
  }

  #run(slot, job) {
    job.slot = slot;
    try {
      slot.begin(job);
    } catch (error) {
      const hint = "pass bytes, samples and plain values";
      const message = `the input cannot be sent to a worker: ${error.message}`;
      job.settle(new UnbandError(message, { kind: "input", hint, cause: error }), undefined, true);
    }
  }

  #broken(slot, error) {
    if (slot.job) return slot.job.settle(error);
    const at = this.#idle.indexOf(slot);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.#started -= 1;
  }
}

function cancelled(message) {
  return new UnbandError(message, { kind: "cancelled" });
}

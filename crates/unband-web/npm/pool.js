// Workers that share the calls of many images.

import { compile } from "./engine.js";
import { UnbandError } from "./error.js";
export { UnbandError } from "./error.js";

async function newWorker() {
  if (globalThis.Worker) return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  const name = "node:worker_threads";
  const { Worker: Thread } = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  return new Thread(new URL("./worker.js", import.meta.url));
}

function processors() {
  return globalThis.navigator?.hardwareConcurrency ?? 4;
}

export class Pool {
  #size;
  #idle = [];
  #started = 0;
  #waiting = [];
  #busy = new Set();
  #closed = false;

  constructor({ size = Math.min(4, processors()) } = {}) {
    this.#size = Math.max(1, size);
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
    for (const job of this.#waiting.splice(0)) job.fail(cancelled("the pool was closed"));
    for (const job of this.#busy) job.stop(cancelled("the pool was closed"));
    for (const worker of this.#idle.splice(0)) worker.terminate();
  }

  #call(name, input, options = {}) {
    const { onProgress, signal, ...rest } = options;
    return new Promise((done, fail) => {
      if (this.#closed) return fail(cancelled("the pool was closed"));
      if (signal?.aborted) return fail(cancelled("interrupted"));
      const job = { name, input, options: rest, onProgress, done, fail, stop: undefined };
      signal?.addEventListener("abort", () => this.#cancel(job), { once: true });
      this.#waiting.push(job);
      this.#next();
    });
  }

  #cancel(job) {
    const at = this.#waiting.indexOf(job);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
      job.fail(cancelled("interrupted"));
    } else {
      job.stop?.(cancelled("interrupted"));
    }
  }

  async #next() {
    if (!this.#waiting.length || (!this.#idle.length && this.#started >= this.#size)) return;
    const job = this.#waiting.shift();
    this.#busy.add(job);
    let worker = this.#idle.pop();
    try {
      worker ??= await this.#start();
    } catch (error) {
      this.#busy.delete(job);
      return job.fail(error);
    }
    this.#run(worker, job);
  }

  async #start() {
    this.#started += 1;
    try {
      const [worker, module] = await Promise.all([newWorker(), compile()]);
      worker.postMessage({ module });
      worker.unref?.();
      return worker;
    } catch (error) {
      this.#started -= 1;
      throw error;
    }
  }

  #run(worker, job) {
    const end = (keep, settle) => {
      if (!this.#busy.delete(job)) return;
      listen(worker, undefined, undefined);
      worker.unref?.();
      if (keep && !this.#closed) {
        this.#idle.push(worker);
      } else {
        worker.terminate();
        this.#started -= 1;
      }
      settle();
      this.#next();
    };
    job.stop = (error) => end(false, () => job.fail(error));
    const message = ({ share, result, error }) => {
      if (share !== undefined) return job.onProgress?.(share) === false && job.stop(cancelled("interrupted"));
      if (!error) return end(true, () => job.done(result));
      // A panic has cost the instance of that worker, which has started another one.
      end(true, () => job.fail(UnbandError.from(error)));
    };
    const broken = (error) => job.stop(new UnbandError(`a worker failed: ${error?.message ?? error}`, { kind: "internal" }));
    listen(worker, message, broken);
    worker.ref?.();
    const { name, input, options } = job;
    worker.postMessage({ id: 0, name, input, options, reports: Boolean(job.onProgress) });
  }
}

function listen(worker, message, error) {
  if (worker.on) {
    worker.removeAllListeners("message");
    worker.removeAllListeners("error");
    if (message) worker.on("message", message).on("error", error);
  } else {
    worker.onmessage = message && (({ data }) => message(data));
    worker.onerror = error;
  }
}

function cancelled(message) {
  return new UnbandError(message, { kind: "cancelled" });
}

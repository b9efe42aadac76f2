// Client of the workers: one for views, one for jobs.

const WORKER = new URL("./worker.js", import.meta.url);

/** A worker that is started when needed, and again after a failure. */
class Thread {
  #worker;
  #module;
  #waiting = new Map();
  #last = 0;

  use(module) {
    this.#module = module;
  }

  ask(name, given, { transfer = [], onShare } = {}) {
    this.#start();
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, onShare });
      this.#worker.postMessage({ id, name, given }, transfer);
    });
  }

  /** Ends the worker; its calls fail with this error. */
  stop(error) {
    this.#worker?.terminate();
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }

  #start() {
    if (this.#worker) return;
    const worker = new Worker(WORKER, { type: "module" });
    worker.onmessage = ({ data }) => this.#answered(data);
    worker.onerror = (event) => {
      event.preventDefault();
      if (worker !== this.#worker) return;
      const message = event.message || "the engine could not be started";
      this.stop(fault(message, "internal", "reload the page; if it happens again, please report it"));
    };
    this.#worker = worker;
    if (this.#module) worker.postMessage({ module: this.#module });
  }

  #answered({ id, share, result, error }) {
    const call = this.#waiting.get(id);
    if (!call) return;
    if (share !== undefined) return call.onShare?.(share);
    this.#waiting.delete(id);
    if (error) call.reject(fault(error.message, error.kind, error.hint));
    else call.resolve(result);
  }
}

export function fault(message, kind, hint) {
  return Object.assign(new Error(message), { kind, hint });
}

/** Views that open their image again where the engine has lost it. */
export class Reopening {
  #reopening;
  /** Opens an image again, if it is still the current one; set by the page. */
  reopen = async () => false;
  /** Tells that the engine had lost the image; set by the page. */
  lost = () => {};

  /** A call on the image of the views. */
  async view(name, given) {
    try {
      return await this.look(name, given);
    } catch (error) {
      if (error.kind !== "stale") throw error;
      this.#reopening ??= this.reopen(given.key).finally(() => (this.#reopening = undefined));
      if (!(await this.#reopening)) throw error;
      this.lost();
      return this.look(name, given);
    }
  }
}

/** Files as bytes, for a worker. */
async function loaded(given) {
  const load = async ([name, value]) => [name, value instanceof Blob ? await value.arrayBuffer() : value];
  return Object.fromEntries(await Promise.all(Object.entries(given).map(load)));
}

function buffers(given) {
  return Object.values(given).filter((value) => value instanceof ArrayBuffer);
}

export class Engine extends Reopening {
  #views = new Thread();
  #jobs = new Thread();

  /** Compiles the engine, once for all workers. Resolves with the methods. */
  async start() {
    const module = await this.#views.ask("compile");
    this.#views.use(module);
    this.#jobs.use(module);
    return this.#views.ask("methods");
  }

  look(name, given) {
    return this.#views.ask(name, given);
  }

  async open(given) {
    const ready = await loaded(given);
    return this.#views.ask("open", ready, { transfer: buffers(ready) });
  }

  /** Frees the image of the views. */
  close() {
    return this.#views.ask("close");
  }

  async result(given) {
    const ready = await loaded(given);
    return this.#views.ask("result", ready, { transfer: buffers(ready) });
  }

  /** A job; `wanted` tells, once its files are read, whether it still is. */
  async job(name, given, onShare, wanted = () => true) {
    const ready = await loaded(given);
    if (!wanted()) throw fault("cancelled", "cancelled");
    return this.#jobs.ask(name, ready, { transfer: buffers(ready), onShare });
  }

  cancel() {
    this.#jobs.stop(fault("cancelled", "cancelled"));
  }
}

// The opened images, with the state of each.

let last = 0;

/** Options as a text, to compare them. */
export function keyOf(options) {
  return JSON.stringify(options);
}

/** States: waiting, working, done, failed. An event "change" has the image and the names of its changes. */
export class Images extends EventTarget {
  items = [];
  current = undefined;

  /** Adds files; the first is selected, unless `quiet`. */
  add(files, options, quiet = false) {
    const added = files.map((file) => ({
      id: `image-${++last}`,
      name: file.name || "pasted.png",
      // The file as it was opened, for its thumbnail; `source` may be a copy that the engine can read.
      file,
      source: file,
      options: { ...options },
      state: "waiting",
      // Cancelled, or with settings that still change.
      held: false,
      pending: false,
      // A file of a program, not looked at yet.
      listed: Boolean(file.kind),
      share: 0,
    }));
    this.items.push(...added);
    this.#tell("add", added);
    if (added.length && !quiet) this.select(added[0]);
    return added;
  }

  select(image) {
    if (image === this.current) return;
    this.current = image;
    this.#tell("select", image);
  }

  remove(image) {
    const at = this.items.indexOf(image);
    if (at < 0) return;
    this.items.splice(at, 1);
    image.removed = true;
    this.#tell("remove", image);
    if (image === this.current) this.select(this.items[Math.min(at, this.items.length - 1)]);
  }

  change(image, changes) {
    Object.assign(image, changes);
    if (!image.removed) this.#tell("change", image, Object.keys(changes));
  }

  /** Is its result the one of its options? */
  fresh(image) {
    return image?.state === "done" && image.resultKey === keyOf(image.options);
  }

  #tell(name, image, names = []) {
    this.dispatchEvent(new CustomEvent(name, { detail: { image, names } }));
  }
}

const WORDS = {
  "one-code-only": "finest steps only",
  "steps-kept": "faint steps kept",
  drawn: "drawing, unchanged",
  asked: "unchanged",
  "not-asked": "unchanged",
  "alpha-only": "alpha repaired",
  "depth-only": "depth changed",
};

/** The state of an image in a few words. */
export function stateWords({ state, share, record, held, listed, error }) {
  if (state === "working") return `working ${Math.round(100 * share)} %`;
  if (state === "failed") return `failed: ${error.message}`;
  if (state === "done") {
    if (record.reason === "restored") return "bands removed";
    return WORDS[record.reason] ?? "nothing to repair";
  }
  if (listed) return "";
  return held ? "cancelled" : "waiting";
}

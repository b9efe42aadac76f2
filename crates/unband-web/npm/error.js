/** An error with its kind, the next action, and the option at fault. */
export class UnbandError extends Error {
  constructor(message, { kind = "other", hint, option, cause } = {}) {
    super(message, { cause });
    this.name = "UnbandError";
    this.kind = kind;
    this.hint = hint;
    this.option = option;
  }

  /** From an error of the WebAssembly, or of a worker, which has the same properties. */
  static from({ message, kind, hint, option }) {
    return new UnbandError(message, { kind, hint, option });
  }
}

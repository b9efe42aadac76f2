// Reading the package's own files, in browsers and in programs.

const program = globalThis.process?.versions?.node !== undefined && globalThis.window === undefined;

/** The bytes of a file of the package. */
export async function bytesOf(url) {
  if (program && url.protocol === "file:") {
    // A variable, since bundlers for browsers would look for the module.
    const name = "node:fs/promises";
    const { readFile } = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
    return new Uint8Array(await readFile(url));
  }
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${answer.statusText}`);
  return new Uint8Array(await answer.arrayBuffer());
}

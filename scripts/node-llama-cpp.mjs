// What is installed of node-llama-cpp, and of the llama.cpp that it brings along; nothing in a fresh clone.
import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { fileURLToPath } from "node:url";

const installed = (path) =>
  fileURLToPath(new URL(`../packages/engine/node_modules/node-llama-cpp/${path}`, import.meta.url));

/** The sources of llama.cpp, as git packs them. */
export const llamaBundle = installed("llama/gitRelease.bundle");

/** Of all packages of node-llama-cpp; undefined before they are installed. */
export function nodeLlamaCppVersion() {
  const manifest = installed("package.json");
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")).version : undefined;
}

/** The revision that the bundle holds and the libraries are built from, in short; undefined before they are installed. */
export function llamaRevision() {
  if (!existsSync(llamaBundle)) return undefined;
  const [, revision] = /^([0-9a-f]{7})[0-9a-f]{33} HEAD$/m.exec(readHead(llamaBundle)) ?? [];
  return revision;
}

/** Lines of text stand before what is packed. */
function readHead(path) {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(1024);
    return head.toString("latin1", 0, readSync(file, head));
  } finally {
    closeSync(file);
  }
}

import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
// A script without types.
import { cacheDir, modelPath } from "../../scripts/model-files.mjs";
import { names } from "./chaos-requests.ts";

/** A store that soaks share and keep: importing a gigabyte each time proves nothing. */
export const storeDir = (): string => join(dirname(cacheDir()), "soak", "models");

/** Puts the models into the server's store, unless they are there. */
export async function storeModels(url: string): Promise<void> {
  for (const [name, model] of Object.entries(names)) {
    const shown = await post(`${url}/api/show`, { model });
    if (shown.ok) continue;
    const path = modelPath(name);
    if (!existsSync(path)) throw new Error(`${path} is missing; run: node scripts/fetch-models.mjs ${name}`);
    const digest = await digestOf(path);
    await post(`${url}/api/blobs/${digest}`, Readable.toWeb(createReadStream(path)));
    const created = await post(`${url}/api/create`, {
      model,
      stream: false,
      files: { "model.gguf": digest },
    });
    if (!created.ok) throw new Error(`${model} could not be created: ${created.text}`);
  }
}

/** Posts JSON, or a stream as it is. */
export async function post(
  url: string,
  body: object,
): Promise<{ readonly ok: boolean; readonly text: string }> {
  // Node streams a web stream when it is told that only one side talks at a time.
  const init =
    body instanceof ReadableStream ? { body, duplex: "half" as const } : { body: JSON.stringify(body) };
  const response = await fetch(url, { method: "POST", ...init });
  return { ok: response.ok, text: await response.text() };
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return `sha256:${hash.digest("hex")}`;
}

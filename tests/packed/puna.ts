import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFromModelfile, Puna } from "@puna/sdk/node";
import { createPuna } from "puna";

/** A GGUF file to chat with. */
const [modelPath] = process.argv.slice(2);

const home = mkdtempSync(join(tmpdir(), "puna-embedded-"));
try {
  await using puna = await createPuna({ home, modelsDir: join(home, "models") });
  const client = new Puna({ fetch: puna.fetch });
  assert.deepEqual((await client.list()).models, []);
  if (modelPath !== undefined) {
    const modelfile = `FROM ${modelPath}\nPARAMETER temperature 0\nPARAMETER num_predict 16\n`;
    const options = { model: "gemma3:270m", modelfile, directory: home, home };
    for await (const _ of createFromModelfile(client, options));
    const messages = [{ role: "user", content: "The capital of France is" }];
    const { message, eval_count } = await client.chat({ model: "gemma3:270m", messages });
    assert.match(message.content, /\S/);
    assert(eval_count !== undefined && eval_count > 0 && eval_count <= 16);
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
console.log("ok");

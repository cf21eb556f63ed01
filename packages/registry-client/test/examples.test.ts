import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { publishModel, startLoopbackRegistry } from "../src/testing/index.ts";

async function runExample(story: string, ...parameters: readonly string[]): Promise<string> {
  const file = fileURLToPath(new URL(`../../../examples/${story}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@puna/source", file, ...parameters], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = await once(child, "close");
  expect(code).toBe(0);
  return output;
}

test("the examples pull a model and list the store", async () => {
  await using registry = await startLoopbackRegistry();
  const { manifest } = publishModel(registry, randomBytes(100_000));
  const modelsDir = await mkdtemp(join(tmpdir(), "puna-example-"));
  try {
    const pulled = await runExample("pull-a-model", `${registry.host}/library/m`, modelsDir);
    expect(pulled.trim().split("\n").at(-1)).toBe("success");
    const bytes = manifest.layers.reduce((sum, layer) => sum + layer.size, manifest.config.size);
    expect(await runExample("list-a-store", modelsDir)).toBe(`m:latest ${bytes}\n`);
  } finally {
    await rm(modelsDir, { recursive: true, force: true });
  }
});

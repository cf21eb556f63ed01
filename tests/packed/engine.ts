import assert from "node:assert/strict";
import { createEngine, EngineError, probeEngine } from "@puna/engine";
import { createScriptedEngine } from "@puna/engine/testing";

/** A GGUF file to run for real. */
const [modelPath] = process.argv.slice(2);

await using scripted = createScriptedEngine({ answer: () => ({ pieces: ["Par", "is."] }) });
await using held = await scripted.acquire({ modelPath: "/nowhere.gguf" });
let answer = "";
for await (const event of held.complete({ prompt: "The capital of France is", sampling: {} }))
  if (event.type === "text-delta") answer += event.text;
assert.equal(answer, "Paris.");

if (modelPath !== undefined) {
  assert.equal((await probeEngine()).driver, "llama/native");
  await using engine = createEngine({});
  await using lease = await engine.acquire({ modelPath });
  let text = "";
  for await (const event of lease.complete({
    prompt: "The capital of France is",
    sampling: {},
    maxTokens: 4,
  }))
    if (event.type === "text-delta") text += event.text;
    else if (event.type === "generation-end") assert.equal(event.generatedTokens, 4);
  assert.match(text, /\S/);
  await assert.rejects(engine.acquire({ modelPath: "/nowhere.gguf" }), (error) => EngineError.is(error));
}
console.log("ok");

import assert from "node:assert/strict";
import { createPunaProvider } from "@puna/ai-provider";
import { Puna } from "@puna/sdk";
import { generateText } from "ai";

const answer = {
  model: "m",
  created_at: new Date(0).toISOString(),
  message: { role: "assistant", content: "Hi!" },
  done: true,
  done_reason: "stop",
  prompt_eval_count: 3,
  eval_count: 2,
};
const client = new Puna({ fetch: async () => new Response(`${JSON.stringify(answer)}\n`) });
const { text, finishReason } = await generateText({
  model: createPunaProvider({ client })("m"),
  prompt: "Say hi.",
});
assert.deepEqual({ text, finishReason }, { text: "Hi!", finishReason: "stop" });
console.log("ok");

// The model calls functions of this program until it can answer. `node main.ts [model] [question]`
import { defineTool, Puna } from "@puna/sdk";
import * as z from "zod";

const [model = "qwen3", question = "What is 37 times 43?"] = process.argv.slice(2);
const puna = new Puna({ host: process.env["OLLAMA_HOST"] });

const multiply = defineTool({
  name: "multiply",
  description: "Multiplies two numbers exactly",
  parameters: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => a * b,
});
const today = defineTool({
  name: "today",
  description: "Tells today's date",
  parameters: z.object({}),
  execute: () => new Date().toDateString(),
});

const run = puna.agent({
  model,
  messages: [{ role: "user", content: question }],
  tools: [multiply, today],
  maxSteps: 5,
  toolTimeoutMs: 10_000,
});
for await (const event of run) {
  if (event.type === "tool-call")
    console.log(`calls ${event.call.function.name}(${JSON.stringify(event.call.function.arguments)})`);
  if (event.type === "tool-result") console.log(`gets ${JSON.stringify(event.result)}`);
  if (event.type === "text-delta") process.stdout.write(event.text);
}
const { steps, toolCalls } = await run.result();
console.log(`\n(${toolCalls} calls in ${steps} steps)`);

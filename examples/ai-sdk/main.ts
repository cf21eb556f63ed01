// The AI SDK with a model inside this process: no port, no daemon. `node main.ts [model]`
import { createPunaProvider } from "@puna/ai-provider";
import { generateText, isStepCount, Output, streamText, tool } from "ai";
import { createPuna } from "puna";
import * as z from "zod";

await using puna = await createPuna();
const provider = createPunaProvider({ fetch: puna.fetch });
const model = provider(process.argv[2] ?? "qwen3", { options: { num_ctx: 4096 } });

const multiply = tool({
  description: "Multiplies two numbers exactly",
  inputSchema: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => a * b,
});
const answer = streamText({
  model,
  prompt: "What is 37 times 43?",
  tools: { multiply },
  stopWhen: isStepCount(4),
});
for await (const text of answer.textStream) process.stdout.write(text);
console.log(`\n(${(await answer.steps).flatMap(({ toolResults }) => toolResults).length} calls)`);

const { output } = await generateText({
  model,
  prompt: "Name the capital of Switzerland and the river that flows through it.",
  output: Output.object({ schema: z.object({ capital: z.string(), river: z.string() }) }),
});
console.log(`${output.capital} on the ${output.river}`);

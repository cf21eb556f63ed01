// Prints an answer while it is made, thoughts dimmed; Ctrl-C stops it. `node main.ts [model] [question]`
import { styleText } from "node:util";
import { Puna } from "@puna/sdk";

const [model = "qwen3", question = "Why is the sky blue?"] = process.argv.slice(2);
const puna = new Puna({ host: process.env["OLLAMA_HOST"] });

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

try {
  const messages = [{ role: "user", content: question }];
  const stream = await puna.chat({ model, messages, stream: true }, { signal: stop.signal });
  for await (const { message, done, eval_count = 0, eval_duration = 0 } of stream) {
    if (message.thinking) process.stdout.write(styleText("dim", message.thinking));
    process.stdout.write(message.content);
    // Durations are nanoseconds, as in Ollama.
    if (done)
      console.log(`\n\n${eval_count} tokens, ${((eval_count / eval_duration) * 1e9).toFixed(1)} tokens/s`);
  }
} catch (error) {
  // The server has stopped too: its slot is free for others.
  if (!stop.signal.aborted) throw error;
  console.log("\n(stopped)");
}

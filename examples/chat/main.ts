// A conversation in which the model remembers what was said. With `puna serve` running: `node main.ts [model]`
import { type Message, Puna } from "@puna/sdk";

const model = process.argv[2] ?? "qwen3";
const puna = new Puna({ host: process.env["OLLAMA_HOST"] });

const messages: Message[] = [{ role: "system", content: "Answer in one short sentence." }];
for (const question of ["My name is Ada. What is the capital of Switzerland?", "What is my name?"]) {
  messages.push({ role: "user", content: question });
  const { message } = await puna.chat({ model, messages });
  // The whole conversation goes with every request: the server keeps nothing but its cache.
  messages.push(message);
  console.log(`> ${question}\n${message.content}\n`);
}

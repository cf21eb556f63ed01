// Chats with a model inside this process: no port, no daemon. `node main.ts [model]`
import { Puna } from "@puna/sdk";
import { createPuna } from "puna";

const model = process.argv[2] ?? "llama3.2";
await using puna = await createPuna();
const client = new Puna({ fetch: puna.fetch });

const answer = await client.chat({
  model,
  messages: [{ role: "user", content: "Count from one to five." }],
  stream: true,
});
for await (const part of answer) process.stdout.write(part.message.content);
console.log();

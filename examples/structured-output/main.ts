// Takes facts out of a text, in a shape that is checked and typed. `node main.ts [model]`
import { Puna } from "@puna/sdk";
import * as z from "zod";

const model = process.argv[2] ?? "qwen3";
const puna = new Puna({ host: process.env["OLLAMA_HOST"] });

const Order = z.object({
  customer: z.string(),
  city: z.string(),
  items: z.array(z.object({ product: z.string(), count: z.int().positive() })),
});
const text = "Ada Lovelace from London would like two lamps and seven notebooks, please.";

const { parsed } = await puna.generate({
  model,
  prompt: `Write this order as JSON.\n\n${text}`,
  // A grammar on the server binds the model to the schema; zod then validates and gives `parsed` its type.
  format: Order,
  options: { temperature: 0 },
});

console.log(`${parsed.customer}, ${parsed.city}`);
for (const { product, count } of parsed.items) console.log(`${count} × ${product}`);

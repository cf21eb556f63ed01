// Answers a question from the documents of this repository, and says where it stands.
// `node main.ts [chat model] [embedding model] [question]`
import { readFileSync } from "node:fs";
import { findNearest, Puna } from "@puna/sdk";
import { findDocuments, splitDocument } from "./documents.ts";

const [model = "qwen3", embedder = "all-minilm", question = "Which test enforces the table of imports?"] =
  process.argv.slice(2);
const puna = new Puna({ host: process.env["OLLAMA_HOST"] });

const root = new URL("../../", import.meta.url);
const chunks = findDocuments(root).flatMap((path) =>
  splitDocument(path, readFileSync(new URL(path, root), "utf8")),
);
const vectors = await puna.embedMany(
  chunks.map(({ path, text }) => `${path}\n${text}`),
  { model: embedder },
);
console.log(`${chunks.length} pieces of ${new Set(chunks.map(({ path }) => path)).size} files embedded`);

const [query = []] = await puna.embedMany([question], { model: embedder });
const found = findNearest(query, vectors, 3).flatMap(({ index }) => chunks[index] ?? []);
const sources = found.map(({ path, text }, at) => `[${at + 1}] ${path}\n${text}`).join("\n\n");

const { message } = await puna.chat({
  model,
  messages: [
    { role: "system", content: "Answer in one sentence, only from the sources." },
    { role: "user", content: `${sources}\n\nQuestion: ${question}` },
  ],
  options: { temperature: 0, num_ctx: 4096 },
});
console.log(`\n${question}\n${message.content}\n`);
for (const [at, { path, heading }] of found.entries()) console.log(`[${at + 1}] ${path} (${heading})`);

/**
 * Constrained output of a real instruct model, over HTTP: `npm run soak -- constrained [--seconds N] [--seed S]`.
 * Random JSON Schemas, alone and behind a thinking part, and tools that are required, named and forbidden, each answer
 * judged by ajv. Ends with 1 when one does not hold. Answers that the limit of tokens cut are counted apart.
 * Needs the models of `node scripts/fetch-models.mjs gemma qwen`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { seededRandom } from "@puna/model-format/testing";
import { Ajv2020 } from "ajv/dist/2020.js";
import { names } from "./chaos-requests.ts";
import { randomSchema } from "./random-schema.ts";
import { post, storeDir, storeModels } from "./soak-models.ts";
import { startSoakServer } from "./soak-server.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "300" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
  },
});
const random = seededRandom(Number(values.seed));
const deadline = Date.now() + Number(values.seconds) * 1_000;
const ajv = new Ajv2020({ strict: false });
const thinker = "soak-thinker";
const maxTokens = 400;

type Verdict = "valid" | "cut" | "invalid";

const kinds: Readonly<Record<string, () => Promise<Verdict>>> = {
  "schema, Ollama's API": () => ollamaSchema(names.qwen),
  "schema behind thinking": () => ollamaSchema(thinker),
  "schema, OpenAI's API": openAiSchema,
  "tool_choice required": () => tools("required"),
  "tool_choice named": () => tools("named"),
  "tool_choice none": () => tools("none"),
};
const counts = new Map<string, Record<Verdict, number>>();
let thoughts = 0;
let url = "";

const dir = mkdtempSync(join(tmpdir(), "puna-constrained-"));
try {
  console.log(`constrained: ${values.seconds} s, seed ${values.seed}`);
  await using server = await startSoakServer(dir, storeDir(), { OLLAMA_CONTEXT_LENGTH: "2048" });
  ({ url } = server);
  await storeModels(url);
  await createThinker();
  while (Date.now() < deadline) {
    for (const [kind, attempt] of Object.entries(kinds)) {
      const verdict = await attempt();
      const count = counts.get(kind) ?? { valid: 0, cut: 0, invalid: 0 };
      count[verdict]++;
      counts.set(kind, count);
    }
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
for (const [kind, count] of counts) console.log(`${kind.padEnd(24)} ${JSON.stringify(count)}`);
console.log(`${thoughts} answers came behind a thinking part`);
const all = [...counts.values()];
if (all.some(({ invalid }) => invalid > 0) || thoughts === 0 || all.some(({ valid }) => valid === 0))
  process.exitCode = 1;

/** The same weights under a template that opens a thinking part, as those of reasoning models do. */
async function createThinker(): Promise<void> {
  const template = [
    "{{- range .Messages }}<|im_start|>{{ .Role }}\n",
    "{{- if .Thinking }}<think>\n{{ .Thinking }}\n</think>\n\n{{ end }}{{ .Content }}<|im_end|>\n{{ end }}",
    "<|im_start|>assistant\n{{- if and $.IsThinkSet $.Think }}<think>\n{{ end }}",
  ].join("");
  await ask("/api/create", { model: thinker, from: names.qwen, template, stream: false });
}

async function ollamaSchema(model: string): Promise<Verdict> {
  const schema = randomSchema(random);
  const isThinker = model === thinker;
  const question = isThinker
    ? "Think in one short sentence, write </think> after it, and then answer with a record as JSON."
    : "Answer with a record as JSON.";
  const answer = await ask<{
    readonly message: { readonly content: string; readonly thinking?: string };
    readonly done_reason: string;
  }>("/api/chat", {
    model,
    messages: [{ role: "user", content: question }],
    format: schema,
    stream: false,
    ...(isThinker && { think: true }),
    options: sampling(),
  });
  const { content, thinking = "" } = answer.message;
  if (isThinker && thinking !== "" && content !== "") thoughts++;
  return judge(schema, content, answer.done_reason === "length");
}

async function openAiSchema(): Promise<Verdict> {
  const schema = randomSchema(random);
  const { choices } = await ask<Completion>("/v1/chat/completions", {
    model: names.qwen,
    messages: [{ role: "user", content: "Make up a record as JSON." }],
    response_format: { type: "json_schema", json_schema: { name: "record", strict: true, schema } },
    ...sampling(),
    max_tokens: maxTokens,
  });
  return judge(schema, choices[0]?.message.content ?? "", choices[0]?.finish_reason === "length");
}

interface Completion {
  readonly choices: readonly {
    readonly finish_reason: string;
    readonly message: {
      readonly content: string | null;
      readonly tool_calls?: readonly {
        readonly function: { readonly name: string; readonly arguments: string };
      }[];
    };
  }[];
}

async function tools(choice: "required" | "named" | "none"): Promise<Verdict> {
  const offered = ["get_weather", "book_table", "set_alarm"].map((name) => ({
    type: "function",
    function: { name, description: `Call to ${name.replace("_", " ")}`, parameters: randomSchema(random) },
  }));
  const named = offered[Math.floor(random() * offered.length)]?.function.name ?? "";
  const { choices } = await ask<Completion>("/v1/chat/completions", {
    model: names.qwen,
    messages: [{ role: "user", content: "What is the weather in Oslo? And tell me a joke." }],
    tools: offered,
    tool_choice: choice === "named" ? { type: "function", function: { name: named } } : choice,
    ...sampling(),
    max_tokens: maxTokens,
  });
  const [first] = choices;
  const calls = first?.message.tool_calls ?? [];
  if (choice === "none") return calls.length === 0 && first?.message.content ? "valid" : "invalid";
  if (first?.finish_reason === "length") return "cut";
  const hold = calls.every(({ function: { name, arguments: text } }) => {
    const tool = offered.find((candidate) => candidate.function.name === name);
    const isAllowed = choice === "required" || name === named;
    return tool !== undefined && isAllowed && judge(tool.function.parameters, text, false) === "valid";
  });
  if (calls.length > 0 && hold) return "valid";
  console.log(`INVALID ${choice} ${named}: ${JSON.stringify(first)}`);
  return "invalid";
}

function judge(schema: object, text: string, isCut: boolean): Verdict {
  if (isCut) return "cut";
  try {
    if (ajv.validate(schema, JSON.parse(text))) return "valid";
  } catch {
    // Said below.
  }
  console.log(`INVALID ${text}\n  of ${JSON.stringify(schema)}`);
  return "invalid";
}

function sampling() {
  return { temperature: 0.8, seed: Math.floor(random() * 1_000_000), num_predict: maxTokens };
}

async function ask<TAnswer>(path: string, body: object): Promise<TAnswer> {
  const { ok, text } = await post(url + path, body);
  if (!ok) throw new Error(`${path} was refused: ${text}`);
  return JSON.parse(text);
}

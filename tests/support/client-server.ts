import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tinyBert } from "@puna/model-format/testing";
import { puna, type RunningServer, startServer } from "./processes.ts";
import { gemmaPath, miniLmPath, qwenPath } from "./required-parts.ts";

/** What the clients are shown: three real models, and a small one of random weights that ranks. */
export const clientModels = {
  /** Instructed, calls tools. */
  chat: "qwen2.5-coder:1.5b",
  base: "gemma3:270m",
  embed: "all-minilm",
  rank: "tiny-rank",
} as const;

/**
 * The model's own template asks for calls in a form that so small a model rarely keeps to: it wraps them in a fence.
 * This one shows tools in plain lines, asks for the same tags twice, and after a result for an answer instead of the
 * next call.
 */
const toolTemplate = `{{- if or .System .Tools }}<|im_start|>system
{{ if .System }}{{ .System }}{{ else }}You are a careful assistant.{{ end }}
{{- if .Tools }}

You have these functions:
<tools>
{{- range .Tools }}
{{ .Function.Name }}: {{ .Function.Description }} Arguments: {{ .Function.Parameters }}
{{- end }}
</tools>
When a function helps, answer with nothing but its call, between the tags <tool_call> and </tool_call>, without backticks:
<tool_call>
{"name": "NAME", "arguments": {"KEY": VALUE}}
</tool_call>
{{- end }}<|im_end|>
{{ end }}
{{- range .Messages }}
{{- if eq .Role "user" }}<|im_start|>user
{{ .Content }}<|im_end|>
{{ else if eq .Role "assistant" }}<|im_start|>assistant
{{ .Content }}
{{- range .ToolCalls }}<tool_call>
{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}
</tool_call>
{{- end }}<|im_end|>
{{ else if eq .Role "tool" }}<|im_start|>user
<tool_response>
{{ .Content }}
</tool_response>
Answer me in one sentence with this result.<|im_end|>
{{ end }}
{{- end }}<|im_start|>assistant
`;

/**
 * A real server with every model of `clientModels` in a store of its own. The first of a run makes them as a user
 * would; the others begin with what it made.
 */
export async function startClientServer(dir: string, extra: NodeJS.ProcessEnv = {}): Promise<RunningServer> {
  const own = extra["OLLAMA_MODELS"] ?? join(dir, "models");
  const folder = process.env["PUNA_TEST_CLIENT_MODELS"];
  const shared = folder === undefined ? undefined : join(folder, "models");
  const isMade = shared !== undefined && existsSync(shared);
  if (isMade) linkStore(shared, own);
  const server = await startServer(dir, extra);
  if (isMade) return server;
  await createModels(dir, server);
  if (shared !== undefined) {
    const incoming = `${shared}.${process.pid}`;
    linkStore(own, incoming);
    // Nothing half-made ever has the final name.
    renameSync(incoming, shared);
  }
  return server;
}

/** Gives a store's models to another: by links, since the bytes of a blob never change. */
function linkStore(from: string, to: string): void {
  mkdirSync(join(to, "blobs"), { recursive: true });
  for (const name of readdirSync(join(from, "blobs")))
    linkSync(join(from, "blobs", name), join(to, "blobs", name));
  cpSync(join(from, "manifests"), join(to, "manifests"), { recursive: true });
}

async function createModels(dir: string, server: RunningServer): Promise<void> {
  const create = async (model: string, modelfile: string) => {
    const file = join(dir, "Modelfile");
    writeFileSync(file, modelfile);
    const { code, stderr } = await puna(["create", model, "-f", file], server.env);
    if (code !== 0) throw new Error(`${model} could not be created: ${stderr}`);
  };
  await create(
    clientModels.chat,
    `FROM ${qwenPath}\nTEMPLATE """${toolTemplate}"""\nPARAMETER num_ctx 4096\nPARAMETER temperature 0\nPARAMETER stop <|im_end|>\n`,
  );
  await create(
    clientModels.base,
    `FROM ${gemmaPath}\nPARAMETER num_ctx 1024\nPARAMETER num_predict 12\nPARAMETER temperature 0\n`,
  );
  await create(clientModels.embed, `FROM ${miniLmPath}\n`);
  const ranker = join(dir, "rank.gguf");
  writeFileSync(ranker, tinyBert({ pooling: "rank" }));
  await create(clientModels.rank, `FROM ${ranker}\n`);
}

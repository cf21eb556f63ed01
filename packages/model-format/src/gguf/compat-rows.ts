import { GgufArray } from "./array.ts";
import { decodeCharsmap } from "./decode-charsmap.ts";
import type { GgufEntry, GgufMetadata } from "./metadata.ts";
import type { GgufTensor } from "./tensors.ts";
import type { GgufWriteEntry } from "./write-gguf.ts";

/** A file as the rows look at it. */
interface CompatibilityFile {
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** What a row found: keys to change, or why keys alone do not help. */
type CompatibilityFinding =
  | { readonly overrides: readonly GgufWriteEntry[]; readonly obstacle?: undefined }
  | { readonly obstacle: string };

export interface CompatibilityRow {
  readonly name: string;
  readonly architecture: string;
  /** Further architectures with the same deviation. */
  readonly also?: readonly string[];
  /** Undefined: the file does not deviate in this way. */
  inspect(
    file: CompatibilityFile,
  ): Promise<CompatibilityFinding | undefined> | CompatibilityFinding | undefined;
}

const eotToken = 128_009;
const endOfTextToken = 128_001;
const headerToken = 128_006;
const mediaPrefixes = ["v.", "mm.", "a.", "s.", "model.vision_tower."] as const;

/** One row for every published deviation; the first that finds something decides. */
export const compatibilityRows: readonly CompatibilityRow[] = [
  { name: "llama3-tokenizer", architecture: "llama", inspect: inspectLlama3 },
  {
    name: "gptoss",
    architecture: "gptoss",
    inspect: (file) =>
      refuseTensors(
        file,
        [/\.attn_out\./, /\.attn_sinks$/, /\.ffn_norm\./],
        "attention and norm tensors are named otherwise",
      ) ?? {
        overrides: [
          ...renameArchitecture(file.metadata, "gpt-oss"),
          ...fromTensor(file, "gpt-oss.expert_feed_forward_length", "blk.0.ffn_gate_exps.weight"),
          text("gpt-oss.rope.scaling.type", "yarn"),
          text("tokenizer.ggml.pre", "gpt-4o"),
        ],
      },
  },
  {
    name: "embeddinggemma",
    architecture: "gemma3",
    inspect: (file) => refuseTensors(file, [/^dense\.0\./], "its dense and norm tensors are named otherwise"),
  },
  { name: "gemma3", architecture: "gemma3", inspect: inspectGemma3 },
  { name: "snowflake-arctic-embed2", architecture: "bert", inspect: inspectSnowflake },
  { name: "gemma3n", architecture: "gemma3n", inspect: inspectGemma3n },
  {
    name: "gemma4",
    architecture: "gemma4",
    inspect: (file) =>
      refuseMedia(file) ??
      (file.metadata.string("tokenizer.ggml.model") === "llama"
        ? { overrides: [text("tokenizer.ggml.model", "gemma4")] }
        : undefined),
  },
  {
    name: "lfm2",
    architecture: "lfm2",
    inspect: (file) =>
      file.tensors.has("output_norm.weight") && !file.tensors.has("token_embd_norm.weight")
        ? { obstacle: "its output norm is named otherwise" }
        : undefined,
  },
  {
    name: "olmo3",
    architecture: "olmo3",
    inspect: async ({ metadata }) => ({
      overrides: [...renameArchitecture(metadata, "olmo2"), ...(await copyArrays(metadata, "olmo2"))],
    }),
  },
  { name: "mistral3", architecture: "mistral3", inspect: inspectMistral3 },
  { name: "qwen25vl", architecture: "qwen25vl", inspect: inspectQwen25vl },
  { name: "qwen3vl", architecture: "qwen3vl", also: ["qwen3vlmoe"], inspect: inspectQwen3vl },
  {
    name: "qwen35",
    architecture: "qwen35",
    also: ["qwen35moe"],
    inspect: (file) =>
      refuseMedia(file) ??
      refuseTensors(file, [/^mtp\./, /\.ssm_dt$/], "its prediction and state tensors are named otherwise"),
  },
  {
    name: "qwen3next",
    architecture: "qwen3next",
    inspect: (file) => refuseTensors(file, [/\.ssm_dt$/], "its state tensors are named otherwise"),
  },
  {
    name: "glm4moelite",
    architecture: "glm4moelite",
    inspect: async ({ metadata }) => ({
      overrides: [...(await copyArrays(metadata, "deepseek2")), ...glm4moelite(metadata)],
    }),
  },
  {
    name: "glmocr",
    architecture: "glmocr",
    inspect: () => ({ obstacle: "its feed-forward tensors would have to be joined" }),
  },
  {
    name: "deepseekocr",
    architecture: "deepseekocr",
    inspect: () => ({ obstacle: "its vision tensors would have to leave the file" }),
  },
  { name: "llama4", architecture: "llama4", inspect: (file) => refuseMedia(file) },
  {
    name: "laguna",
    architecture: "laguna",
    inspect: (file) => refuseTensors(file, [/\.attn_g\.weight$/], "its attention gates are named otherwise"),
  },
  {
    name: "nemotron_h",
    architecture: "nemotron_h_moe",
    also: ["nemotron_h_omni"],
    inspect: (file) =>
      refuseMedia(file) ??
      refuseTensors(
        file,
        [/\.ffn_latent_(in|out)/, /^mtp\./],
        "its feed-forward tensors are named otherwise",
      ),
  },
];

async function inspectLlama3({ metadata }: CompatibilityFile): Promise<CompatibilityFinding | undefined> {
  const tokens = metadata.array("tokenizer.ggml.tokens");
  if (tokens === undefined || (await tokens.stringAt(eotToken)) !== "<|eot_id|>") return undefined;
  const template = metadata.string("tokenizer.chat_template") ?? "";
  const chats =
    (await tokens.stringAt(headerToken)) === "<|start_header_id|>" ||
    template.includes("<|start_header_id|>") ||
    template.includes("<|eot_id|>");
  const lacksPre = isDefaultPre(metadata);
  const eos = metadata.number("tokenizer.ggml.eos_token_id");
  if (!chats || (!lacksPre && eos !== endOfTextToken)) return undefined;
  const eot = metadata.number("tokenizer.ggml.eot_token_id");
  return {
    overrides: [
      ...(lacksPre ? [text("tokenizer.ggml.pre", "llama-bpe")] : []),
      ...(eos === undefined || eos === endOfTextToken ? [u32("tokenizer.ggml.eos_token_id", eotToken)] : []),
      ...(eot === undefined || eot === endOfTextToken ? [u32("tokenizer.ggml.eot_token_id", eotToken)] : []),
    ],
  };
}

function inspectGemma3(file: CompatibilityFile): CompatibilityFinding | undefined {
  const { metadata, tensors } = file;
  const rows = tensors.get("token_embd.weight")?.shape[1];
  const tokens = metadata.array("tokenizer.ggml.tokens")?.length;
  if (rows !== undefined && tokens !== undefined && rows < tokens) {
    return { obstacle: `its vocabulary has ${tokens} tokens for ${rows} rows of weights` };
  }
  const media = refuseMedia(file);
  if (media !== undefined) return media;
  const isLong = (metadata.number("gemma3.context_length") ?? 0) >= 131_072;
  const needsCare =
    metadata.has("gemma3.rope.global.freq_base") ||
    metadata.has("gemma3.rope.local.freq_base") ||
    !metadata.has("gemma3.attention.layer_norm_rms_epsilon");
  if (!needsCare) return undefined;
  const missing = (entry: GgufWriteEntry) => (metadata.has(entry.key) ? [] : [entry]);
  return {
    overrides: [
      ...missing(f32("gemma3.attention.layer_norm_rms_epsilon", 1e-6)),
      ...missing(f32("gemma3.rope.freq_base", metadata.number("gemma3.rope.global.freq_base") ?? 1_000_000)),
      ...missing(f32("gemma3.rope.freq_base_swa", metadata.number("gemma3.rope.local.freq_base") ?? 10_000)),
      ...(isLong ? missing(text("gemma3.rope.scaling.type", "linear")) : []),
      ...(isLong ? missing(f32("gemma3.rope.scaling.factor", 8)) : []),
    ],
  };
}

async function inspectSnowflake({ metadata }: CompatibilityFile): Promise<CompatibilityFinding | undefined> {
  const key = "tokenizer.ggml.precompiled_charsmap";
  if (metadata.string("tokenizer.ggml.model") !== "t5") return undefined;
  const encoded = metadata.array(key);
  if (encoded === undefined || encoded.elementType !== "string") return undefined;
  const value = decodeCharsmap(await encoded.toArray());
  if (value === undefined) return { obstacle: "its table of character replacements cannot be decoded" };
  return { overrides: [{ key, type: "array", elementType: "uint8", value }] };
}

function inspectGemma3n({ tensors }: CompatibilityFile): CompatibilityFinding | undefined {
  const rows = tensors.get("token_embd.weight")?.shape[1];
  const perLayer = tensors.get("per_layer_token_embd.weight")?.shape[1];
  if (rows === undefined || perLayer === undefined || rows === perLayer) return undefined;
  return { obstacle: `its vocabulary of ${rows} would have to shrink to the ${perLayer} of its layers` };
}

function inspectMistral3(file: CompatibilityFile): CompatibilityFinding | undefined {
  const { metadata } = file;
  const copies = [
    ["mistral3.rope.scaling.beta_fast", "mistral3.rope.scaling.yarn_beta_fast"],
    ["mistral3.rope.scaling.beta_slow", "mistral3.rope.scaling.yarn_beta_slow"],
    ["mistral3.rope.scaling.mscale_all_dim", "mistral3.rope.scaling.yarn_log_multiplier"],
    ["mistral3.rope.scaling_beta", "mistral3.attention.temperature_scale"],
  ] as const;
  const media = refuseMedia(file);
  if (media !== undefined) return media;
  const moved = copies.flatMap(([from, to]) => copyScalar(metadata.entry(from), to));
  if (moved.length === 0) return undefined;
  return { overrides: [...moved, ...(isDefaultPre(metadata) ? [text("tokenizer.ggml.pre", "tekken")] : [])] };
}

async function inspectQwen25vl(file: CompatibilityFile): Promise<CompatibilityFinding> {
  const media = refuseMedia(file);
  if (media !== undefined) return media;
  const sections = file.metadata.array("qwen25vl.rope.mrope_section")?.values?.slice(0, 3) ?? [];
  return {
    overrides: [
      ...renameArchitecture(file.metadata, "qwen2vl"),
      ...(await copyArrays(file.metadata, "qwen2vl")),
      ...(sections.length === 3
        ? [i32s("qwen2vl.rope.dimension_sections", [...sections.map(Number), 0])]
        : []),
    ],
  };
}

function inspectQwen3vl(file: CompatibilityFile): CompatibilityFinding | undefined {
  const { metadata } = file;
  const { architecture } = metadata;
  if (metadata.has(`${architecture}.rope.dimension_sections`)) return undefined;
  const layers = metadata.array(`${architecture}.vision.deepstack_visual_indexes`)?.length ?? 0;
  const key = `${architecture}.n_deepstack_layers`;
  return (
    refuseMedia(file) ?? {
      overrides: [
        i32s(`${architecture}.rope.dimension_sections`, [24, 20, 20, 0]),
        ...(metadata.has(key) ? [] : [u32(key, layers)]),
      ],
    }
  );
}

// Latent attention as DeepSeek's loader counts it: one shared head whose key is the latent plus the rotated part.
function glm4moelite(metadata: GgufMetadata): readonly GgufWriteEntry[] {
  const latent = metadata.number("glm4moelite.attention.kv_lora_rank");
  const rotated = metadata.number("glm4moelite.rope.dimension_count");
  const head = metadata.number("glm4moelite.attention.key_length");
  const stops = (metadata.array("tokenizer.ggml.eos_token_ids")?.values ?? []).map(Number);
  const changed: GgufWriteEntry[] = [u32("deepseek2.attention.head_count_kv", 1)];
  if (latent !== undefined && rotated !== undefined) {
    changed.push(
      u32("deepseek2.attention.key_length", latent + rotated),
      u32("deepseek2.attention.value_length", latent),
    );
  }
  if (head !== undefined) {
    changed.push(
      u32("deepseek2.attention.key_length_mla", head),
      u32("deepseek2.attention.value_length_mla", head),
    );
  }
  for (const name of ["expert_group_count", "expert_group_used_count"]) {
    if (!metadata.has(`glm4moelite.${name}`)) changed.push(u32(`deepseek2.${name}`, 1));
  }
  for (const [index, key] of ["tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"].entries()) {
    const stop = stops[index + 1];
    if (stop !== undefined && !metadata.has(key)) changed.push(u32(key, stop));
  }
  changed.push(text("tokenizer.ggml.pre", "glm4"));
  const keys = new Set(changed.map(({ key }) => key));
  return [...renameArchitecture(metadata, "deepseek2").filter(({ key }) => !keys.has(key)), ...changed];
}

/** The new name, and every plain value of the old name's keys under it. */
function renameArchitecture(metadata: GgufMetadata, name: string): readonly GgufWriteEntry[] {
  const prefix = `${metadata.architecture}.`;
  const copies = [...metadata]
    .filter(({ key }) => key.startsWith(prefix) && !/^(vision|audio)\./.test(key.slice(prefix.length)))
    .flatMap((entry) => copyScalar(entry, `${name}.${entry.key.slice(prefix.length)}`));
  return [text("general.architecture", name), ...copies];
}

async function copyArrays(metadata: GgufMetadata, name: string): Promise<readonly GgufWriteEntry[]> {
  const prefix = `${metadata.architecture}.`;
  const copies: GgufWriteEntry[] = [];
  for (const { key, value } of metadata) {
    const suffix = key.slice(prefix.length);
    if (!key.startsWith(prefix) || /^(vision|audio)\./.test(suffix) || !(value instanceof GgufArray))
      continue;
    const { elementType, length } = value;
    copies.push({
      key: `${name}.${suffix}`,
      type: "array",
      elementType,
      encoded: await value.toBytes(),
      length,
    });
  }
  return copies;
}

function copyScalar(entry: GgufEntry | undefined, key: string): readonly GgufWriteEntry[] {
  if (entry === undefined) return [];
  const { type, value } = entry;
  if (typeof value === "string") return [{ key, type: "string", value }];
  if (typeof value === "boolean") return [{ key, type: "bool", value }];
  if (type === "string" || type === "bool" || type === "array" || value instanceof GgufArray) return [];
  return [{ key, type, value }];
}

function fromTensor(
  { metadata, tensors }: CompatibilityFile,
  key: string,
  tensor: string,
): readonly GgufWriteEntry[] {
  const length = tensors.get(tensor)?.shape[1];
  return length === undefined || metadata.has(key) ? [] : [u32(key, length)];
}

function refuseMedia(file: CompatibilityFile): CompatibilityFinding | undefined {
  const isMedia = ({ name }: GgufTensor) => mediaPrefixes.some((prefix) => name.startsWith(prefix));
  if (!file.tensors.values().some(isMedia)) return undefined;
  return { obstacle: "its vision or audio tensors would have to leave the file" };
}

function refuseTensors(
  file: CompatibilityFile,
  names: readonly RegExp[],
  obstacle: string,
): CompatibilityFinding | undefined {
  return file.tensors.keys().some((name) => names.some((pattern) => pattern.test(name)))
    ? { obstacle }
    : undefined;
}

function isDefaultPre(metadata: GgufMetadata): boolean {
  return ["", "default"].includes(metadata.string("tokenizer.ggml.pre") ?? "");
}

function text(key: string, value: string): GgufWriteEntry {
  return { key, type: "string", value };
}

function u32(key: string, value: number): GgufWriteEntry {
  return { key, type: "uint32", value };
}

function f32(key: string, value: number): GgufWriteEntry {
  return { key, type: "float32", value };
}

function i32s(key: string, value: readonly number[]): GgufWriteEntry {
  return { key, type: "array", elementType: "int32", value };
}

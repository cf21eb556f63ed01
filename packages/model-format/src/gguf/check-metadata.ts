import { maxBlocks } from "./limits.ts";
import type { GgufEntry, GgufMetadata } from "./metadata.ts";
import { refuse } from "./refuse.ts";
import { isIntegerType } from "./value-types.ts";

const textKeys = [
  "general.architecture",
  "general.type",
  "general.name",
  "tokenizer.ggml.model",
  "tokenizer.ggml.pre",
  "tokenizer.chat_template",
] as const;

// Settings that somebody divides by, or allocates by, when a model is loaded (CVE-2024-8063 and its kin).
const positiveSettings = ["block_count", "context_length", "embedding_length"] as const;
// Added to what is divided by; llama.cpp asserts in every decode that they are not negative.
const epsilonSettings = [
  "attention.layer_norm_epsilon",
  "attention.layer_norm_rms_epsilon",
  "attention.group_norm_epsilon",
] as const;
const headSettings = ["attention.head_count", "attention.head_count_kv"] as const;

/**
 * Holds well-known keys to the types and ranges that native loaders take for granted without looking:
 * zero divisors, layer counts past a fixed table, token lists of unequal length.
 * @throws GgufError rule `value-type`, `value-range` or `hyperparameter`
 */
export function checkMetadata(metadata: GgufMetadata): void {
  for (const key of textKeys) metadata.string(key);
  requireInteger(metadata.entry("general.file_type"));
  checkHyperparameters(metadata);
  checkTokenizer(metadata);
}

function checkHyperparameters(metadata: GgufMetadata): void {
  for (const suffix of positiveSettings) requirePositive(metadata.architectureEntry(suffix));
  for (const suffix of epsilonSettings) {
    const entry = metadata.architectureEntry(suffix);
    const value = metadata.number(`${metadata.architecture}.${suffix}`) ?? 0;
    if (entry !== undefined && !(value >= 0 && Number.isFinite(value)))
      refuse("hyperparameter", entry.offset, `${entry.key} is ${value}, and must be 0 or more`);
  }
  const blocks = metadata.architectureEntry("block_count");
  if (blocks !== undefined && Number(blocks.value) > maxBlocks) {
    refuse(
      "hyperparameter",
      blocks.offset,
      `${blocks.key} is ${String(blocks.value)}; at most ${maxBlocks} are possible`,
    );
  }
  // Recurrent models have no heads and say 0.
  const isRecurrent = ["ssm.conv_kernel", "ssm.state_size", "wkv.head_size"].some(
    (suffix) => metadata.architectureEntry(suffix) !== undefined,
  );
  for (const suffix of headSettings) {
    const entry = metadata.architectureEntry(suffix);
    if (entry === undefined || entry.type === "array") continue;
    if (isRecurrent) requireInteger(entry);
    else requirePositive(entry);
  }
  checkExperts(metadata);
}

// The conditions that llama.cpp asserts, which is to say dies of, while it reads a mixture model's settings.
function checkExperts(metadata: GgufMetadata): void {
  const experts = positiveOrZero(metadata, "expert_count");
  const used = metadata.architectureEntry("expert_used_count");
  if (used !== undefined && used.type !== "array") {
    requireInteger(used);
    if (Number(used.value) > experts || (experts > 0 && Number(used.value) === 0)) {
      refuse("hyperparameter", used.offset, `${used.key} is ${String(used.value)} of ${experts} experts`);
    }
  }
  const groups = positiveOrZero(metadata, "expert_group_count");
  if (groups > 1 && experts % groups !== 0) {
    const offset = metadata.architectureEntry("expert_group_count")?.offset ?? 0;
    refuse("hyperparameter", offset, `${experts} experts do not divide into ${groups} groups`);
  }
}

function positiveOrZero(metadata: GgufMetadata, suffix: string): number {
  const entry = metadata.architectureEntry(suffix);
  requireInteger(entry);
  return Number(entry?.value ?? 0);
}

function checkTokenizer(metadata: GgufMetadata): void {
  const tokens = metadata.array("tokenizer.ggml.tokens");
  if (tokens === undefined) return;
  if (tokens.elementType !== "string") {
    refuse(
      "value-type",
      tokens.offset,
      `tokenizer.ggml.tokens is a list of ${tokens.elementType}, not of strings`,
    );
  }
  // Read by token number, as far as the token list goes, without a look at their own length.
  for (const [key, types] of [
    ["tokenizer.ggml.scores", ["float32", "int32"]],
    ["tokenizer.ggml.token_type", ["int32"]],
  ] as const) {
    const list = metadata.array(key);
    if (list === undefined) continue;
    if (!types.some((type) => type === list.elementType)) {
      refuse("value-type", list.offset, `${key} is a list of ${list.elementType}, not of ${types[0]}`);
    }
    if (list.length < tokens.length) {
      refuse("hyperparameter", list.offset, `${key} has ${list.length} elements for ${tokens.length} tokens`);
    }
  }
}

function requireInteger(entry: GgufEntry | undefined): void {
  if (entry === undefined) return;
  if (!isIntegerType(entry.type))
    refuse("value-type", entry.offset, `${entry.key} is of type ${entry.type}, not an integer`);
  if (Number(entry.value) < 0 || Number(entry.value) > 0xffff_ffff) {
    refuse("value-range", entry.offset, `${entry.key} is ${String(entry.value)}`);
  }
}

function requirePositive(entry: GgufEntry | undefined): void {
  requireInteger(entry);
  if (entry !== undefined && Number(entry.value) === 0) {
    refuse("hyperparameter", entry.offset, `${entry.key} is 0, and others are divided by it`);
  }
}

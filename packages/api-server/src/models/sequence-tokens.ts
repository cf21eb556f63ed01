import type { Gguf } from "@puna/model-format/gguf";

/** How a model's tokenizer marks where a text begins and ends; "" where it has no such token. */
export interface SequenceTokens {
  readonly bosToken: string;
  readonly eosToken: string;
  /** The tokenizer puts the first one before every text. */
  readonly addsBos: boolean;
}

/** Where the file names no token, those that its kind of tokenizer began with. @source llama.cpp src/llama-vocab.cpp */
const defaultIds: ReadonlyMap<unknown, { readonly bos?: number; readonly eos?: number }> = new Map([
  ["llama", { bos: 1, eos: 2 }],
  ["gpt2", { bos: 11, eos: 11 }],
  ["t5", { eos: 1 }],
]);

/** BPE tokenizers that add BOS unless the file says otherwise. @source llama.cpp src/llama-vocab.cpp */
const addingBos: readonly unknown[] = [
  "llama3",
  "llama-v3",
  "llama-bpe",
  "falcon3",
  "falcon-h1",
  "pixtral",
  "midm-2.0",
  "lfm2",
  "tekken",
  "chameleon",
];

function addsBos({ metadata }: Gguf): boolean {
  const pre = metadata.entry("tokenizer.ggml.pre")?.value;
  if (pre === "gemma4") return true;
  const told = metadata.entry("tokenizer.ggml.add_bos_token")?.value;
  if (typeof told === "boolean") return told;
  return metadata.entry("tokenizer.ggml.model")?.value === "llama" || addingBos.includes(pre);
}

/** Reads the two tokens from the file. @throws GgufError */
export async function readSequenceTokens(gguf: Gguf): Promise<SequenceTokens> {
  const defaults = defaultIds.get(gguf.metadata.entry("tokenizer.ggml.model")?.value);
  const textOf = async (key: string, fallback: number | undefined) => {
    const value = gguf.metadata.entry(`tokenizer.ggml.${key}`)?.value;
    const id = typeof value === "number" ? value : fallback;
    if (id === undefined || !gguf.metadata.has("tokenizer.ggml.tokens")) return "";
    return (await gguf.metadata.array("tokenizer.ggml.tokens")?.stringAt(id)) ?? "";
  };
  const [bosToken, eosToken] = await Promise.all([
    textOf("bos_token_id", defaults?.bos),
    textOf("eos_token_id", defaults?.eos),
  ]);
  return { bosToken, eosToken, addsBos: addsBos(gguf) };
}

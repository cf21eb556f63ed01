import type { GgufWriteEntry } from "../gguf/write-gguf.ts";

/** Tokens and the keys that describe them to llama.cpp. */
export interface TinyVocabulary {
  readonly tokens: readonly string[];
  readonly entries: readonly GgufWriteEntry[];
}

// llama.cpp's numbers of token types.
const normal = 1;
const unknown = 2;
const control = 3;
const userDefined = 4;
const byte = 6;

/** SentencePiece pieces: control tokens, a token for every byte, printable ASCII and a few words. */
export function tinyByteVocabulary(): TinyVocabulary {
  const words = ["▁the", "▁a", "▁is", "▁of", "▁to", "▁and", "ing", "er", "on", "in", "▁t", "th"];
  const printable = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
  const pieces: readonly (readonly [string, number, number])[] = [
    ["<unk>", unknown, 0],
    ["<s>", control, 0],
    ["</s>", control, 0],
    ["<|im_start|>", control, 0],
    ["<|im_end|>", control, 0],
    ["<tool_call>", userDefined, 0],
    ["</tool_call>", userDefined, 0],
    ...Array.from({ length: 256 }, (_, value) => [`<0x${hex(value)}>`, byte, 0] as const),
    ...["▁", ...printable].map((piece, index) => [piece, normal, -1000 - index] as const),
    ...words.map((piece, index) => [piece, normal, -1 - index] as const),
  ];
  const tokens = pieces.map(([piece]) => piece);
  return {
    tokens,
    entries: [
      { key: "tokenizer.ggml.model", type: "string", value: "llama" },
      { key: "tokenizer.ggml.pre", type: "string", value: "default" },
      { key: "tokenizer.ggml.tokens", type: "array", elementType: "string", value: tokens },
      {
        key: "tokenizer.ggml.scores",
        type: "array",
        elementType: "float32",
        value: pieces.map(([, , score]) => score),
      },
      {
        key: "tokenizer.ggml.token_type",
        type: "array",
        elementType: "int32",
        value: pieces.map(([, type]) => type),
      },
      { key: "tokenizer.ggml.bos_token_id", type: "uint32", value: 1 },
      { key: "tokenizer.ggml.eos_token_id", type: "uint32", value: 4 },
      { key: "tokenizer.ggml.unknown_token_id", type: "uint32", value: 0 },
      { key: "tokenizer.ggml.add_bos_token", type: "bool", value: true },
      { key: "tokenizer.ggml.add_eos_token", type: "bool", value: false },
    ],
  };
}

/** WordPiece pieces: letters and digits, at the start of a word (marked ▁) and inside it, and a few words. */
export function tinyWordVocabulary(): TinyVocabulary {
  const characters = [..."abcdefghijklmnopqrstuvwxyz0123456789"];
  const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
  const tokens = [
    ...special,
    ...characters.map((character) => `▁${character}`),
    ...characters,
    ...["▁the", "▁cat", "▁dog", "▁sat", "▁hello", "▁world", "▁.", "▁,", "▁?", "▁!"],
  ];
  return {
    tokens,
    entries: [
      { key: "tokenizer.ggml.model", type: "string", value: "bert" },
      { key: "tokenizer.ggml.pre", type: "string", value: "default" },
      { key: "tokenizer.ggml.token_type_count", type: "uint32", value: 2 },
      { key: "tokenizer.ggml.tokens", type: "array", elementType: "string", value: tokens },
      {
        key: "tokenizer.ggml.token_type",
        type: "array",
        elementType: "int32",
        value: tokens.map((_, index) => (index < special.length ? control : normal)),
      },
      { key: "tokenizer.ggml.padding_token_id", type: "uint32", value: 0 },
      { key: "tokenizer.ggml.unknown_token_id", type: "uint32", value: 1 },
      { key: "tokenizer.ggml.bos_token_id", type: "uint32", value: 2 },
      { key: "tokenizer.ggml.seperator_token_id", type: "uint32", value: 3 },
      { key: "tokenizer.ggml.mask_token_id", type: "uint32", value: 4 },
    ],
  };
}

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, "0");
}

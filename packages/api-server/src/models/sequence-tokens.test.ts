import { bytesSource, type Gguf, readGguf } from "@puna/model-format/gguf";
import { type TinyLlamaOptions, tinyLlama } from "@puna/model-format/testing";
import { expect, test } from "vitest";
import { readSequenceTokens } from "./sequence-tokens.ts";

function gguf(...entries: NonNullable<TinyLlamaOptions["entries"]>): Promise<Gguf> {
  return readGguf(bytesSource(tinyLlama({ entries })));
}

const addBos = (value: boolean) => ({ key: "tokenizer.ggml.add_bos_token", type: "bool", value }) as const;
const text = (key: string, value: string) => ({ key, type: "string", value }) as const;

test("reads the texts of the tokens that the file names", async () => {
  const tokens = await readSequenceTokens(await gguf());
  expect(tokens).toEqual({ bosToken: "<s>", eosToken: "<|im_end|>", addsBos: true });
});

test("knows no text of a token past the end of the vocabulary", async () => {
  const past = { key: "tokenizer.ggml.eos_token_id", type: "uint32", value: 99_999 } as const;
  expect(await readSequenceTokens(await gguf(past))).toMatchObject({ bosToken: "<s>", eosToken: "" });
});

test("tells tokenizers that add the first token by the file's word, except Gemma 4's, which always do", async () => {
  const pre = (value: string) => text("tokenizer.ggml.pre", value);
  expect(await readSequenceTokens(await gguf(addBos(false)))).toMatchObject({ addsBos: false });
  expect(await readSequenceTokens(await gguf(addBos(false), pre("llama-bpe")))).toMatchObject({
    addsBos: false,
  });
  expect(await readSequenceTokens(await gguf(addBos(false), pre("gemma4")))).toMatchObject({ addsBos: true });
});

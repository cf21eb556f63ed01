import { expect, test } from "vitest";
import { tinyBert, tinyLlama, tinyLora } from "../testing/tiny-models.ts";
import { bytesSource } from "./bytes-source.ts";
import { editGgufHeader } from "./edit-header.ts";
import { fileTypeCode, fileTypeName, quantizationLevel } from "./file-types.ts";
import { readGguf } from "./header.ts";
import { kindOf } from "./kind.ts";
import { kvCacheBytesPerToken, modelDimensions } from "./model-dimensions.ts";
import { modelInfo } from "./model-info.ts";
import { shortestFloat32 } from "./shortest-float32.ts";
import { joinSplitParts, parseSplitFileName } from "./split.ts";
import { findInvalidUtf8 } from "./utf8.ts";
import { encodeGguf, type GgufWriteEntry } from "./write-gguf.ts";

const string = (key: string, value: string): GgufWriteEntry => ({ key, type: "string", value });
const u32 = (key: string, value: number): GgufWriteEntry => ({ key, type: "uint32", value });
const read = (...entries: readonly GgufWriteEntry[]) =>
  readGguf(bytesSource(encodeGguf({ entries, tensors: [] })));

test.each([
  ["a plain model", "model", [string("general.architecture", "llama"), u32("llama.block_count", 2)]],
  [
    "a model that can see",
    "model",
    [
      string("general.architecture", "gemma3"),
      u32("gemma3.block_count", 2),
      u32("gemma3.vision.block_count", 2),
    ],
  ],
  ["a LoRA", "adapter", [string("general.type", "adapter")]],
  ["a projector by type", "projector", [string("general.type", "mmproj")]],
  [
    "a projector by its blocks",
    "projector",
    [string("general.architecture", "m"), u32("m.vision.block_count", 2)],
  ],
  [
    "a CLIP file",
    "projector",
    [string("general.architecture", "clip"), { key: "clip.has_vision_encoder", type: "bool", value: true }],
  ],
  ["a CLIP file without an encoder", "model", [string("general.architecture", "clip")]],
] satisfies [string, string, GgufWriteEntry[]][])("%s is of kind %s", async (_, kind, entries) => {
  expect(kindOf((await read(...entries)).metadata)).toBe(kind);
});

test("the tiny models are what they claim to be", async () => {
  const llama = await readGguf(bytesSource(tinyLlama()));
  const bert = await readGguf(bytesSource(tinyBert()));
  const lora = await readGguf(bytesSource(tinyLora()));
  expect([llama, bert, lora].map(({ metadata }) => kindOf(metadata))).toEqual(["model", "model", "adapter"]);
  expect(modelDimensions(bert.metadata).poolingType).toBe(1);
});

test("the same seed makes the same model, another seed another", () => {
  expect(Buffer.from(tinyLlama()).equals(tinyLlama())).toBe(true);
  expect(Buffer.from(tinyLlama()).equals(tinyLlama({ seed: 7 }))).toBe(false);
});

test("a model's cache takes heads × (key + value) × 2 bytes a token and block", async () => {
  const { metadata } = await readGguf(bytesSource(tinyLlama()));
  const dimensions = modelDimensions(metadata);
  expect(dimensions).toMatchObject({ contextTokens: 512, blockCount: 2, keyLength: 16, valueLength: 16 });
  expect(kvCacheBytesPerToken(dimensions)).toBe(2 * 2 * (16 + 16) * 2);
  expect(kvCacheBytesPerToken(dimensions, { keyType: "q8_0", valueType: "q8_0" })).toBe(
    (2 * 2 * 32 * 34) / 32,
  );
});

test("blocks without key-value heads keep nothing", async () => {
  const heads: GgufWriteEntry = {
    key: "h.attention.head_count_kv",
    type: "array",
    elementType: "int32",
    value: [0, 2, 0, 2],
  };
  const common = [
    string("general.architecture", "h"),
    u32("h.block_count", 4),
    u32("h.attention.head_count", 4),
    u32("h.embedding_length", 32),
  ];
  const perLayer = modelDimensions((await read(...common, heads)).metadata);
  const interval = modelDimensions(
    (await read(...common, u32("h.attention.head_count_kv", 2), u32("h.full_attention_interval", 2)))
      .metadata,
  );
  expect(perLayer.keyValueHeadCounts).toEqual([0, 2, 0, 2]);
  expect(interval.keyValueHeadCounts).toEqual([0, 2, 0, 2]);
  expect(kvCacheBytesPerToken(perLayer)).toBe(2 * 2 * (8 + 8) * 2);
});

test("a model without heads has a cache of nothing, not of NaN", async () => {
  const { metadata } = await read(
    string("general.architecture", "m"),
    u32("m.block_count", 2),
    u32("m.embedding_length", 8),
  );
  expect(kvCacheBytesPerToken(modelDimensions(metadata))).toBe(0);
});

test("model info hides arrays unless asked, counts parameters and prints floats short", async () => {
  const gguf = await read(
    string("general.architecture", "llama"),
    string("general.name", "hidden"),
    { key: "llama.eps", type: "float32", value: 1e-5 },
    { key: "empty", type: "array", elementType: "string", value: [] },
    { key: "list", type: "array", elementType: "float32", value: [0.1, -1000, 3] },
    { key: "wide", type: "uint64", value: 2n ** 60n },
  );
  expect(await modelInfo(gguf)).toEqual({
    empty: [],
    "general.architecture": "llama",
    "general.parameter_count": 0,
    list: null,
    "llama.eps": 0.000_01,
    wide: 2 ** 60,
  });
  expect((await modelInfo(gguf, { verbose: true }))["list"]).toEqual([0.1, -1000, 3]);
});

test.each([0.1, 1e-5, 1e-6, 2.718_18, 16_777_216, 1.175_494_4e-38, 0.015_625])(
  "%d survives 32 bits in print",
  (value) => {
    expect(shortestFloat32(Math.fround(value))).toBe(value);
  },
);

test("file types have names and numbers", () => {
  expect([15, 7, 24, 999].map(fileTypeName)).toEqual(["Q4_K_M", "Q8_0", "IQ1_S", undefined]);
  expect(["q4_k", "Q8_0", "mxfp4", "Q9"].map(fileTypeCode)).toEqual([15, 7, 38, undefined]);
});

test.each([
  [0, "unknown"],
  [1, "F16"],
  [15, "Q4_K_M"],
  [500, "unknown"],
])("file type %i shows as %s", async (code, name) => {
  expect(quantizationLevel((await read(u32("general.file_type", code))).metadata)).toBe(name);
});

test("an edited header changes what was asked and leaves the tensors readable", async () => {
  const bytes = tinyLlama();
  const gguf = await readGguf(bytesSource(bytes));
  const header = await editGgufHeader(gguf, {
    set: [
      string("tokenizer.chat_template", "{{ messages }}".repeat(500)),
      u32("llama.context_length", 99),
      u32("new.key", 1),
    ],
    remove: ["general.name"],
  });
  const edited = await readGguf(bytesSource(Buffer.concat([header, bytes.subarray(gguf.dataOffset)])));
  expect(edited.tensors).toEqual(gguf.tensors);
  expect(edited.metadata.has("general.name")).toBe(false);
  expect(edited.metadata.number("llama.context_length")).toBe(99);
  expect(await edited.metadata.array("tokenizer.ggml.tokens")?.toArray()).toEqual(
    await gguf.metadata.array("tokenizer.ggml.tokens")?.toArray(),
  );
  expect(edited.dataOffset).toBe(header.length);
  expect([...edited.metadata].map(({ key }) => key).at(-1)).toBe("new.key");
});

test("an edit that would move the tensors is refused", async () => {
  const gguf = await readGguf(bytesSource(tinyLlama()));
  await expect(editGgufHeader(gguf, { set: [u32("general.alignment", 64)] })).rejects.toThrow(/alignment/);
});

test.each([
  [{ key: "k", type: "uint8", value: 256 }, /256/],
  [{ key: "k", type: "int32", value: 1.5 }, /1.5/],
] satisfies [GgufWriteEntry, RegExp][])(
  "a value that its type cannot hold is not written",
  (entry, message) => {
    expect(() => encodeGguf({ entries: [entry], tensors: [] })).toThrow(message);
  },
);

function part(index: number, count: number, tensorCount: number, names: readonly string[]) {
  const entries: GgufWriteEntry[] = [
    { key: "split.no", type: "uint16", value: index },
    { key: "split.count", type: "uint16", value: count },
    { key: "split.tensors.count", type: "int32", value: tensorCount },
  ];
  const tensors = names.map((name) => ({ name, type: "F32", shape: [1], data: new Uint8Array(4) }));
  return readGguf(bytesSource(encodeGguf({ entries, tensors })));
}

test("parts of a split model join in order", async () => {
  const joined = joinSplitParts([await part(0, 2, 3, ["a", "b"]), await part(1, 2, 3, ["c"])]);
  expect(joined.map(({ part: at, tensor }) => `${at}${tensor.name}`)).toEqual(["0a", "0b", "1c"]);
});

test("a wrong, missing or doubled part is refused", async () => {
  const first = await part(0, 2, 2, ["a"]);
  const second = await part(1, 2, 2, ["b"]);
  expect(() => joinSplitParts([second, first])).toThrow(/is part 2/);
  expect(() => joinSplitParts([first])).toThrow(/set of 1/);
  expect(() => joinSplitParts([first, first])).toThrow(/part 1/);
  await expect(part(1, 2, 2, ["a"]).then((twin) => joinSplitParts([first, twin]))).rejects.toThrow(
    /two parts/,
  );
  await expect(part(0, 2, 5, ["a"]).then((odd) => joinSplitParts([odd, second]))).rejects.toThrow(/set of 2/);
});

test("split file names give their place", () => {
  expect(parseSplitFileName("m-q4-00002-of-00003.gguf")).toEqual({ prefix: "m-q4", index: 1, count: 3 });
  expect(parseSplitFileName("m-00004-of-00003.gguf")).toBeUndefined();
  expect(parseSplitFileName("m.gguf")).toBeUndefined();
});

test("the UTF-8 check agrees with the platform's decoder", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const isValid = (bytes: Uint8Array): boolean => {
    try {
      decoder.decode(bytes);
      return true;
    } catch {
      return false;
    }
  };
  // Every lead byte with every second byte, and tails of every kind.
  for (let lead = 0; lead < 256; lead += 1) {
    for (let second = 0; second < 256; second += 1) {
      for (const tail of [[], [0x80], [0x80, 0x80], [0x41], [0x80, 0x41]]) {
        const bytes = new Uint8Array([lead, second, ...tail]);
        if ((findInvalidUtf8(bytes, 0, bytes.length) === -1) !== isValid(bytes)) {
          expect.unreachable(`disagrees on ${[...bytes].join(" ")}`);
        }
      }
    }
  }
});

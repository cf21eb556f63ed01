import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GgufError } from "../errors.ts";
import { tinyBert, tinyLlama } from "../testing/tiny-models.ts";
import { bytesSource } from "./bytes-source.ts";
import { readGguf } from "./header.ts";
import { encodeGguf, type GgufWriteEntry, type GgufWriteTensor } from "./write-gguf.ts";

const vector: GgufWriteTensor = { name: "t", type: "F32", shape: [8], data: new Uint8Array(32) };

function file(entries: readonly GgufWriteEntry[], tensors: readonly GgufWriteTensor[] = []): Uint8Array {
  return encodeGguf({ entries, tensors });
}

async function rejection(bytes: Uint8Array): Promise<Readonly<Record<string, unknown>> & { code: string }> {
  const error: unknown = await readGguf(bytesSource(bytes)).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!GgufError.is(error)) throw new Error(`expected a GgufError, got ${String(error)}`);
  return { ...error.details, code: error.code };
}

/** Finds the bytes of a text in a file and overwrites bytes at a distance from its end. */
function patchAfter(bytes: Uint8Array, text: string, distance: number, patch: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  const at = Buffer.from(copy).indexOf(text) + text.length + distance;
  copy.set(patch, at);
  return copy;
}

const u32 = (key: string, value: number): GgufWriteEntry => ({ key, type: "uint32", value });
const string = (key: string, value: string): GgufWriteEntry => ({ key, type: "string", value });
const llama = string("general.architecture", "llama");

describe("what a sound file says", () => {
  test.each([
    [1, "little"],
    [2, "little"],
    [3, "little"],
    [1, "big"],
    [2, "big"],
    [3, "big"],
  ] as const)("version %i, %s-endian, reads as it was written", async (version, byteOrder) => {
    const entries: GgufWriteEntry[] = [
      string("general.architecture", "llämä"),
      { key: "u8", type: "uint8", value: 255 },
      { key: "i8", type: "int8", value: -128 },
      { key: "u16", type: "uint16", value: 65_535 },
      { key: "i16", type: "int16", value: -2 },
      { key: "u32", type: "uint32", value: 4_000_000_000 },
      { key: "i32", type: "int32", value: -5 },
      { key: "f32", type: "float32", value: 0.5 },
      { key: "f64", type: "float64", value: 0.1 },
      { key: "u64", type: "uint64", value: 2n ** 63n },
      { key: "i64", type: "int64", value: -7 },
      { key: "yes", type: "bool", value: true },
      { key: "words", type: "array", elementType: "string", value: ["a", "", "ü"] },
      { key: "bits", type: "array", elementType: "bool", value: [true, false] },
      { key: "layers", type: "array", elementType: "int32", value: [1, -2, 3] },
      { key: "big", type: "array", elementType: "uint64", value: [1n, 2n ** 60n] },
    ];
    const tensors: GgufWriteTensor[] = [
      { name: "a", type: "Q8_0", shape: [32, 3], data: new Uint8Array(102) },
      { name: "b", type: "F16", shape: [5], data: new Uint8Array(10) },
    ];
    const gguf = await readGguf(bytesSource(encodeGguf({ version, byteOrder, entries, tensors })));
    expect(gguf).toMatchObject({ version, byteOrder, alignment: 32, parameterCount: 101 });
    expect(gguf.metadata.architecture).toBe("llämä");
    const scalars = ["u8", "i8", "u16", "i16", "u32", "i32", "f32", "f64", "i64"].map((key) =>
      gguf.metadata.number(key),
    );
    expect(scalars).toEqual([255, -128, 65_535, -2, 4_000_000_000, -5, 0.5, 0.1, -7]);
    expect(gguf.metadata.entry("u64")?.value).toBe(2n ** 63n);
    expect(gguf.metadata.boolean("yes")).toBe(true);
    expect(await gguf.metadata.array("words")?.toArray()).toEqual(["a", "", "ü"]);
    expect(await gguf.metadata.array("words")?.stringAt(2)).toBe("ü");
    expect(await gguf.metadata.array("bits")?.toArray()).toEqual([true, false]);
    expect(gguf.metadata.array("layers")?.values).toEqual([1, -2, 3]);
    expect(await gguf.metadata.array("layers")?.toTyped()).toEqual(new Int32Array([1, -2, 3]));
    expect(await gguf.metadata.array("big")?.toTyped()).toEqual(new BigUint64Array([1n, 2n ** 60n]));
    expect(gguf.tensors).toEqual([
      { name: "a", type: "Q8_0", shape: [32, 3], offset: 0, sizeBytes: 102 },
      { name: "b", type: "F16", shape: [5], offset: 128, sizeBytes: 10 },
    ]);
  });

  test("arrays of arrays are read when asked for", async () => {
    const inner = file([{ key: "k", type: "array", elementType: "string", value: ["x", "y"] }]);
    // Behind magic, version, counts, key and value type stands the array itself.
    const array = inner.subarray(4 + 4 + 16 + 9 + 4, 4 + 4 + 16 + 9 + 4 + 4 + 8 + 18);
    const encoded = Buffer.concat([array, array]);
    const gguf = await readGguf(
      bytesSource(
        file([{ key: "k", type: "array", elementType: "array", encoded, length: 2 }, u32("after", 1)]),
      ),
    );
    expect(await gguf.metadata.array("k")?.toArray()).toEqual([
      ["x", "y"],
      ["x", "y"],
    ]);
    expect(gguf.metadata.number("after")).toBe(1);
  });

  test("a string of a long list is found without reading the list", async () => {
    const words = Array.from({ length: 1000 }, (_, index) => `w${index}`);
    const bytes = file([{ key: "words", type: "array", elementType: "string", value: words }]);
    let bytesRead = 0;
    const gguf = await readGguf({
      sizeBytes: bytes.length,
      read: async (offset, length) => {
        bytesRead += Math.min(length, bytes.length - offset);
        return bytes.subarray(offset, offset + length);
      },
    });
    bytesRead = 0;
    expect(await gguf.metadata.array("words")?.stringAt(999)).toBe("w999");
    expect(bytesRead).toBeLessThan(bytes.length / 3);
    expect(await gguf.metadata.array("words")?.stringAt(1000)).toBeUndefined();
  });

  test("a typed getter refuses a value of another type and passes over an absent key", async () => {
    const { metadata } = await readGguf(bytesSource(file([string("k", "v")])));
    expect(metadata.number("absent")).toBeUndefined();
    expect(() => metadata.number("k")).toThrow(/type string/);
  });

  test("big-endian files with reversed magic are read too", async () => {
    const bytes = encodeGguf({ byteOrder: "big", entries: [llama], tensors: [] });
    bytes.set([0x46, 0x55, 0x47, 0x47]);
    expect((await readGguf(bytesSource(bytes))).byteOrder).toBe("big");
  });
});

describe("what is refused", () => {
  const shape = (...lengths: readonly number[]) =>
    // Patched into a sound file: dimension count, lengths, type, offset.
    lengths.flatMap((length) => [...new Uint8Array(new BigUint64Array([BigInt(length)]).buffer)]);
  const one = file([llama], [vector]);
  const wide = file(
    [llama],
    [{ name: "tensor4", type: "F32", shape: [2, 2, 2, 1], data: new Uint8Array(32) }],
  );
  const alignment = (value: number): Uint8Array =>
    patchAfter(file([u32("general.alignment", 32)]), "general.alignment", 4, [
      ...new Uint8Array(new Uint32Array([value]).buffer),
    ]);
  const count = (at: number, value: bigint): Uint8Array => {
    const bytes = one.slice();
    new DataView(bytes.buffer).setBigUint64(at, value, true);
    return bytes;
  };

  const cases: readonly (readonly [string, string, Uint8Array])[] = [
    ["an empty file", "truncated", new Uint8Array(0)],
    ["four bytes", "truncated", new TextEncoder().encode("GGUF")],
    ["another format", "magic", new TextEncoder().encode("PK\u0003\u0004 and more bytes")],
    ["a format before GGUF", "magic", new TextEncoder().encode("tjgg and more bytes here")],
    ["version 0", "version", patchAfter(one, "GGUF", 0, [0, 0, 0, 0])],
    ["version 4", "version", patchAfter(one, "GGUF", 0, [4, 0, 0, 0])],
    ["2^63 tensors", "tensor-count", count(8, 2n ** 63n)],
    ["2^32 tensors", "tensor-count", count(8, 2n ** 32n)],
    ["2^63 keys", "key-count", count(16, 2n ** 63n)],
    ["a key of 2^63 bytes", "key", count(24, 2n ** 63n)],
    ["a key longer than the file", "key", count(24, 5000n)],
    ["an empty key", "key", file([string("", "v")])],
    ["a key twice", "duplicate-key", file([string("k", "v"), string("k", "w")])],
    ["a value type 13", "value-type", patchAfter(one, "general.architecture", 0, [13])],
    [
      "a string of 2^63 bytes",
      "string-length",
      patchAfter(one, "general.architecture", 4, [0, 0, 0, 0, 0, 0, 0, 128]),
    ],
    [
      "a string that is not UTF-8",
      "string-encoding",
      patchAfter(one, "general.architecture", 12, [0xc3, 0x28]),
    ],
    [
      "a string with a surrogate",
      "string-encoding",
      patchAfter(one, "general.architecture", 12, [0xed, 0xa0, 0x80]),
    ],
    [
      "a boolean of 2",
      "value-range",
      patchAfter(file([{ key: "flag", type: "bool", value: true }]), "flag", 4, [2]),
    ],
    [
      "an array of 2^63 numbers",
      "array-length",
      patchAfter(
        file([{ key: "list", type: "array", elementType: "uint8", value: [1] }]),
        "list",
        8,
        [0, 0, 0, 0, 0, 0, 0, 128],
      ),
    ],
    [
      "a string array longer than the file",
      "array-length",
      patchAfter(
        file([{ key: "list", type: "array", elementType: "string", value: ["x"] }]),
        "list",
        8,
        [200],
      ),
    ],
    // Four bytes are looked at together: each place within them counts.
    ...[0, 1, 3, 4, 7, 8].map((place): readonly [string, string, Uint8Array] => [
      `an array string that is not UTF-8 at its byte ${place}`,
      "string-encoding",
      patchAfter(
        file([{ key: "list", type: "array", elementType: "string", value: ["abcdefghi"] }]),
        "list",
        24 + place,
        [0xff],
      ),
    ]),
    [
      "an array string that is not UTF-8",
      "string-encoding",
      patchAfter(
        file([{ key: "list", type: "array", elementType: "string", value: ["xyz"] }]),
        "list",
        24,
        [0xff],
      ),
    ],
    [
      "an array string of 2^40 bytes",
      "string-length",
      patchAfter(
        file([{ key: "list", type: "array", elementType: "string", value: ["xyz"] }]),
        "list",
        16,
        [0, 0, 0, 0, 0, 1],
      ),
    ],
    ["alignment 0", "alignment", alignment(0)],
    ["alignment 3", "alignment", alignment(3)],
    ["alignment 2^31", "alignment", alignment(2 ** 31)],
    ["an alignment that is a string", "alignment", file([string("general.alignment", "32")])],
    ["a tensor without a name", "tensor-name", file([llama], [{ ...vector, name: "" }])],
    ["a tensor name of 64 bytes", "tensor-name", file([llama], [{ ...vector, name: "n".repeat(64) }])],
    ["a tensor twice", "duplicate-tensor", file([llama], [vector, vector])],
    ["five dimensions", "tensor-dimensions", patchAfter(wide, "tensor4", 0, [5])],
    ["a dimension of 0", "tensor-dimensions", patchAfter(wide, "tensor4", 4, shape(0))],
    ["a dimension of 2^63", "tensor-dimensions", patchAfter(wide, "tensor4", 4, [0, 0, 0, 0, 0, 0, 0, 128])],
    [
      "dimensions whose product wraps 64 bits",
      "tensor-size",
      patchAfter(wide, "tensor4", 4, shape(2 ** 32, 2 ** 32, 2, 1)),
    ],
    ["an exabyte tensor", "tensor-size", patchAfter(wide, "tensor4", 4, shape(2 ** 30, 2 ** 20, 2 ** 10, 1))],
    ["a tensor larger than the file", "tensor-size", patchAfter(wide, "tensor4", 4, shape(2, 2, 3, 1))],
    ["an unknown tensor type", "tensor-type", patchAfter(wide, "tensor4", 4 + 32, [99])],
    ["a tensor type of former times", "tensor-type", patchAfter(wide, "tensor4", 4 + 32, [31])],
    ["rows that do not fill blocks", "tensor-row", patchAfter(wide, "tensor4", 4 + 32, [8])],
    ["a tensor at an odd place", "tensor-offset", patchAfter(wide, "tensor4", 4 + 32 + 4, [1])],
    ["a tensor far past the end", "tensor-size", patchAfter(wide, "tensor4", 4 + 32 + 4, [0, 0, 0, 0, 0, 1])],
    [
      "a tensor past any end",
      "tensor-offset",
      patchAfter(wide, "tensor4", 4 + 32 + 4, [0, 0, 0, 0, 0, 0, 0, 255]),
    ],
    [
      "two tensors in one place",
      "tensor-overlap",
      patchAfter(file([llama], [vector, { ...vector, name: "second" }]), "second", 4 + 8 + 4, [0]),
    ],
    ["no blocks", "hyperparameter", file([llama, u32("llama.block_count", 0)])],
    ["513 blocks", "hyperparameter", file([llama, u32("llama.block_count", 513)])],
    ["blocks as text", "value-type", file([llama, string("llama.block_count", "2")])],
    ["no heads", "hyperparameter", file([llama, u32("llama.attention.head_count", 0)])],
    ["no key-value heads", "hyperparameter", file([llama, u32("llama.attention.head_count_kv", 0)])],
    ["no width", "hyperparameter", file([llama, u32("llama.embedding_length", 0)])],
    ["no context", "hyperparameter", file([llama, u32("llama.context_length", 0)])],
    [
      "no experts in use",
      "hyperparameter",
      file([llama, u32("llama.expert_count", 4), u32("llama.expert_used_count", 0)]),
    ],
    [
      "more experts in use than there are",
      "hyperparameter",
      file([llama, u32("llama.expert_used_count", 2)]),
    ],
    ["an architecture that is a number", "value-type", file([u32("general.architecture", 1)])],
    ["a template that is a number", "value-type", file([llama, u32("tokenizer.chat_template", 1)])],
    [
      "fewer scores than tokens",
      "hyperparameter",
      file([
        { key: "tokenizer.ggml.tokens", type: "array", elementType: "string", value: ["a", "b"] },
        { key: "tokenizer.ggml.scores", type: "array", elementType: "float32", value: [1] },
      ]),
    ],
  ];
  test.each(cases)("%s breaks rule %s", async (_, rule, bytes) => {
    const details = await rejection(bytes);
    expect(details["rule"]).toBe(rule);
    expect(details["offset"]).toBeTypeOf("number");
    expect(details["offset"]).toBeLessThanOrEqual(bytes.length);
  });

  test("nested arrays without end", async () => {
    const level = [9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    const encoded = new Uint8Array(Array.from({ length: 5000 }, () => level).flat());
    const bytes = file([{ key: "k", type: "array", elementType: "array", encoded, length: 1 }]);
    expect((await rejection(bytes))["rule"]).toBe("array-depth");
  });

  test("a header without heads is sound for a recurrent model", async () => {
    const entries = [
      string("general.architecture", "mamba"),
      u32("mamba.attention.head_count", 0),
      u32("mamba.ssm.state_size", 16),
    ];
    await expect(readGguf(bytesSource(file(entries)))).resolves.toMatchObject({ version: 3 });
  });

  test("limits of the caller hold", async () => {
    const bytes = file([string("k", "long text"), u32("n", 1)]);
    for (const limits of [
      { maxKeys: 1 },
      { maxStringBytes: 4 },
      { maxRetainedBytes: 5 },
      { maxHeaderBytes: 40 },
    ]) {
      await expect(readGguf(bytesSource(bytes), { limits })).rejects.toSatisfy((error) =>
        GgufError.is(error),
      );
    }
  });
});

describe("hostile bytes", () => {
  test("every truncation of a header is refused", async () => {
    const bytes = encodeGguf({
      entries: [
        llama,
        u32("llama.block_count", 1),
        { key: "words", type: "array", elementType: "string", value: ["one", "two"] },
        { key: "flags", type: "array", elementType: "bool", value: [true] },
      ],
      tensors: [vector],
    });
    for (let length = 0; length < bytes.length; length += 1) await rejection(bytes.subarray(0, length));
  });

  test("a source that gives less than it promised is refused", async () => {
    const bytes = tinyBert();
    const source = { sizeBytes: bytes.length + 4096, read: bytesSource(bytes.subarray(0, 2000)).read };
    await expect(readGguf(source)).rejects.toSatisfy((error) => GgufError.is(error));
  });

  test("any change of any bytes gives a file or a GgufError, and quickly", async () => {
    const bytes = tinyLlama({ embeddingLength: 32, blockCount: 1 });
    const headerBytes = (await readGguf(bytesSource(bytes))).dataOffset;
    const edit = fc.record({ at: fc.nat({ max: headerBytes - 1 }), value: fc.integer({ min: 0, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 8 }), async (edits) => {
        const copy = bytes.slice();
        for (const { at, value } of edits) copy[at] = value;
        const error: unknown = await readGguf(bytesSource(copy)).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error === undefined || GgufError.is(error)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

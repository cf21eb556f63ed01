import { bytesSource, encodeGguf, GgufArray, type GgufWriteEntry, readGguf } from "@puna/model-format/gguf";
import { seededRandom, tinyLlama } from "@puna/model-format/testing";

const width = 64;
const headLength = 16;

/** A small Qwen3 of random weights with a rank head for "yes" and "no", which reads the last token of a text. */
export async function tinyLastRanker(): Promise<Uint8Array> {
  const random = seededRandom(5);
  const llama = tinyLlama({ embeddingLength: width });
  const { metadata, tensors, dataOffset } = await readGguf(bytesSource(llama));
  const entries: GgufWriteEntry[] = [
    { key: "qwen3.pooling_type", type: "uint32", value: 4 },
    { key: "qwen3.classifier.output_labels", type: "array", elementType: "string", value: ["yes", "no"] },
  ];
  for (const { key, type, value } of metadata) {
    const name = key.replace(/^llama\./, "qwen3.");
    if (key === "general.architecture") entries.push({ key, type: "string", value: "qwen3" });
    else if (value instanceof GgufArray) {
      const encoded = await value.toBytes();
      entries.push({
        key: name,
        type: "array",
        elementType: value.elementType,
        encoded,
        length: value.length,
      });
    } else entries.push({ key: name, type, value } as GgufWriteEntry); // Plain values have a plain type.
  }
  const floats = (name: string, shape: readonly number[], make: () => number) => {
    const count = shape.reduce((product, length) => product * length, 1);
    return {
      name,
      type: "F32",
      shape,
      data: new Uint8Array(Float32Array.from({ length: count }, make).buffer),
    };
  };
  return encodeGguf({
    entries,
    tensors: [
      ...tensors.map(({ name, type, shape, offset, sizeBytes }) => {
        const from = dataOffset + offset;
        return { name, type, shape, data: llama.subarray(from, from + sizeBytes) };
      }),
      ...[0, 1].flatMap((block) =>
        ["attn_q_norm", "attn_k_norm"].map((norm) =>
          floats(`blk.${block}.${norm}.weight`, [headLength], () => 1),
        ),
      ),
      floats("cls.output.weight", [width, 2], () => random() - 0.5),
    ],
  });
}

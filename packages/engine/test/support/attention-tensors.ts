import koffi from "koffi";
import { halfBits } from "./random-numbers.ts";

export interface AttentionShape {
  readonly keyLength: number;
  readonly valueLength: number;
  readonly tokens: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly streams: number;
  readonly cells: number;
  readonly scale: number;
  /** Of ALiBi; 0: none. */
  readonly maxBias: number;
  /** 0: none. */
  readonly softcap: number;
}

/** Flat, the last index the fastest; all but queries and sinks exact in f16. */
export interface AttentionValues {
  /** [stream][head][token][keyLength] */
  readonly queries: readonly number[];
  /** [stream][keyHead][cell][keyLength], and the same of values */
  readonly keys: readonly number[];
  readonly values: readonly number[];
  /** [stream][token][cell]: 0, less, or -Infinity for a cell that the token does not see. */
  readonly mask: readonly number[];
  readonly sinks?: readonly number[];
}

const tensorBytes = 336;
const types = { f32: 0, f16: 1 } as const;

/** A `struct ggml_tensor` over values; its layout is compared with the header in layout.test.ts. */
function tensor(
  type: keyof typeof types,
  shape: readonly number[],
  data: Float32Array | Uint16Array,
): Buffer {
  const bytes = Buffer.alloc(tensorBytes);
  bytes.writeInt32LE(types[type], 0);
  let stride = data.BYTES_PER_ELEMENT;
  for (let at = 0; at < 4; at++) {
    bytes.writeBigInt64LE(BigInt(shape[at] ?? 1), 16 + 8 * at);
    bytes.writeBigUInt64LE(BigInt(stride), 48 + 8 * at);
    stride *= shape[at] ?? 1;
  }
  bytes.writeBigUInt64LE(koffi.address(data), 248);
  return bytes;
}

/** What a graph would hold for one attention; `found` is where it goes. Everything must be kept as long as it runs. */
export function attentionTensors(shape: AttentionShape, values: AttentionValues) {
  const { keyLength, valueLength, tokens, heads, keyHeads, streams, cells } = shape;
  const halves = (of: readonly number[]) => Uint16Array.from(of, bitsOf);
  const data = {
    queries: Float32Array.from(values.queries),
    keys: halves(values.keys),
    values: halves(values.values),
    mask: halves(values.mask),
    sinks: Float32Array.from(values.sinks ?? [0]),
    found: new Float32Array(streams * tokens * heads * valueLength).fill(-7),
  };
  const sources = [
    tensor("f32", [keyLength, tokens, heads, streams], data.queries),
    tensor("f16", [keyLength, cells, keyHeads, streams], data.keys),
    tensor("f16", [valueLength, cells, keyHeads, streams], data.values),
    tensor("f16", [cells, tokens, 1, streams], data.mask),
    ...(values.sinks === undefined ? [] : [tensor("f32", [heads], data.sinks)]),
  ];
  const out = tensor("f32", [valueLength, heads, tokens, streams], data.found);
  for (const [index, value] of [shape.scale, shape.maxBias, shape.softcap].entries())
    out.writeFloatLE(value, 84 + 4 * index);
  for (const [index, source] of sources.entries())
    out.writeBigUInt64LE(koffi.address(source), 152 + 8 * index);
  return { out, found: data.found, kept: [data, sources] };
}

function bitsOf(value: number): number {
  return value === Number.NEGATIVE_INFINITY ? 0xfc00 : halfBits(value);
}

/** The same in numbers of 64 bits. */
export function plainAttention(shape: AttentionShape, values: AttentionValues): Float64Array {
  const { keyLength, valueLength, tokens, heads, keyHeads, streams, cells } = shape;
  const out = new Float64Array(streams * tokens * heads * valueLength);
  const slopes = 2 ** Math.floor(Math.log2(heads));
  for (let stream = 0; stream < streams; stream++)
    for (let head = 0; head < heads; head++)
      for (let token = 0; token < tokens; token++) {
        const keyHead = stream * keyHeads + Math.floor(head / (heads / keyHeads));
        const query = ((stream * heads + head) * tokens + token) * keyLength;
        const power = head < slopes ? head + 1 : head - slopes + 0.5;
        const slope = shape.maxBias === 0 ? 1 : 2 ** ((-shape.maxBias / slopes) * power);
        const scores = Array.from({ length: cells }, (_, cell) => {
          let score = 0;
          const key = (keyHead * cells + cell) * keyLength;
          for (let at = 0; at < keyLength; at++)
            score += (values.queries[query + at] ?? 0) * (values.keys[key + at] ?? 0);
          score *= shape.scale;
          if (shape.softcap !== 0) score = shape.softcap * Math.tanh(score / shape.softcap);
          return score + slope * (values.mask[(stream * tokens + token) * cells + cell] ?? 0);
        });
        const sink = values.sinks?.[head];
        const largest = Math.max(...scores, sink ?? Number.NEGATIVE_INFINITY);
        if (largest === Number.NEGATIVE_INFINITY) continue;
        const weights = scores.map((score) => Math.exp(score - largest));
        const all = weights.reduce(
          (sum, weight) => sum + weight,
          sink === undefined ? 0 : Math.exp(sink - largest),
        );
        const to = ((stream * tokens + token) * heads + head) * valueLength;
        for (const [cell, weight] of weights.entries()) {
          const value = (keyHead * cells + cell) * valueLength;
          for (let at = 0; weight > 0 && at < valueLength; at++)
            out[to + at] = (out[to + at] ?? 0) + (weight / all) * (values.values[value + at] ?? 0);
        }
      }
  return out;
}

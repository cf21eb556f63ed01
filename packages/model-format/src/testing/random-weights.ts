/**
 * Numbers in [0, 1) that are the same on every machine for one seed (mulberry32): test models and grammar
 * sentences must not change from run to run.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Weights spread evenly around 0 with the given standard deviation, as the bytes of an F32 tensor. */
export function randomWeights(count: number, deviation: number, random: () => number): Uint8Array {
  const weights = new Float32Array(count);
  const width = deviation * Math.sqrt(12);
  for (let index = 0; index < count; index += 1) weights[index] = (random() - 0.5) * width;
  return new Uint8Array(weights.buffer);
}

/** All ones, for the weights of norms. */
export function unitWeights(count: number): Uint8Array {
  return new Uint8Array(new Float32Array(count).fill(1).buffer);
}

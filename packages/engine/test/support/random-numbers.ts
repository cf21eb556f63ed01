/** Between 0 and 1, the same for the same seed. @source Numerical Recipes, a linear congruential generator */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Bits of the nearest f32. */
export function floatBits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
}

/** Bits of f16, of a value that it holds exactly as a normal number, or of 0. */
export function halfBits(value: number): number {
  if (value === 0) return 0;
  const bits = floatBits(value);
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
  return ((bits >>> 16) & 0x8000) | (exponent << 10) | ((bits >>> 13) & 0x3ff);
}

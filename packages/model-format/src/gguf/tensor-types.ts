/** How a tensor's elements are stored: `blockSize` elements in every `typeSizeBytes` bytes. */
export interface GgufTensorType {
  readonly name: string;
  readonly code: number;
  readonly blockSize: number;
  readonly typeSizeBytes: number;
}

// Number, name, elements per block, bytes per block; as ggml_blck_size and ggml_type_size answer in llama.cpp v0.5.0.
const rows: readonly (readonly [number, string, number, number])[] = [
  [0, "F32", 1, 4],
  [1, "F16", 1, 2],
  [2, "Q4_0", 32, 18],
  [3, "Q4_1", 32, 20],
  [6, "Q5_0", 32, 22],
  [7, "Q5_1", 32, 24],
  [8, "Q8_0", 32, 34],
  [9, "Q8_1", 32, 36],
  [10, "Q2_K", 256, 84],
  [11, "Q3_K", 256, 110],
  [12, "Q4_K", 256, 144],
  [13, "Q5_K", 256, 176],
  [14, "Q6_K", 256, 210],
  [15, "Q8_K", 256, 292],
  [16, "IQ2_XXS", 256, 66],
  [17, "IQ2_XS", 256, 74],
  [18, "IQ3_XXS", 256, 98],
  [19, "IQ1_S", 256, 50],
  [20, "IQ4_NL", 32, 18],
  [21, "IQ3_S", 256, 110],
  [22, "IQ2_S", 256, 82],
  [23, "IQ4_XS", 256, 136],
  [24, "I8", 1, 1],
  [25, "I16", 1, 2],
  [26, "I32", 1, 4],
  [27, "I64", 1, 8],
  [28, "F64", 1, 8],
  [29, "IQ1_M", 256, 56],
  [30, "BF16", 1, 2],
  [34, "TQ1_0", 256, 54],
  [35, "TQ2_0", 256, 66],
  [39, "MXFP4", 32, 17],
  [40, "NVFP4", 64, 36],
  [41, "Q1_0", 128, 18],
  [42, "Q2_0", 64, 18],
];

const removed: ReadonlyMap<number, string> = new Map([
  [4, "Q4_2"],
  [5, "Q4_3"],
  [31, "Q4_0_4_4"],
  [32, "Q4_0_4_8"],
  [33, "Q4_0_8_8"],
  [36, "IQ4_NL_4_4"],
  [37, "IQ4_NL_4_8"],
  [38, "IQ4_NL_8_8"],
]);

const types: readonly GgufTensorType[] = rows.map(([code, name, blockSize, typeSizeBytes]) => ({
  code,
  name,
  blockSize,
  typeSizeBytes,
}));
const byCode: ReadonlyMap<number, GgufTensorType> = new Map(types.map((type) => [type.code, type]));
const byName: ReadonlyMap<string, GgufTensorType> = new Map(types.map((type) => [type.name, type]));

/** The type of that number in a file; undefined for one that llama.cpp does not read. */
export function tensorTypeByCode(code: number): GgufTensorType | undefined {
  return byCode.get(code);
}

/**
 * The type of that name, or undefined.
 * @param name upper case as in `show`, for example `Q4_K`
 */
export function tensorTypeByName(name: string): GgufTensorType | undefined {
  return byName.get(name);
}

/** Name of a type that llama.cpp once wrote and reads no more. */
export function removedTensorTypeName(code: number): string | undefined {
  return removed.get(code);
}

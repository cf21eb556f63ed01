/** Type names of metadata values, in the order of their numbers in the file. */
export const ggufValueTypes = [
  "uint8",
  "int8",
  "uint16",
  "int16",
  "uint32",
  "int32",
  "float32",
  "bool",
  "string",
  "array",
  "uint64",
  "int64",
  "float64",
] as const;

export type GgufValueType = (typeof ggufValueTypes)[number];
export type GgufNumberType = Exclude<GgufValueType, "bool" | "string" | "array">;

/** Bytes of one value; strings and arrays have no fixed size. */
export const valueSizeBytes: Readonly<Record<Exclude<GgufValueType, "string" | "array">, number>> = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
  bool: 1,
  uint64: 8,
  int64: 8,
  float64: 8,
};

export function isIntegerType(type: GgufValueType): boolean {
  return type !== "float32" && type !== "float64" && type !== "bool" && type !== "string" && type !== "array";
}

import { FunctionFailure } from "./errors.ts";
import { compareBytes, GoComplex, GoStruct, type GoValue, typeName } from "./values.ts";

type Kind = "bool" | "complex" | "float" | "int" | "string" | "other";

function kindOf(value: GoValue): Kind {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "float";
    case "string":
      return "string";
    default:
      return value instanceof GoComplex ? "complex" : "other";
  }
}

/** Go's `eq`: whether the first value equals any of the others. */
export function equalsAny(first: GoValue, others: readonly GoValue[]): boolean {
  if (others.length === 0) throw new FunctionFailure("missing argument for comparison");
  return others.some((other) => equals(first, other));
}

function equals(a: GoValue, b: GoValue): boolean {
  const kind = kindOf(a);
  if (kind !== kindOf(b)) {
    if (a === null || b === null) return false;
    throw new FunctionFailure(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
  }
  if (kind !== "other") {
    if (a instanceof GoComplex && b instanceof GoComplex) return a.real === b.real && a.imaginary === b.imaginary;
    return a === b;
  }
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b);
  if (typeName(a) !== typeName(b)) {
    throw new FunctionFailure(`non-comparable types ${typeName(a)} and ${typeName(b)}`);
  }
  if (a instanceof GoStruct && a.isPointer) return a === b;
  throw new FunctionFailure(`non-comparable type ${typeName(a)}`);
}

function isNil(value: GoValue): boolean {
  return value === null || (!(value instanceof GoComplex) && typeof value === "object" && value.isNil);
}

/** Go's `lt`. */
export function isLess(a: GoValue, b: GoValue): boolean {
  const kind = kindOf(a);
  if (kind === "other" || kindOf(b) === "other") throw new FunctionFailure("invalid type for comparison");
  if (kind !== kindOf(b)) {
    throw new FunctionFailure(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
  }
  if (typeof a === "string" && typeof b === "string") return compareBytes(a, b) < 0;
  if ((typeof a === "bigint" && typeof b === "bigint") || (typeof a === "number" && typeof b === "number")) return a < b;
  throw new FunctionFailure("invalid type for comparison");
}

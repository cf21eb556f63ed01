import { compareBytes, rejoin } from "./bytes.ts";
import { FunctionFailure } from "./errors.ts";
import { printText, printValue } from "./printer.ts";
import type { Value } from "./run-state.ts";
import { GoByte, GoBytes, GoComplex, GoFloat, GoStruct, type GoValue, typeName } from "./values.ts";

type Kind = "bool" | "complex" | "float" | "int" | "string" | "uint" | "other";

function kindOf(value: Value): Kind {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "number":
    case "bigint":
      return "int";
    case "string":
      return "string";
    default:
      if (value instanceof GoFloat) return "float";
      if (value instanceof GoByte) return "uint";
      return value instanceof GoComplex ? "complex" : "other";
  }
}

/** Go's `eq`: whether the first value equals any of the others. */
export function equalsAny(first: Value, ...others: readonly Value[]): boolean {
  if (others.length === 0) throw new FunctionFailure("missing argument for comparison");
  for (const other of others) if (equals(first, other)) return true;
  return false;
}

/** Go's `eq` of two values. */
export function equals(a: Value, b: Value): boolean {
  if (typeof a === "string" && typeof b === "string") return a === b || rejoin(a) === rejoin(b);
  if (a === undefined || a === null || b === undefined || b === null) return isNil(a) && isNil(b);
  const kind = kindOf(a);
  const other = kindOf(b);
  if (kind === other && kind !== "other") return equalScalars(a, b);
  if ((kind === "int" && other === "uint") || (kind === "uint" && other === "int")) return equalScalars(a, b);
  if (kind !== other) {
    throw new FunctionFailure(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
  }
  if (shapeOf(a) !== shapeOf(b)) {
    throw new FunctionFailure(
      `non-comparable types ${printText(a)}: ${typeName(a)}, ${typeName(b)}: ${printValue(b)}`,
    );
  }
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b);
  if (b instanceof GoStruct && b.type.isPointer) return a instanceof GoStruct && a.source === b.source;
  throw new FunctionFailure(`non-comparable type ${printText(b)}: ${typeName(b)}`);
}

function equalScalars(a: GoValue, b: GoValue): boolean {
  if (a instanceof GoComplex && b instanceof GoComplex)
    return a.real === b.real && a.imaginary === b.imaginary;
  return plain(a) === plain(b);
}

/** Numbers without their types. Ints beyond 2^53 are bigints and never equal to the others. */
function plain(value: GoValue): unknown {
  return value instanceof GoFloat || value instanceof GoByte ? value.value : value;
}

/** What Go's reflection calls the kind. */
function shapeOf(value: GoValue): string {
  if (value instanceof GoStruct) return value.type.isPointer ? "pointer" : "struct";
  return value instanceof GoBytes ? "GoSlice" : (value?.constructor.name ?? "");
}

function isNil(value: Value): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === "object" && "isNil" in value && value.isNil && shapeOf(value) !== "struct";
}

/** Go's `lt`. */
export function isLess(a: Value, b: Value): boolean {
  const kind = kindOf(a);
  const other = kindOf(b);
  if (
    a === undefined ||
    a === null ||
    b === undefined ||
    b === null ||
    kind === "other" ||
    other === "other"
  ) {
    throw new FunctionFailure("invalid type for comparison");
  }
  const areWhole = (kind === "int" || kind === "uint") && (other === "int" || other === "uint");
  if (kind !== other && !areWhole) {
    throw new FunctionFailure(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
  }
  if (typeof a === "string" && typeof b === "string") return compareBytes(rejoin(a), rejoin(b)) < 0;
  const left = plain(a);
  const right = plain(b);
  if (isNumber(left) && isNumber(right)) return left < right;
  throw new FunctionFailure("invalid type for comparison");
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

/** Go's `le`: less, or else equal. */
export function isAtMost(a: Value, b: Value): boolean {
  return isLess(a, b) || equals(a, b);
}

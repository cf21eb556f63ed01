import { limitReached } from "./errors.ts";
import { formatShortest } from "./format-number.ts";
import { GoComplex, GoMap, GoSlice, GoStruct, type GoValue } from "./values.ts";

const maxDepth = 200;

/** Go's `%v`. Types with a `String()` of their own show that, at any depth. */
export function printValue(value: GoValue, depth = 0): string {
  if (value === null) return "<nil>";
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return formatShortest(value);
    case "boolean":
    case "bigint":
      return String(value);
    default:
      if (depth > maxDepth) throw limitReached("a value it prints is nested too deeply");
      return printComposite(value, (item) => printValue(item, depth + 1));
  }
}

/** Prints a composite value with `print` for its elements. */
export function printComposite(
  value: GoSlice | GoMap | GoStruct | GoComplex,
  print: (item: GoValue) => string,
): string {
  if (value instanceof GoComplex) return printComplex(value);
  if (value instanceof GoStruct && value.isNil) return "<nil>";
  if (value.behaviour.string !== undefined) return value.behaviour.string();
  if (value instanceof GoSlice) return `[${value.items.map(print).join(" ")}]`;
  if (value instanceof GoMap) {
    return `map[${value.sortedKeys().map((key) => `${print(key)}:${print(value.entries.get(key) ?? null)}`).join(" ")}]`;
  }
  return `{${[...value.fields.values()].map(print).join(" ")}}`;
}

function printComplex({ real, imaginary }: GoComplex): string {
  const second = formatShortest(imaginary);
  return `(${formatShortest(real)}${second.startsWith("-") ? second : `+${second}`}i)`;
}

/** Go's fmt.Sprint: a space between two operands when neither is a string. */
export function sprint(values: readonly GoValue[]): string {
  let out = "";
  for (const [index, value] of values.entries()) {
    const previous = values[index - 1];
    if (index > 0 && typeof value !== "string" && typeof previous !== "string") out += " ";
    out += printValue(value);
  }
  return out;
}

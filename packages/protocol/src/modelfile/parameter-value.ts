import { isOptionName, optionTypes, toFloat32 } from "../option-types.ts";
import { ProtocolError } from "../protocol-error.ts";

const trueWords: ReadonlySet<string> = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const falseWords: ReadonlySet<string> = new Set(["0", "f", "F", "FALSE", "false", "False"]);
const maxInteger = 2n ** 63n - 1n;

/**
 * Gives the text of a `PARAMETER` its option's type; a list for options that may be repeated.
 * @throws ProtocolError `INVALID_OPTION` with Ollama's text
 * @source ollama api/types.go FormatParams
 */
export function parseParameterValue(name: string, text: string): number | boolean | readonly string[] {
  const type = isOptionName(name) ? optionTypes[name] : undefined;
  switch (type) {
    case "integer":
      return parseInteger(text) ?? refuse("int", text);
    case "float32":
      return parseFloat32(text) ?? refuse("float", text);
    case "boolean":
      return trueWords.has(text) || (falseWords.has(text) ? false : refuse("bool", text));
    case "array":
      return [text];
    case "object":
    case undefined:
      throw new ProtocolError("INVALID_OPTION", `unknown parameter '${name}'`, {
        details: { parameter: name },
      });
    default:
      return type satisfies never;
  }
}

function parseInteger(text: string): number | undefined {
  // No number of 64 bits needs more; BigInt takes quadratic time on long ones.
  if (text.length > 64 || !/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ""));
  return value > maxInteger || value < -maxInteger - 1n ? undefined : Number(value);
}

// A number as Go writes one: underscores between digits, and hexadecimal with an exponent of two.
const decimal = /^[+-]?(\d+(_\d+)*(\.(\d+(_\d+)*)?)?|\.\d+(_\d+)*)([eE][+-]?\d+(_\d+)*)?$/;
const hexadecimal =
  /^[+-]?0[xX](?=_?[0-9a-fA-F]|\.[0-9a-fA-F])_?([0-9a-fA-F]*(?:_[0-9a-fA-F]+)*)(?:\.([0-9a-fA-F]*(?:_[0-9a-fA-F]+)*))?[pP]([+-]?\d+(?:_\d+)*)$/;
const notFinite = /^(?:[+-]?inf(?:inity)?|nan)$/i;

function parseFloat32(text: string): number | undefined {
  if (notFinite.test(text)) {
    // Go reads it, and then has no JSON for it.
    const word = /nan/i.test(text) ? "NaN" : text.startsWith("-") ? "-Inf" : "+Inf";
    throw new ProtocolError("INVALID_OPTION", `json: unsupported value: ${word}`);
  }
  const size = decimal.test(text) ? Number(text.replaceAll("_", "")) : hexadecimalValue(text);
  if (size === undefined) return undefined;
  const value = toFloat32(size);
  return Number.isFinite(value) ? value : undefined;
}

function hexadecimalValue(text: string): number | undefined {
  const match = hexadecimal.exec(text);
  if (match === null) return undefined;
  const [, whole = "", fraction = "", exponent = ""] = match.map((part = "") => part.replaceAll("_", ""));
  const digits = whole + fraction;
  // What no 32-bit number holds; BigInt takes quadratic time on long ones.
  if (digits.length > 256) return undefined;
  const size = Number(BigInt(`0x${digits}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
  return text.startsWith("-") ? -size : size;
}

function refuse(kind: string, text: string): never {
  throw new ProtocolError("INVALID_OPTION", `invalid ${kind} value [${text}]`);
}

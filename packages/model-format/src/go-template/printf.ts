import { formatFloat, formatShortest } from "./format-number.ts";
import { printComposite, printValue } from "./print-value.ts";
import { GoComplex, GoMap, GoSlice, GoStruct, type GoValue, typeName } from "./values.ts";

interface Directive {
  readonly minus: boolean;
  readonly plus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

/** A field wider than this is a mistake or an attack; Go has the same bound. */
const maxWidth = 1_000_000;

/** Go's fmt.Sprintf, with its marks for wrong, missing and extra arguments. */
export function sprintf(format: string, args: readonly GoValue[]): string {
  let out = "";
  let next = 0;
  let reordered = false;
  for (let at = 0; at < format.length; ) {
    const percent = format.indexOf("%", at);
    if (percent < 0) return finish(out + format.slice(at));
    out += format.slice(at, percent);
    at = percent + 1;

    const flags = /^[-+# 0]*/.exec(format.slice(at))?.[0] ?? "";
    at += flags.length;
    let badIndex = false;
    const index = () => {
      const match = /^\[(\d*)\]/.exec(format.slice(at));
      if (match === null) return;
      reordered = true;
      at += match[0].length;
      const chosen = Number(match[1]) - 1;
      if (match[1] === "" || chosen < 0 || chosen >= args.length) badIndex = true;
      else next = chosen;
    };
    const number = (bad: string): number | undefined => {
      index();
      if (format.charAt(at) === "*") {
        at += 1;
        const value = args[next++];
        if (typeof value === "bigint" && value >= -BigInt(maxWidth) && value <= BigInt(maxWidth)) return Number(value);
        out += bad;
        return undefined;
      }
      const digits = /^\d+/.exec(format.slice(at))?.[0];
      if (digits === undefined) return undefined;
      at += digits.length;
      return Math.min(maxWidth, Number(digits));
    };
    let width = number("%!(BADWIDTH)");
    let minus = flags.includes("-");
    if (width !== undefined && width < 0) {
      width = -width;
      minus = true;
    }
    let precision: number | undefined;
    if (format.charAt(at) === ".") {
      at += 1;
      precision = number("%!(BADPREC)") ?? 0;
    }
    index();
    const point = format.codePointAt(at);
    if (point === undefined) {
      out += "%!(NOVERB)";
      break;
    }
    const verb = String.fromCodePoint(point);
    at += verb.length;
    if (verb === "%") {
      out += "%";
      continue;
    }
    if (badIndex) {
      out += `%!${verb}(BADINDEX)`;
      continue;
    }
    const value = args[next];
    if (value === undefined) {
      out += `%!${verb}(MISSING)`;
      continue;
    }
    next += 1;
    out += formatOne(value, verb, {
      minus,
      plus: flags.includes("+"),
      sharp: flags.includes("#"),
      space: flags.includes(" "),
      zero: flags.includes("0") && !minus,
      width,
      precision,
    });
  }
  return finish(out);

  function finish(text: string): string {
    if (reordered || next >= args.length) return text;
    const extra = args.slice(next).map((value) => (value === null ? "<nil>" : `${typeName(value)}=${printValue(value)}`));
    return `${text}%!(EXTRA ${extra.join(", ")})`;
  }
}

function formatOne(value: GoValue, verb: string, directive: Directive): string {
  if (verb === "T") return pad(typeName(value), directive);
  if (value === null) return verb === "v" ? pad("<nil>", directive) : `%!${verb}(<nil>)`;
  const text = formatTyped(value, verb, directive);
  return text ?? `%!${verb}(${typeName(value)}=${printValue(value)})`;
}

/** The value in the form of the verb; undefined when the verb does not fit the type. */
function formatTyped(value: Exclude<GoValue, null>, verb: string, directive: Directive): string | undefined {
  switch (typeof value) {
    case "string":
      return formatString(value, verb, directive);
    case "bigint":
      return formatInteger(value, verb, directive);
    case "number":
      return formatNumber(value, verb, directive);
    case "boolean":
      return verb === "t" || verb === "v" ? pad(String(value), directive) : undefined;
    default:
      return formatComposite(value, verb, directive);
  }
}

function formatComposite(
  value: GoSlice | GoMap | GoStruct | GoComplex,
  verb: string,
  directive: Directive,
): string | undefined {
  if (value instanceof GoComplex) return verb === "v" || verb === "g" ? pad(printValue(value), directive) : undefined;
  if (value.behaviour.string !== undefined && "vsxXq".includes(verb)) {
    return formatString(value.behaviour.string(), verb, directive);
  }
  const inner = (item: GoValue) => formatOne(item, verb, directive);
  if (value instanceof GoStruct) {
    const pointer = value.isPointer ? "&" : "";
    const fields = [...value.fields].map(([name, item]) => (directive.plus && verb === "v" ? `${name}:` : "") + inner(item));
    return `${pointer}{${fields.join(" ")}}`;
  }
  return printComposite(value, inner);
}

function formatString(value: string, verb: string, directive: Directive): string | undefined {
  const cut = directive.precision === undefined ? value : [...value].slice(0, directive.precision).join("");
  switch (verb) {
    case "v":
    case "s":
      return pad(verb === "v" && directive.sharp ? quote(value) : cut, directive);
    case "q":
      return pad(directive.sharp && !value.includes("`") ? `\`${cut}\`` : quote(cut, directive.plus), directive);
    case "x":
    case "X": {
      const bytes = [...new TextEncoder().encode(value)].slice(0, directive.precision);
      const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0"));
      const prefix = directive.sharp ? "0x" : "";
      const text = directive.space ? hex.map((byte) => prefix + byte).join(" ") : prefix + hex.join("");
      return pad(verb === "X" ? text.toUpperCase() : text, directive);
    }
    default:
      return undefined;
  }
}

const integerBases: Readonly<Record<string, { readonly base: number; readonly prefix: string }>> = {
  d: { base: 10, prefix: "" },
  v: { base: 10, prefix: "" },
  b: { base: 2, prefix: "0b" },
  o: { base: 8, prefix: "0" },
  O: { base: 8, prefix: "0o" },
  x: { base: 16, prefix: "0x" },
  X: { base: 16, prefix: "0X" },
};

function formatInteger(value: bigint, verb: string, directive: Directive): string | undefined {
  const form = integerBases[verb];
  if (form !== undefined) {
    let digits = (value < 0n ? -value : value).toString(form.base);
    if (verb === "X") digits = digits.toUpperCase();
    if (directive.precision !== undefined) digits = digits.padStart(directive.precision, "0");
    const prefix = directive.sharp || verb === "O" ? form.prefix : "";
    return padNumber(sign(value < 0n, directive), prefix + digits, directive);
  }
  const point = Number(value);
  const valid = value >= 0n && value <= 0x10ffffn && !(point >= 0xd800 && point < 0xe000);
  const character = valid ? String.fromCodePoint(point) : "\uFFFD";
  if (verb === "c") return pad(character, directive);
  if (verb === "q") return pad(quoteWith(character, "'", directive.plus), directive);
  if (verb === "U") return pad(`U+${value.toString(16).toUpperCase().padStart(4, "0")}${directive.sharp ? ` '${character}'` : ""}`, directive);
  return undefined;
}

function formatNumber(value: number, verb: string, directive: Directive): string | undefined {
  if (!"vgGeEfF".includes(verb)) return undefined;
  const text =
    verb === "v" && directive.precision === undefined
      ? formatShortest(value)
      : formatFloat(value, verb === "v" ? "g" : verb, directive.precision);
  const negative = text.startsWith("-");
  return padNumber(sign(negative, directive), text.replace(/^[-+]/, ""), directive);
}

function sign(negative: boolean, directive: Directive): string {
  if (negative) return "-";
  return directive.plus ? "+" : directive.space ? " " : "";
}

function padNumber(signText: string, digits: string, directive: Directive): string {
  const zeros = directive.zero && directive.precision === undefined ? (directive.width ?? 0) - signText.length : 0;
  const floatZeros = directive.zero && directive.precision !== undefined ? (directive.width ?? 0) - signText.length : 0;
  return pad(signText + digits.padStart(Math.max(zeros, floatZeros), "0"), directive);
}

function pad(text: string, directive: Directive): string {
  const missing = (directive.width ?? 0) - [...text].length;
  if (missing <= 0) return text;
  if (directive.minus) return text + " ".repeat(missing);
  return (directive.zero ? "0" : " ").repeat(missing) + text;
}

/** Go's strconv.Quote. */
export function quote(text: string, asciiOnly = false): string {
  return quoteWith(text, '"', asciiOnly);
}

const named: Readonly<Record<string, string>> = {
  "\u0007": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\",
};
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

function quoteWith(text: string, mark: string, asciiOnly: boolean): string {
  let out = mark;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (character === mark) out += `\\${mark}`;
    else if (named[character] !== undefined) out += named[character];
    else if (point < 0x7f && point >= 0x20) out += character;
    else if (!asciiOnly && point > 0x7f && printable.test(character)) out += character;
    else if (point < 0x80) out += `\\x${point.toString(16).padStart(2, "0")}`;
    else if (point < 0x10000) out += `\\u${point.toString(16).padStart(4, "0")}`;
    else out += `\\U${point.toString(16).padStart(8, "0")}`;
  }
  return out + mark;
}

import { fromBytes } from "./bytes.ts";
import { limitReached } from "./errors.ts";
import { Formatter } from "./formatter.ts";
import {
  GoByte,
  GoBytes,
  GoComplex,
  GoFloat,
  GoMap,
  GoSlice,
  GoStruct,
  type GoValue,
  typeName,
} from "./values.ts";

/** Values nested deeper come from nowhere but an attack. */
const maxDepth = 200;

/** Go would show where in memory something is; that says nothing and differs from run to run. */
const address = "0xc000000000";

/** Values as Go's fmt prints them for one verb. */
export class Printer extends Formatter {
  #isFailing = false;

  /** Prints an argument of printf. */
  argument(value: GoValue, verb: string): void {
    if (verb === "T") {
      this.string(typeName(value));
      return;
    }
    if (value === null) {
      if (verb === "v") this.pad("<nil>");
      else this.#badVerb(value, verb);
      return;
    }
    if (verb === "p") {
      this.#pointer(value, verb);
      return;
    }
    this.#value(value, verb, 0);
  }

  #value(value: GoValue, verb: string, depth: number): void {
    if (depth > maxDepth) throw limitReached("a value it prints is nested too deeply");
    switch (typeof value) {
      case "boolean":
        if (verb === "t" || verb === "v") this.pad(String(value));
        else this.#badVerb(value, verb);
        return;
      case "number":
      case "bigint":
        this.#integer(value, BigInt(value), verb);
        return;
      case "string":
        this.#string(value, value, verb);
        return;
      default:
        if (value === null) this.write(this.flags.sharpV ? "interface {}(nil)" : "<nil>");
        else this.#object(value, verb, depth);
    }
  }

  #object(
    value: Exclude<GoValue, null | boolean | number | bigint | string>,
    verb: string,
    depth: number,
  ): void {
    if (value instanceof GoFloat) {
      this.#float(value, value.value, verb);
      return;
    }
    if (value instanceof GoByte) {
      this.#byte(value, verb);
      return;
    }
    if (value instanceof GoComplex) {
      this.#complex(value, verb);
      return;
    }
    if (value instanceof GoBytes) {
      this.#bytes(value, verb);
      return;
    }
    if (this.#printsItself(value, verb)) return;
    if (value instanceof GoSlice) this.#slice(value, verb, depth);
    else if (value instanceof GoMap) this.#map(value, verb, depth);
    else this.#struct(value, verb, depth);
  }

  /** A type with `String()` shows that for the verbs of text, unless it stands in a complaint; `%w` is for errors alone. */
  #printsItself(value: GoSlice | GoMap | GoStruct, verb: string): boolean {
    if (this.#isFailing) return false;
    if (verb === "w") {
      this.#badVerb(value, verb);
      return true;
    }
    if (this.flags.sharpV || !"vsxXq".includes(verb)) return false;
    const text = stringOf(value);
    if (text === undefined) return false;
    this.#string(value, text, verb);
    return true;
  }

  #string(value: GoValue, text: string, verb: string): void {
    switch (verb) {
      case "v":
        this.flags.sharpV ? this.quoted(text) : this.string(text);
        return;
      case "s":
        this.string(text);
        return;
      case "x":
      case "X":
        this.hexadecimal(text, verb === "X");
        return;
      case "q":
        this.quoted(text);
        return;
      default:
        this.#badVerb(value, verb);
        return;
    }
  }

  #integer(value: GoValue, whole: bigint, verb: string): void {
    switch (verb) {
      case "v":
      case "d":
        this.integer(whole, 10, verb);
        return;
      case "b":
        this.integer(whole, 2, verb);
        return;
      case "o":
      case "O":
        this.integer(whole, 8, verb);
        return;
      case "x":
      case "X":
        this.integer(whole, 16, verb);
        return;
      case "c":
        this.character(whole);
        return;
      case "q":
        this.quotedCharacter(whole);
        return;
      case "U":
        this.unicode(whole);
        return;
      default:
        this.#badVerb(value, verb);
        return;
    }
  }

  #byte(value: GoByte, verb: string): void {
    if (verb !== "v" || !this.flags.sharpV) {
      this.#integer(value, BigInt(value.value), verb);
      return;
    }
    this.#hexByte(value.value);
  }

  #hexByte(byte: number): void {
    const { sharp } = this.flags;
    this.flags.sharp = true;
    this.integer(BigInt(byte), 16, "v");
    this.flags.sharp = sharp;
  }

  #float(value: GoValue, float: number, verb: string): void {
    switch (verb) {
      case "v":
        this.float(float, "g", undefined);
        return;
      case "b":
      case "g":
      case "G":
      case "x":
      case "X":
        this.float(float, verb, undefined);
        return;
      case "f":
      case "e":
      case "E":
        this.float(float, verb, 6);
        return;
      case "F":
        this.float(float, "f", 6);
        return;
      default:
        this.#badVerb(value, verb);
        return;
    }
  }

  #complex(value: GoComplex, verb: string): void {
    if (!"vbgGxXfFeE".includes(verb)) {
      this.#badVerb(value, verb);
      return;
    }
    const { plus } = this.flags;
    this.write("(");
    this.#float(value, value.real, verb);
    this.flags.plus = true;
    this.#float(value, value.imaginary, verb);
    this.write("i)");
    this.flags.plus = plus;
  }

  #bytes(value: GoBytes, verb: string): void {
    switch (verb) {
      case "s":
        this.string(textOf(value));
        return;
      case "q":
        this.quoted(textOf(value));
        return;
      case "x":
      case "X":
        this.hexadecimal(value.bytes, verb === "X");
        return;
      default:
        this.#list(value.type.name, [...value.bytes], (byte) => this.#byte(new GoByte(byte), verb));
        return;
    }
  }

  #slice(value: GoSlice, verb: string, depth: number): void {
    if (this.flags.sharpV && value.isNil) {
      this.write(`${value.type.name}(nil)`);
      return;
    }
    this.#list(value.type.name, [...value], (item) => this.#value(item, verb, depth + 1));
  }

  #list<TItem>(name: string, items: readonly TItem[], print: (item: TItem) => void): void {
    const { sharpV } = this.flags;
    this.write(sharpV ? `${name}{` : "[");
    for (const [index, item] of items.entries()) {
      if (index > 0) this.write(sharpV ? ", " : " ");
      print(item);
    }
    this.write(sharpV ? "}" : "]");
  }

  #map(value: GoMap, verb: string, depth: number): void {
    const { sharpV } = this.flags;
    if (sharpV && value.isNil) {
      this.write(`${value.type.name}(nil)`);
      return;
    }
    this.write(sharpV ? `${value.type.name}{` : "map[");
    for (const [index, key] of value.sortedKeys().entries()) {
      if (index > 0) this.write(sharpV ? ", " : " ");
      this.#string(key, key, verb);
      this.write(":");
      this.#value(value.get(key) ?? null, verb, depth + 1);
    }
    this.write(sharpV ? "}" : "]");
  }

  #struct(value: GoStruct, verb: string, depth: number): void {
    const { sharpV, plusV } = this.flags;
    const { isPointer, name, fields } = value.type;
    if (isPointer && (depth > 0 || value.isNil)) {
      this.#pointer(value, verb);
      return;
    }
    if (isPointer) this.write("&");
    this.write(sharpV ? `${name}{` : "{");
    let isFirst = true;
    for (const field of fields.keys()) {
      if (!isFirst) this.write(sharpV ? ", " : " ");
      isFirst = false;
      if (plusV || sharpV) this.write(`${field}:`);
      this.#value(value.field(field) ?? null, verb, depth + 1);
    }
    this.write("}");
  }

  #pointer(value: GoValue, verb: string): void {
    const isNil = (value instanceof GoStruct || value instanceof GoSlice) && value.isNil;
    const hasAddress = value instanceof GoSlice || value instanceof GoMap || value instanceof GoBytes;
    const isPointer = hasAddress || (value instanceof GoStruct && value.type.isPointer);
    if (!isPointer || !"vpbodxX".includes(verb)) this.#badVerb(value, verb);
    else if (this.flags.sharpV) this.write(`(${typeName(value)})(${isNil ? "nil" : address})`);
    else if (!isNil) this.pad(address);
    else if (verb === "v") this.pad("<nil>");
    else if (verb === "p") this.pad("0x0");
    else this.#integer(value, 0n, verb);
  }

  #badVerb(value: GoValue, verb: string): void {
    this.#isFailing = true;
    this.write(`%!${verb}(`);
    if (value === null) this.write("<nil>");
    else {
      this.write(`${typeName(value)}=`);
      this.#value(value, "v", 0);
    }
    this.write(")");
    this.#isFailing = false;
  }
}

/** What a value's own `String()` gives; undefined where it has none. */
function stringOf(value: GoSlice | GoMap | GoStruct): string | undefined {
  if (value instanceof GoSlice) return value.type.string?.(value);
  if (value instanceof GoMap) return value.type.string?.(value);
  return value.isNil ? undefined : value.type.string?.(value);
}

function textOf(value: GoBytes): string {
  return fromBytes(value.bytes);
}

/** Go's `%v`. */
export function printValue(value: GoValue): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    default: {
      if (value === null) return "<nil>";
      if (value instanceof GoSlice || value instanceof GoMap || value instanceof GoStruct) {
        const text = stringOf(value);
        if (text !== undefined) return text;
      }
      const printer = new Printer();
      printer.argument(value, "v");
      return printer.text;
    }
  }
}

/** Go's `%s`. */
export function printText(value: GoValue): string {
  const printer = new Printer();
  printer.argument(value, "s");
  return printer.text;
}

/** What an action shows: as `%v`, but pointers show what they point to. */
export function printShown(value: GoValue | undefined): string {
  if (value === undefined) return "<no value>";
  const text = printValue(value);
  return value instanceof GoStruct && value.type.isPointer && text.startsWith("&") ? text.slice(1) : text;
}

/** Go's fmt.Sprint: a blank between two operands where neither is a string. */
export function sprint(values: readonly GoValue[]): string {
  let out = "";
  for (const [index, value] of values.entries()) {
    if (index > 0 && typeof value !== "string" && typeof values[index - 1] !== "string") out += " ";
    out += printValue(value);
  }
  return out;
}

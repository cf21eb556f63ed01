/**
 * Go values as templates see them. An int is a bigint and a float64 a number, so that `1` and `1.0` stay apart;
 * nil is null. Everything with fields, elements or methods is one of the classes below.
 */
export type GoValue = null | boolean | bigint | number | string | GoComplex | GoSlice | GoMap | GoStruct;

export class GoComplex {
  readonly real: number;
  readonly imaginary: number;

  constructor(real: number, imaginary: number) {
    this.real = real;
    this.imaginary = imaginary;
  }
}

interface Behaviour {
  /** Go's `String()`: what printing shows, and the method templates may call. */
  readonly string?: () => string;
  /** Encoding as JSON where it differs from the plain one of the elements. */
  readonly json?: () => string;
}

export class GoSlice {
  readonly items: readonly GoValue[];
  /** As `%T` prints it. */
  readonly typeName: string;
  /** A nil slice prints and counts as empty, and is `null` in JSON. */
  readonly isNil: boolean;
  readonly behaviour: Behaviour;

  constructor(items: readonly GoValue[] | null, typeName = "[]interface {}", behaviour: Behaviour = {}) {
    this.items = items ?? [];
    this.isNil = items === null;
    this.typeName = typeName;
    this.behaviour = behaviour;
  }
}

export class GoMap {
  readonly entries: ReadonlyMap<string, GoValue>;
  readonly typeName: string;
  readonly isNil: boolean;
  readonly behaviour: Behaviour;

  constructor(
    entries: ReadonlyMap<string, GoValue> | null,
    typeName = "map[string]interface {}",
    behaviour: Behaviour = {},
  ) {
    this.entries = entries ?? new Map();
    this.isNil = entries === null;
    this.typeName = typeName;
    this.behaviour = behaviour;
  }

  /** Keys in the order in which Go ranges over and prints maps. */
  sortedKeys(): string[] {
    return [...this.entries.keys()].sort(compareBytes);
  }
}

export class GoStruct {
  readonly fields: ReadonlyMap<string, GoValue>;
  readonly typeName: string;
  /** A pointer to the struct rather than the struct itself: shows in type names and in `%v`. */
  readonly isPointer: boolean;
  /** A pointer to nothing: false, without fields, printed as `<nil>`. */
  readonly isNil: boolean;
  readonly methods: ReadonlyMap<string, () => GoValue>;
  readonly behaviour: Behaviour;

  constructor(
    typeName: string,
    fields: readonly (readonly [string, GoValue])[],
    options: Behaviour & {
      readonly isPointer?: boolean;
      readonly isNil?: boolean;
      readonly methods?: ReadonlyMap<string, () => GoValue>;
    } = {},
  ) {
    this.isNil = options.isNil ?? false;
    this.fields = new Map(fields);
    this.typeName = typeName;
    this.isPointer = options.isPointer ?? false;
    this.methods = options.methods ?? noMethods;
    this.behaviour = options;
  }
}

const noMethods: ReadonlyMap<string, () => GoValue> = new Map();

/** Order of Go strings: by UTF-8 bytes, which is the order of code points. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  const left = [...a];
  const right = [...b];
  for (let index = 0; index < left.length && index < right.length; index++) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** The value of decoded JSON, as Go's `any` holds it: every number is a float64. */
export function fromJson(value: unknown): GoValue {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case "boolean":
    case "number":
    case "string":
      return value;
    case "bigint":
      return Number(value);
    default:
      if (Array.isArray(value)) return new GoSlice(value.map(fromJson));
      return new GoMap(new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item)])));
  }
}

/** Go's truth: not the zero of its kind, not empty, not nil. */
export function isTrue(value: GoValue): boolean {
  if (value === null) return false;
  switch (typeof value) {
    case "boolean":
      return value;
    case "bigint":
      return value !== 0n;
    case "number":
      return value !== 0;
    case "string":
      return value !== "";
    default:
      if (value instanceof GoSlice) return value.items.length > 0;
      if (value instanceof GoMap) return value.entries.size > 0;
      if (value instanceof GoComplex) return value.real !== 0 || value.imaginary !== 0;
      return !value.isNil;
  }
}

/** Name of the type, as `%T` and error texts have it. */
export function typeName(value: GoValue): string {
  if (value === null) return "<nil>";
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "float64";
    case "string":
      return "string";
    default:
      if (value instanceof GoComplex) return "complex128";
      if (value instanceof GoStruct && value.isPointer) return `*${value.typeName}`;
      return value.typeName;
  }
}

const utf8 = new TextEncoder();
const utf8Text = new TextDecoder();
const asciiOnly = /^[\x00-\x7f]*$/;

/** Length of a string in bytes. */
export function byteLength(text: string): number {
  return asciiOnly.test(text) ? text.length : utf8.encode(text).length;
}

/** Part of a string by byte positions; half characters at the ends become U+FFFD. */
export function sliceBytes(text: string, from: number, to: number): string {
  return asciiOnly.test(text) ? text.slice(from, to) : utf8Text.decode(utf8.encode(text).subarray(from, to));
}

export function byteAt(text: string, index: number): number {
  return (asciiOnly.test(text) ? text.charCodeAt(index) : utf8.encode(text)[index]) ?? 0;
}

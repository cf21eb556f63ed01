import { byteLength, compareBytes } from "./bytes.ts";

/**
 * Go values as templates see them. An int is a number, or a bigint beyond 2^53; nil is null.
 * What else has a type of its own in Go is one of the classes below.
 */
export type GoValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | GoFloat
  | GoByte
  | GoComplex
  | GoBytes
  | GoSlice
  | GoMap
  | GoStruct;

/** A float64. */
export class GoFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A uint8: one byte of a string or of bytes. */
export class GoByte {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A complex128, as the literals of a template may write it. */
export class GoComplex {
  readonly real: number;
  readonly imaginary: number;

  constructor(real: number, imaginary: number) {
    this.real = real;
    this.imaginary = imaginary;
  }
}

/** What values of one Go type have in common. */
export interface GoType<TValue extends GoValue = GoValue> {
  /** As `%T` prints it. */
  readonly name: string;
  /** Go's `String()`: what printing shows, and a method that templates may call. */
  readonly string?: (value: TValue) => string;
  /** Its JSON, where that is not the plain one of its elements. */
  readonly json?: (value: TValue) => string;
}

const anySlice: GoType<GoSlice> = { name: "[]interface {}" };

/** A slice over a list whose items become Go values when they are asked for. */
export class GoSlice {
  readonly type: GoType<GoSlice>;
  readonly isNil: boolean;
  #source: readonly unknown[];
  #convert: ((value: unknown) => GoValue) | undefined;
  #start = 0;
  #length: number;

  /** @param items  `null` makes a nil slice, which is empty and `null` in JSON */
  constructor(items: readonly GoValue[] | null, type: GoType<GoSlice> = anySlice) {
    this.type = type;
    this.isNil = items === null;
    this.#source = items ?? [];
    this.#convert = undefined;
    this.#length = this.#source.length;
  }

  /** @param convert  what becomes of an item; `fromJson` for decoded JSON */
  static from<TItem>(
    source: readonly TItem[] | null,
    convert: (value: TItem) => GoValue,
    type: GoType<GoSlice> = anySlice,
  ): GoSlice {
    const slice = new GoSlice(source && [], type);
    if (source === null) return slice;
    slice.#source = source;
    slice.#length = source.length;
    // `convert` only ever gets items of the list beside it.
    slice.#convert = convert as (value: unknown) => GoValue;
    return slice;
  }

  get length(): number {
    return this.#length;
  }

  /** How far a part may reach beyond the end, as in Go. */
  get capacity(): number {
    return this.#source.length - this.#start;
  }

  /** The item at a place from 0; the caller keeps within `length`. */
  at(index: number): GoValue {
    const item = this.#source[this.#start + index];
    if (this.#convert !== undefined) return this.#convert(item);
    // Without `convert` the list was given as Go values.
    return (item ?? null) as GoValue;
  }

  /** A part of it that shares the items. */
  slice(from: number, to: number): GoSlice {
    const part = new GoSlice(this.isNil ? null : noItems, this.type);
    part.#source = this.#source;
    part.#convert = this.#convert;
    part.#start = this.#start + from;
    part.#length = to - from;
    return part;
  }

  *[Symbol.iterator](): Iterator<GoValue> {
    for (let index = 0; index < this.#length; index++) yield this.at(index);
  }

  /** The decoded JSON it holds, if it holds nothing else. */
  get json(): readonly unknown[] | undefined {
    return this.#convert === fromJson
      ? this.#source.slice(this.#start, this.#start + this.#length)
      : undefined;
  }
}

const noItems: readonly GoValue[] = [];

/** Bytes, kept as the base64 they came as until something looks into them. */
export class GoBytes {
  readonly type: GoType<GoBytes>;
  readonly base64: string;
  #bytes: Uint8Array | undefined;

  constructor(base64: string, type: GoType<GoBytes> = { name: "[]uint8" }) {
    this.base64 = base64;
    this.type = type;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= Uint8Array.from(atob(this.base64), (character) => character.charCodeAt(0));
    return this.#bytes;
  }
}

export interface GoMapType extends GoType<GoMap> {
  /** What a missing key gives; nil. */
  readonly zero?: () => GoValue;
  /** The elements are of type `any`, which error texts show. Default true. */
  readonly holdsAny?: boolean;
}

const anyMap: GoMapType = { name: "map[string]interface {}" };

/** A map with strings for keys, over a record whose values become Go values when they are asked for. */
export class GoMap {
  readonly type: GoMapType;
  /** Null makes a nil map, which is empty and `null` in JSON. */
  readonly source: Readonly<Record<string, unknown>> | null;
  readonly #convert: (value: unknown) => GoValue;

  private constructor(source: GoMap["source"], convert: (value: unknown) => GoValue, type: GoMapType) {
    this.source = source;
    this.#convert = convert;
    this.type = type;
  }

  static of(fields: Readonly<Record<string, GoValue>>, type: GoMapType = anyMap): GoMap {
    // `convert` only ever gets values of the record beside it.
    return new GoMap(fields, (value) => value as GoValue, type);
  }

  /** @param convert  what becomes of a value of the record; `fromJson` for decoded JSON */
  static from<TItem>(
    source: Readonly<Record<string, TItem>> | null,
    convert: (value: TItem) => GoValue,
    type: GoMapType = anyMap,
  ): GoMap {
    // `convert` only ever gets values of the record beside it.
    return new GoMap(source, convert as (value: unknown) => GoValue, type);
  }

  get isNil(): boolean {
    return this.source === null;
  }

  get size(): number {
    return this.source === null ? 0 : Object.keys(this.source).length;
  }

  /**
   * Value under one key.
   * @returns undefined where there is no such key
   */
  get(key: string): GoValue | undefined {
    if (this.source === null || !Object.hasOwn(this.source, key)) return undefined;
    return this.#convert(this.source[key]);
  }

  /** Keys in the order in which Go ranges over and prints maps. */
  sortedKeys(): string[] {
    return this.source === null ? [] : Object.keys(this.source).sort(compareBytes);
  }

  /** The decoded JSON it holds, if it holds nothing else. */
  get json(): Readonly<Record<string, unknown>> | undefined {
    return this.#convert === fromJson ? (this.source ?? undefined) : undefined;
  }
}

type Source = object | null;

/** A struct type over the objects of one kind: each field says how it is read from such an object. */
export class GoStructType<TSource extends object> {
  readonly name: string;
  readonly fields: ReadonlyMap<string, (source: TSource) => GoValue>;
  /** The values are pointers to the struct: shows in type names and when they are printed. */
  readonly isPointer: boolean;
  readonly string: ((value: GoStruct) => string) | undefined;
  readonly json: ((value: GoStruct) => string) | undefined;
  /** Methods without arguments. */
  readonly methods: ReadonlyMap<string, (value: GoStruct) => GoValue>;

  constructor(
    name: string,
    fields: Readonly<Record<string, (source: TSource) => GoValue>>,
    behaviour: {
      readonly isPointer?: boolean;
      readonly string?: (source: TSource) => string;
      readonly json?: (source: TSource) => string;
      readonly methods?: Readonly<Record<string, (source: TSource) => GoValue>>;
    } = {},
  ) {
    const { string, json, methods = {} } = behaviour;
    // A value of this type is only made by `of`, so its source is a TSource.
    const bind =
      <TResult>(read: (source: TSource) => TResult) =>
      (value: GoStruct) =>
        read(value.source as TSource);
    this.name = name;
    this.fields = new Map(Object.entries(fields));
    this.isPointer = behaviour.isPointer ?? false;
    this.string = string && bind(string);
    this.json = json && bind(json);
    this.methods = new Map(Object.entries(methods).map(([key, method]) => [key, bind(method)]));
  }

  /**
   * A value of this type.
   * @param source  null makes a nil pointer
   */
  of(source: TSource | null): GoStruct {
    // The fields are only ever called with the source stored beside them.
    return new GoStruct(this as unknown as GoStructType<object>, source);
  }
}

/** A value of a struct type, or a nil pointer to one; made by `GoStructType.of`. */
export class GoStruct {
  readonly type: GoStructType<object>;
  readonly source: Source;

  constructor(type: GoStructType<object>, source: Source) {
    this.type = type;
    this.source = source;
  }

  get isNil(): boolean {
    return this.source === null;
  }

  /**
   * Value of one field.
   * @returns undefined where the type has no such field, or there is nothing to read it from
   */
  field(name: string): GoValue | undefined {
    return this.source === null ? undefined : this.type.fields.get(name)?.(this.source);
  }
}

/** The value of decoded JSON, as Go's `any` holds it: every number is a float64. */
export function fromJson(value: unknown): GoValue {
  switch (typeof value) {
    case "boolean":
      return value;
    case "string":
      return value.toWellFormed();
    case "number":
    case "bigint":
      return new GoFloat(Number(value));
    case "object":
      if (value === null) return null;
      if (Array.isArray(value)) return GoSlice.from<unknown>(value, fromJson);
      // Own enumerable keys of an object are all that is looked at.
      return GoMap.from(value as Record<string, unknown>, fromJson);
    default:
      return null;
  }
}

/** Go's truth: not the zero of its kind, not empty, not nil. */
export function isTrue(value: GoValue | undefined): boolean {
  switch (typeof value) {
    case "boolean":
      return value;
    case "number":
      return value !== 0;
    case "bigint":
    case "undefined":
      return value !== undefined;
    case "string":
      return value !== "";
    default:
      if (value === null) return false;
      if (value instanceof GoStruct) return value.source !== null;
      if (value instanceof GoSlice) return value.length > 0;
      if (value instanceof GoMap) return value.size > 0;
      if (value instanceof GoBytes) return value.base64 !== "";
      if (value instanceof GoComplex) return value.real !== 0 || value.imaginary !== 0;
      return value.value !== 0;
  }
}

/** Name of the type, as `%T` and error texts have it. */
export function typeName(value: GoValue): string {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "number":
    case "bigint":
      return "int";
    case "string":
      return "string";
    default:
      if (value === null) return "<nil>";
      if (value instanceof GoFloat) return "float64";
      if (value instanceof GoByte) return "uint8";
      if (value instanceof GoComplex) return "complex128";
      if (value instanceof GoStruct && value.type.isPointer) return `*${value.type.name}`;
      return value.type.name;
  }
}

/** Type of what a pointer points to. */
export function pointedTypeName(value: GoValue): string {
  return value instanceof GoStruct && value.source !== null ? value.type.name : typeName(value);
}

/** Number of elements, of bytes for a string; undefined for what has no length. */
export function lengthOf(value: GoValue): number | undefined {
  if (typeof value === "string") return byteLength(value);
  if (value instanceof GoSlice) return value.length;
  if (value instanceof GoMap) return value.size;
  if (value instanceof GoBytes) return value.bytes.length;
  return undefined;
}

import { GrammarError } from "../errors.ts";

export type SchemaObject = Readonly<Record<string, unknown>>;

/** One schema in its document. Two nodes are the same when their pointers are. */
export interface SchemaNode {
  readonly schema: boolean | SchemaObject;
  /** JSON pointer from the root of the document; synthetic schemas have made-up ones. */
  readonly pointer: string;
  /** URI that references in it are relative to. */
  readonly base: string;
}

// Keywords whose values are data, whatever they look like.
const dataKeywords: ReadonlySet<string> = new Set(["const", "enum", "default", "examples"]);
const rootBase = "schema:///";
/** Guards the stack against schemas that are nested to attack it (CVE-2026-2069). */
const maxNesting = 200;

/** Finds what the references of a schema document mean. Nothing is ever fetched. */
export class SchemaDocument {
  readonly root: SchemaNode;
  /** By absolute URI: documents within the document, and their anchors. */
  readonly #targets = new Map<string, SchemaNode>();
  readonly #dynamicAnchors = new Map<string, SchemaNode[]>();

  /** @throws GrammarError `SCHEMA_INVALID` */
  constructor(schema: unknown) {
    this.root = this.#register(schema, "", rootBase, 0);
    this.#targets.set(rootBase, this.root);
  }

  /** The schema under keywords of a schema. @throws GrammarError `SCHEMA_INVALID` when there is none */
  child(node: SchemaNode, ...path: readonly (string | number)[]): SchemaNode {
    let value: unknown = node.schema;
    let pointer = node.pointer;
    for (const key of path) {
      value = isRecord(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined;
      pointer += `/${escapePointer(String(key))}`;
    }
    return this.#node(value, pointer, node.base);
  }

  /** A schema that stands nowhere in the document, as a part of another's meaning. */
  synthetic(parent: SchemaNode, name: string, schema: boolean | SchemaObject): SchemaNode {
    return { schema, pointer: `${parent.pointer}/~${name}`, base: parent.base };
  }

  /** @throws GrammarError `SCHEMA_UNSUPPORTED` for what lies outside, `SCHEMA_INVALID` for what is nowhere */
  resolve(node: SchemaNode, reference: string): SchemaNode {
    const uri = resolveUri(reference, node.base);
    const [document = "", fragment = ""] = splitUri(uri);
    const direct = this.#targets.get(uri) ?? (fragment === "" ? this.#targets.get(document) : undefined);
    if (direct !== undefined) return direct;
    const start = this.#targets.get(document);
    if (start === undefined) {
      throw new GrammarError(
        "SCHEMA_UNSUPPORTED",
        `The schema refers to ${reference}, which lies outside of it; nothing is fetched, so put it under $defs`,
        { details: { pointer: node.pointer, keyword: "$ref" } },
      );
    }
    if (!fragment.startsWith("/")) this.#missing(node, reference);
    const path = decodeFragment(fragment).slice(1).split("/").map(unescapePointer);
    return this.#follow(start, path) ?? this.#missing(node, reference);
  }

  /** A dynamic reference can be followed where only one anchor could be meant. */
  resolveDynamic(node: SchemaNode, reference: string): SchemaNode {
    const candidates = this.#dynamicAnchors.get(reference.slice(reference.indexOf("#") + 1)) ?? [];
    if (candidates.length > 1) {
      throw new GrammarError(
        "SCHEMA_UNSUPPORTED",
        `The schema's $dynamicRef ${reference} has more than one target`,
        {
          details: { pointer: node.pointer, keyword: "$dynamicRef" },
        },
      );
    }
    return this.resolve(node, reference);
  }

  #follow(start: SchemaNode, path: readonly string[]): SchemaNode | undefined {
    let value: unknown = start.schema;
    let { base, pointer } = start;
    for (const key of path) {
      if (!(isRecord(value) || Array.isArray(value)) || !Object.hasOwn(value, key)) return undefined;
      value = Reflect.get(value, key);
      pointer += `/${escapePointer(key)}`;
      base = baseOf(value, base);
    }
    return this.#node(value, pointer, base);
  }

  #node(value: unknown, pointer: string, base: string): SchemaNode {
    if (typeof value !== "boolean" && !isRecord(value)) {
      throw new GrammarError("SCHEMA_INVALID", `The schema has something that is no schema at #${pointer}`, {
        details: { pointer },
      });
    }
    return { schema: value, pointer, base: baseOf(value, base) };
  }

  #register(value: unknown, pointer: string, base: string, depth: number): SchemaNode {
    const node = this.#node(value, pointer, base);
    this.#walk(value, pointer, base, depth);
    return node;
  }

  #walk(value: unknown, pointer: string, base: string, depth: number): void {
    if (depth > maxNesting) tooDeep();
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.#walk(item, `${pointer}/${index}`, base, depth + 1);
      return;
    }
    if (!isRecord(value)) return;
    const inner = baseOf(value, base);
    const node: SchemaNode = { schema: value, pointer, base: inner };
    if (inner !== base) this.#targets.set(inner, node);
    for (const keyword of ["$anchor", "$dynamicAnchor"] as const) {
      const anchor = value[keyword];
      if (typeof anchor !== "string") continue;
      this.#targets.set(resolveUri(`#${anchor}`, inner), node);
      if (keyword === "$dynamicAnchor") {
        this.#dynamicAnchors.set(anchor, [...(this.#dynamicAnchors.get(anchor) ?? []), node]);
      }
    }
    for (const [key, item] of Object.entries(value)) {
      if (dataKeywords.has(key)) checkNesting(item, depth + 1);
      else this.#walk(item, `${pointer}/${escapePointer(key)}`, inner, depth + 1);
    }
  }

  #missing(node: SchemaNode, reference: string): never {
    throw new GrammarError("SCHEMA_INVALID", `The schema refers to ${reference}, which is not in it`, {
      details: { pointer: node.pointer, keyword: "$ref" },
    });
  }
}

/** Fixed values are written out and compared by recursion, too. */
function checkNesting(value: unknown, depth: number): void {
  if (depth > maxNesting) tooDeep();
  if (typeof value !== "object" || value === null) return;
  for (const item of Object.values(value)) checkNesting(item, depth + 1);
}

function tooDeep(): never {
  throw new GrammarError("GRAMMAR_LIMIT", `The schema is nested more than ${maxNesting} levels deep`);
}

export function isRecord(value: unknown): value is SchemaObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function baseOf(value: unknown, base: string): string {
  if (!isRecord(value)) return base;
  const id = value["$id"];
  return typeof id === "string" ? (splitUri(resolveUri(id, base))[0] ?? base) : base;
}

function resolveUri(reference: string, base: string): string {
  if (reference.startsWith("#")) return `${splitUri(base)[0]}${reference === "#" ? "" : reference}`;
  try {
    return new URL(reference, base).href.replace(/#$/, "");
  } catch {
    return reference;
  }
}

function splitUri(uri: string): readonly [string, string] {
  const at = uri.indexOf("#");
  return at === -1 ? [uri, ""] : [uri.slice(0, at), uri.slice(at + 1)];
}

function decodeFragment(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function unescapePointer(key: string): string {
  return key.replaceAll("~1", "/").replaceAll("~0", "~");
}

import { ProtocolError } from "./protocol-error.ts";

/** Stands where a separator has nothing beside it (`a/`, `:tag`); makes the name invalid. Seen in Ollama's error texts. */
const missingPart = "!MISSING!";

// A name of its own, not read off `defaults`: bundlers keep a class whose static field reads a property.
const defaultHost = "registry.ollama.ai";

const defaults = {
  scheme: "https",
  host: defaultHost,
  namespace: "library",
  tag: "latest",
} as const;

/** Longest part in bytes: a host name with port, and what file systems and registries bear. */
const maxHostBytes = 350;
const maxPartBytes = 80;

// ASCII only, so a match also proves that characters = bytes, and no look-alike letter of another script passes.
// `..` can only follow another character: no part is `.` or `..`, so joined parts cannot climb out of a folder.
const hostPattern = /^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/;
const namespacePattern = /^[A-Za-z0-9_][A-Za-z0-9_-]*$/;
const plainPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** Parts as written; "" where absent. */
export interface ModelNameParts {
  readonly scheme: string;
  readonly host: string;
  readonly namespace: string;
  readonly model: string;
  readonly tag: string;
}

/**
 * Name of a model: `[scheme://][host/][namespace/]model[:tag]`. Immutable; parts keep their case.
 * Parsing accepts any text; ask `isValid()` before a name becomes a path or URL (`manifestPath` and
 * `baseUrl` throw otherwise).
 * @source ollama types/model/name.go
 */
export class ModelName implements ModelNameParts {
  /** Of the public registry: what a name without a host means. */
  static readonly defaultHost: string = defaultHost;
  readonly scheme: string;
  readonly host: string;
  readonly namespace: string;
  readonly model: string;
  readonly tag: string;

  constructor(parts: Partial<ModelNameParts>) {
    this.scheme = parts.scheme ?? "";
    this.host = parts.host ?? "";
    this.namespace = parts.namespace ?? "";
    this.model = parts.model ?? "";
    this.tag = parts.tag ?? "";
    Object.freeze(this);
  }

  /** Parses and fills absent parts: `https`, `registry.ollama.ai`, `library`, `latest`. Never throws. */
  static parse(text: string): ModelName {
    return ModelName.parseBare(text).withDefaults();
  }

  /** Parses without filling absent parts. Never throws. */
  static parseBare(text: string): ModelName {
    let rest = text;
    let tag = "";
    // A `/` is no tag character, so a `:` before the last `/` belongs to the host.
    if (rest.lastIndexOf(":") > rest.lastIndexOf("/")) [rest, tag] = cutAtLast(rest, ":");
    if (!rest.includes("/")) return new ModelName({ model: rest, tag });
    const [beforeModel, model] = cutAtLast(rest, "/");
    if (!beforeModel.includes("/")) return new ModelName({ namespace: beforeModel, model, tag });
    const [origin, namespace] = cutAtLast(beforeModel, "/");
    const schemeEnd = origin.indexOf("://");
    if (schemeEnd < 0) return new ModelName({ host: origin, namespace, model, tag });
    return new ModelName({
      scheme: origin.slice(0, schemeEnd),
      host: origin.slice(schemeEnd + 3),
      namespace,
      model,
      tag,
    });
  }

  /**
   * Parses and checks.
   * @throws ProtocolError `INVALID_NAME`
   */
  static parseValid(text: string): ModelName {
    const name = ModelName.parse(text);
    if (!name.isValid())
      throw new ProtocolError("INVALID_NAME", "invalid model name", { details: { name: text } });
    return name;
  }

  /**
   * The inverse of `manifestPath`; either separator.
   * @returns undefined unless the path is exactly four valid parts
   */
  static fromManifestPath(path: string): ModelName | undefined {
    const parts = path.split(/[\\/]/);
    if (parts.length !== 4) return undefined;
    const [host, namespace, model, tag] = parts;
    const name = new ModelName({
      scheme: defaults.scheme,
      host: host ?? "",
      namespace: namespace ?? "",
      model: model ?? "",
      tag: tag ?? "",
    });
    return name.isValid() ? name : undefined;
  }

  /** Fills absent parts from `other`, or from the public registry's defaults. */
  withDefaults(other: Partial<ModelNameParts> = defaults): ModelName {
    return new ModelName({
      scheme: this.scheme || (other.scheme ?? ""),
      host: this.host || (other.host ?? ""),
      namespace: this.namespace || (other.namespace ?? ""),
      model: this.model || (other.model ?? ""),
      tag: this.tag || (other.tag ?? ""),
    });
  }

  /** Every part but the scheme is there and harmless as a path segment. */
  isValid(): boolean {
    return (
      isHost(this.host) && isNamespace(this.namespace) && isPlainPart(this.model) && isPlainPart(this.tag)
    );
  }

  /** `host/namespace/model:tag` with absent parts left out; the scheme is never shown. */
  toString(): string {
    const host = this.host === "" ? "" : `${this.host}/`;
    const namespace = this.namespace === "" ? "" : `${this.namespace}/`;
    return `${host}${namespace}${this.model}${this.tag === "" ? "" : `:${this.tag}`}`;
  }

  /** Shortest form that parses to the same name: the host and namespace only where they are not the default. */
  toShortString(): string {
    const model = `${this.model}:${this.tag}`;
    if (!equalsIgnoringCase(this.host, defaults.host)) return `${this.host}/${this.namespace}/${model}`;
    if (!equalsIgnoringCase(this.namespace, defaults.namespace)) return `${this.namespace}/${model}`;
    return model;
  }

  /** The whole name, as `toString` gives it. */
  toJSON(): string {
    return this.toString();
  }

  /** `namespace/model`, as registries address a repository. */
  get namespaceModel(): string {
    return `${this.namespace}/${this.model}`;
  }

  /** `scheme://host`, without a path. @throws ProtocolError `INVALID_NAME` */
  get baseUrl(): string {
    this.#assertValid();
    return `${this.scheme}://${this.host}`;
  }

  /** `host/namespace/model/tag` below the manifests folder, always with `/`. @throws ProtocolError `INVALID_NAME` */
  get manifestPath(): string {
    return this.manifestPathParts.join("/");
  }

  /** The four folder and file names of `manifestPath`. @throws ProtocolError `INVALID_NAME` */
  get manifestPathParts(): readonly [host: string, namespace: string, model: string, tag: string] {
    this.#assertValid();
    return [this.host, this.namespace, this.model, this.tag];
  }

  /** Same model whatever the case of its parts and the scheme. */
  equalsIgnoringCase(other: ModelName): boolean {
    return equalsIgnoringCase(this.toString(), other.toString());
  }

  #assertValid(): void {
    if (!this.isValid()) {
      throw new ProtocolError("INVALID_NAME", "invalid model name", { details: { name: this.toString() } });
    }
  }
}

/** Whether `text` may be a namespace: letters, digits, `_` and `-`, at most 80 bytes. */
export function isNamespace(text: string): boolean {
  return text.length <= maxPartBytes && namespacePattern.test(text);
}

function isHost(text: string): boolean {
  return text.length <= maxHostBytes && hostPattern.test(text);
}

function isPlainPart(text: string): boolean {
  return text.length <= maxPartBytes && plainPattern.test(text);
}

function cutAtLast(text: string, separator: string): [before: string, after: string] {
  const at = text.lastIndexOf(separator);
  return [text.slice(0, at) || missingPart, text.slice(at + 1) || missingPart];
}

function equalsIgnoringCase(a: string, b: string): boolean {
  return a.length === b.length && a.toLowerCase() === b.toLowerCase();
}

import { ModelName } from "./model-name.ts";
import { ProtocolError } from "./protocol-error.ts";
import { quoteGo } from "./quote-go.ts";

/** Where a reference wants the model run: `unspecified` = wherever it is. */
export type ModelSource = "unspecified" | "local" | "cloud";

/** A model as a request names it: a name, and maybe an ending that picks the source. */
export interface ModelReference {
  /** The text as given, without blanks around it. */
  readonly original: string;
  /** The text without the source ending: `gpt-oss:120b-cloud` → `gpt-oss:120b`. */
  readonly base: string;
  readonly name: ModelName;
  readonly source: ModelSource;
}

/**
 * Reads `m`, `m:local`, `m:cloud`, `m:20b:cloud` and `m:20b-cloud`; endings in any case.
 * @throws ProtocolError `INVALID_REFERENCE` for two endings at once, `INVALID_NAME` for the rest
 * @source ollama internal/modelref
 */
export function parseModelReference(text: string): ModelReference {
  const original = text.trim();
  const outer = cutSource(original);
  if (outer.source !== "unspecified" && cutSource(outer.base).source !== "unspecified") {
    throw new ProtocolError(
      "INVALID_REFERENCE",
      `use either :local or :cloud, not both: ${quoteGo(original)}`,
    );
  }
  return { original, base: outer.base, name: ModelName.parseValid(outer.base), source: outer.source };
}

/**
 * The name under which a registry and the store know a model that is to be pulled or deleted: `m:local` → `m`,
 * `m:20b:cloud` → `m:20b-cloud`, `m:cloud` as it is.
 * @throws ProtocolError as `parseModelReference`
 */
export function parsePullName(text: string): ModelName {
  const { base, name, source } = parseModelReference(text);
  if (source !== "cloud") return name;
  const hasTag = base.lastIndexOf(":") > base.lastIndexOf("/");
  return ModelName.parseValid(hasTag ? `${base}-cloud` : `${base}:cloud`);
}

function cutSource(text: string): { readonly base: string; readonly source: ModelSource } {
  const colon = text.lastIndexOf(":");
  const tag = colon < 0 ? "" : text.slice(colon + 1).trim();
  const ending = tag.toLowerCase();
  if (ending === "local" || ending === "cloud") return { base: text.slice(0, colon), source: ending };
  if (ending.endsWith("-cloud") && !tag.includes("/")) {
    return { base: text.slice(0, colon + 1) + tag.slice(0, -"-cloud".length), source: "cloud" };
  }
  return { base: text, source: "unspecified" };
}

import { GrammarError } from "../errors.ts";
import { grammarTooLong } from "./grammar-length.ts";
import { printGrammar } from "./print-grammar.ts";
import type { ReportUnsupported } from "./schema-alternatives.ts";
import { SchemaCompiler } from "./schema-compiler.ts";
import { SchemaDocument } from "./schema-document.ts";
import type { UnlistedProperties } from "./schema-grammar.ts";

export interface JsonSchemaGrammarOptions {
  /**
   * What to do with a keyword that a grammar cannot enforce here. `refuse` (default) throws; `note` makes
   * a grammar without it and says so.
   */
  readonly unsupported?: "refuse" | "note";
  /**
   * Whether objects that list properties may have others where `additionalProperties` is absent. The
   * default, `where-nothing-is-listed`, says no, as llama.cpp does: a model would never stop adding. The
   * specification says yes.
   */
  readonly unlistedProperties?: UnlistedProperties;
  /** Longest grammar that may come out, in characters; default a million. Bounds the work too. */
  readonly maxChars?: number;
}

export interface JsonSchemaGrammar {
  /** GBNF; the root rule is `root`. */
  readonly grammar: string;
  /** What the grammar does not enforce, a sentence each; empty where it enforces everything. */
  readonly notes: readonly string[];
}

/**
 * A grammar for the JSON texts that satisfy a JSON Schema (draft 2020-12, with the older spellings of tuples).
 *
 * Properties come in the order in which the schema lists them. Numbers with bounds are written without an exponent.
 * `format` is enforced for date, time, date-time, uuid and ipv4, and is an annotation otherwise.
 * @throws GrammarError `SCHEMA_INVALID`, `SCHEMA_UNSUPPORTED`, `SCHEMA_UNSATISFIABLE`, `GRAMMAR_LIMIT`, or
 * a `PATTERN_…` code; `details.pointer` is a JSON pointer into the schema
 */
export function jsonSchemaToGbnf(schema: unknown, options: JsonSchemaGrammarOptions = {}): JsonSchemaGrammar {
  const document = new SchemaDocument(schema);
  const { notes, report } = unsupportedReporter(options.unsupported ?? "refuse");
  const compiler = new SchemaCompiler(document, {
    unlisted: options.unlistedProperties ?? "where-nothing-is-listed",
    report,
    maxChars: options.maxChars,
  });
  compiler.rules.set("root", compiler.value([document.root]));
  const grammar = printGrammar(compiler.rules);
  if (options.maxChars !== undefined && grammar.length > options.maxChars) grammarTooLong(options.maxChars);
  return { grammar, notes: [...notes] };
}

/** Throws at the first keyword that cannot be enforced, or collects a sentence for each. */
export function unsupportedReporter(mode: "refuse" | "note"): {
  readonly notes: ReadonlySet<string>;
  readonly report: ReportUnsupported;
} {
  const notes = new Set<string>();
  const report: ReportUnsupported = (node, keyword, reason) => {
    const text = `${keyword} at #${node.pointer}: ${reason}`;
    if (mode === "refuse") {
      throw new GrammarError("SCHEMA_UNSUPPORTED", `The schema cannot be enforced: ${text}`, {
        details: { pointer: node.pointer, keyword },
      });
    }
    notes.add(text);
  };
  return { notes, report };
}

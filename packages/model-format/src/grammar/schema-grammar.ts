import type { Expression } from "./expression.ts";
import type { ReportUnsupported } from "./schema-alternatives.ts";
import type { SchemaDocument, SchemaNode } from "./schema-document.ts";

/** Whether objects may have properties that no schema lists. */
export type UnlistedProperties = "where-nothing-is-listed" | "as-schema-says";

/** The grammar of a schema while it grows, as the expressions for its parts see it. */
export interface SchemaGrammar {
  readonly document: SchemaDocument;
  readonly unlisted: UnlistedProperties;
  readonly report: ReportUnsupported;
  /** JSON text of every value that satisfies all of the schemas. */
  value(nodes: readonly SchemaNode[]): Expression;
  readonly addRule: (name: string, expression: Expression) => void;
}

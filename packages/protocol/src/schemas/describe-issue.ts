import type * as z from "zod";
import { goStructs, structAround, unwrap } from "./go-structs.ts";

/** Texts that do not name the field: those of the schema library, and ours that begin so. */
const isDefault = /^(?:(?:Invalid (?:input|option)|Too (?:small|big))(?:: |$)|must )/;

/**
 * Words a schema's complaint as Go's JSON decoder would.
 * Texts of our own (think, keep_alive, base64) come first, as Go stops at those and only notes the others.
 */
export function describeIssue(
  schema: z.core.$ZodType,
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
): string {
  const issue = issues.find((candidate) => !candidate.message.startsWith("of type ")) ?? issues[0];
  if (issue === undefined) return "invalid request";
  // What is wrong with a key stands one level deeper.
  if (issue.code === "invalid_key") return `${issue.path.join(".")}: ${issue.issues[0]?.message}`;
  if (isDefault.test(issue.message)) return [issue.path.join("."), issue.message].filter(Boolean).join(": ");
  if (!issue.message.startsWith("of type ")) return issue.message;
  // Requests that Ollama does not know have no struct in Go.
  if (!goStructs.has(unwrap(schema)))
    return [issue.path.join("."), `must be ${issue.message}`].filter(Boolean).join(": ");
  const kind = goKind(issue.path.reduce<unknown>(step, value), issue.message);
  const field = issue.path.filter((part) => typeof part === "string").join(".");
  if (field === "") return `json: cannot unmarshal ${kind} into Go value ${issue.message}`;
  const struct = structAround(schema, issue.path);
  return `json: cannot unmarshal ${kind} into Go struct field ${struct}.${field} ${issue.message}`;
}

function step(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function goKind(value: unknown, expected: string): string {
  if (typeof value === "number") return expected === "of type int" ? `number ${value}` : "number";
  if (typeof value === "boolean") return "bool";
  if (Array.isArray(value)) return "array";
  return typeof value === "object" ? "object" : typeof value;
}

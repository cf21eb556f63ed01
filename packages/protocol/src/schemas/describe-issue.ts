import type * as z from "zod";

/** Texts of the schema library, which do not name the field. */
const isDefault = /^(?:Invalid (?:input|option)|Too (?:small|big))(?:: |$)/;

/**
 * Words a schema's complaint as Go's JSON decoder would.
 * Texts of our own (think, keep_alive, base64) come first, as Go stops at those and only notes the others.
 */
export function describeIssue(name: string, issues: readonly z.core.$ZodIssue[], value: unknown): string {
  const issue = issues.find((candidate) => !candidate.message.startsWith("of type ")) ?? issues[0];
  if (issue === undefined) return "invalid request";
  if (isDefault.test(issue.message)) return [issue.path.join("."), issue.message].filter(Boolean).join(": ");
  if (!issue.message.startsWith("of type ")) return issue.message;
  const kind = goKind(issue.path.reduce<unknown>(step, value), issue.message);
  const field = issue.path.filter((part) => typeof part === "string").join(".");
  if (field === "") return `json: cannot unmarshal ${kind} into Go value of type api.${name}`;
  return `json: cannot unmarshal ${kind} into Go struct field ${name}.${field} ${issue.message}`;
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

import type { RuntimeValue } from "./library.ts";
import { pythonText, runtimeList, toRuntime } from "./runtime-values.ts";
import type { WorkBudget } from "./work-budget.ts";

/** A method of Python's str: what the library lacks, or does otherwise than Python. */
type TextMethod = (text: string, args: readonly RuntimeValue[], budget: WorkBudget) => RuntimeValue;

export const textMethods: ReadonlyMap<string, TextMethod> = new Map<string, TextMethod>([
  ["strip", (text, [chars]) => toRuntime(stripEnd(stripStart(text, chars), chars))],
  ["lstrip", (text, [chars]) => toRuntime(stripStart(text, chars))],
  ["rstrip", (text, [chars]) => toRuntime(stripEnd(text, chars))],
  ["capitalize", (text) => toRuntime(text.charAt(0).toUpperCase() + text.slice(1).toLowerCase())],
  ["removeprefix", (text, args) => toRuntime(removePrefix(text, textOf(args[0])))],
  ["removesuffix", (text, args) => toRuntime(removeSuffix(text, textOf(args[0])))],
  ["replace", (text, args, budget) => toRuntime(replaceText(text, args, budget))],
  [
    "splitlines",
    (text) =>
      toRuntime(
        text
          .replace(/\r\n?|\n$/g, "\n")
          .replace(/\n$/, "")
          .split("\n"),
      ),
  ],
  ["rsplit", (text, args) => toRuntime(splitFromEnd(text, args))],
  ["partition", (text, args) => toRuntime(partition(text, textOf(args[0]), text.indexOf(textOf(args[0]))))],
  [
    "rpartition",
    (text, args) => toRuntime(partition(text, textOf(args[0]), text.lastIndexOf(textOf(args[0])), true)),
  ],
  ["find", (text, args) => toRuntime(text.indexOf(textOf(args[0])))],
  ["rfind", (text, args) => toRuntime(text.lastIndexOf(textOf(args[0])))],
  ["count", (text, args) => toRuntime(text.split(textOf(args[0])).length - 1)],
  ["join", (text, [list], budget) => toRuntime(joinTexts(text, list, budget))],
  ["format", (text, args) => toRuntime(filledIn(text, args))],
  ["isdigit", (text) => toRuntime(/^\p{Nd}+$/u.test(text))],
  ["isalpha", (text) => toRuntime(/^\p{L}+$/u.test(text))],
  ["isalnum", (text) => toRuntime(/^[\p{L}\p{Nd}]+$/u.test(text))],
  ["isspace", (text) => toRuntime(text !== "" && text.trim() === "")],
]);

function textOf(value: RuntimeValue | undefined): string {
  if (typeof value?.value !== "string") throw new Error("expected a text as argument");
  return value.value;
}

function stripStart(text: string, chars: RuntimeValue | undefined): string {
  if (typeof chars?.value !== "string") return text.trimStart();
  const unwanted = new Set(chars.value);
  const characters = [...text];
  const start = characters.findIndex((character) => !unwanted.has(character));
  return start === -1 ? "" : characters.slice(start).join("");
}

function stripEnd(text: string, chars: RuntimeValue | undefined): string {
  if (typeof chars?.value !== "string") return text.trimEnd();
  const unwanted = new Set(chars.value);
  const characters = [...text];
  return characters.slice(0, characters.findLastIndex((character) => !unwanted.has(character)) + 1).join("");
}

function removePrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function removeSuffix(text: string, suffix: string): string {
  return suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}

export function replaceText(text: string, args: readonly RuntimeValue[], budget: WorkBudget): string {
  const from = textOf(args[0]);
  const to = textOf(args[1]);
  const named = args[2]?.value instanceof Map ? args[2].value.get("count") : args[2];
  const limit = typeof named?.value === "number" && named.value >= 0 ? named.value : Number.POSITIVE_INFINITY;
  const parts = from === "" ? ["", ...text, ""] : text.split(from);
  const count = Math.min(parts.length - 1, limit);
  budget.reserveText(text.length + count * (to.length - from.length));
  const untouched = parts.slice(count).join(from);
  return [...parts.slice(0, count), untouched].join(to);
}

function splitFromEnd(text: string, [separator, limit]: readonly RuntimeValue[]): readonly string[] {
  const parts = typeof separator?.value === "string" ? text.split(separator.value) : text.trim().split(/\s+/);
  const count = typeof limit?.value === "number" && limit.value >= 0 ? limit.value : parts.length;
  const kept = Math.max(parts.length - count, 1);
  const joined = parts.slice(0, kept).join(typeof separator?.value === "string" ? separator.value : " ");
  return [joined, ...parts.slice(kept)];
}

function partition(text: string, separator: string, index: number, fromEnd = false): readonly string[] {
  if (index === -1) return fromEnd ? ["", "", text] : [text, "", ""];
  return [text.slice(0, index), separator, text.slice(index + separator.length)];
}

/** `{}` and `{0}` of `str.format`; what else that knows stays as it is. */
function filledIn(text: string, args: readonly RuntimeValue[]): string {
  let next = 0;
  return text.replace(/\{\{|\}\}|\{(\d*)\}/g, (field, index: string | undefined) => {
    if (index === undefined) return field.charAt(0);
    const arg = args[index === "" ? next++ : Number(index)];
    return arg === undefined ? field : pythonText(arg);
  });
}

function joinTexts(separator: string, list: RuntimeValue | undefined, budget: WorkBudget): string {
  const parts = Array.isArray(list?.value) ? list.value.map(pythonText) : [];
  budget.reserveText(parts.reduce((sum, part) => sum + part.length + separator.length, 0));
  return parts.join(separator);
}

/** A method of a list, which may change it. */
type ListMethod = (items: RuntimeValue[], args: readonly RuntimeValue[]) => RuntimeValue;

export const listMethods: ReadonlyMap<string, ListMethod> = new Map<string, ListMethod>([
  [
    "append",
    (items, [item]) => {
      if (item !== undefined) items.push(item);
      return toRuntime(null);
    },
  ],
  [
    "extend",
    (items, [more]) => {
      if (Array.isArray(more?.value)) items.push(...more.value);
      return toRuntime(null);
    },
  ],
  [
    "pop",
    (items, [index]) =>
      items.splice(typeof index?.value === "number" ? index.value : -1, 1)[0] ?? toRuntime(null),
  ],
  ["copy", (items) => runtimeList(items)],
]);

import type { Tool } from "@puna/protocol";
import { orderedRecord } from "@puna/protocol";
import { trimSpace } from "../../prompt/renderers/trim-space.ts";
import { coerceArgument, parameterSchema } from "../coerce-arguments.ts";
import { type JsonCall, JsonCallError, readArguments, readJsonCall } from "./reading/json-call.ts";
import { findTool } from "./reading/request.ts";
import { trimLineFeed } from "./reading/trim-line-feed.ts";

const toolOpen = "<tool_call>";
const toolClose = "</tool_call>";
const keyOpen = "<arg_key>";
const between = /<\/arg_key>\s*<arg_value>/g;
const valueClose = "</arg_value>";

/** Names these models use for tools that clients declare under another one. */
const aliases: ReadonlyMap<string, string> = new Map([
  ["read_file", "read"],
  ["write_file", "write"],
  ["edit_file", "edit"],
  ["web_fetch", "webfetch"],
]);

/**
 * Reads a call as `N` and argument tags, as `N{…}`, or as `{"name": N, "arguments": {…}}`.
 * @returns an empty name when nothing names a tool
 * @throws JsonCallError when JSON in it cannot be read
 */
export function readLagunaCall(body: string, tools: readonly Tool[]): JsonCall {
  const text = withoutTags(body);
  if (text.startsWith("{")) return readAsJson(text, tools);

  const firstKey = text.indexOf("<arg_key>");
  const split = firstKey === -1 ? text.indexOf("{") : firstKey;
  const name = declaredName(trimSpace(split === -1 ? text : text.slice(0, split)), tools);
  const rest = split === -1 ? "" : trimSpace(text.slice(split));
  if (rest.startsWith("{")) {
    return blaming("failed to parse Laguna JSON tool call arguments", () => ({
      name,
      arguments: readArguments(rest),
    }));
  }
  const tool = findTool(tools, name);
  const entries = argumentPairs(rest).map(([key, value]): [string, unknown] => [
    trimSpace(key),
    coerceArgument(trimLineFeed(value), parameterSchema(tool, trimSpace(key))),
  ]);
  return { name, arguments: orderedRecord(entries) };
}

/** Keys and values by their tags. One pattern for all of it would try every end for every beginning. */
function argumentPairs(text: string): [key: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let at = text.indexOf(keyOpen); at !== -1; ) {
    between.lastIndex = at + keyOpen.length;
    const middle = between.exec(text);
    if (middle === null) break;
    const end = text.indexOf(valueClose, between.lastIndex);
    if (end === -1) break;
    pairs.push([text.slice(at + keyOpen.length, middle.index), text.slice(between.lastIndex, end)]);
    at = text.indexOf(keyOpen, end + valueClose.length);
  }
  return pairs;
}

/** The same, or undefined unless it calls a declared tool. */
export function readDeclaredLagunaCall(body: string, tools: readonly Tool[]): JsonCall | undefined {
  try {
    const call = readLagunaCall(body, tools);
    return findTool(tools, call.name) === undefined ? undefined : call;
  } catch (error) {
    if (error instanceof JsonCallError) return undefined;
    throw error;
  }
}

function readAsJson(text: string, tools: readonly Tool[]): JsonCall {
  const call = blaming("failed to parse Laguna JSON tool call", () => readJsonCall(text));
  if (call.name === "") throw new JsonCallError("empty Laguna tool call name");
  return { name: declaredName(call.name, tools), arguments: call.arguments };
}

function declaredName(name: string, tools: readonly Tool[]): string {
  const alias = aliases.get(name);
  if (findTool(tools, name) !== undefined || alias === undefined) return name;
  return findTool(tools, alias) === undefined ? name : alias;
}

/** Tags that the model wrote twice, or again inside of the call, are not part of it. */
function withoutTags(body: string): string {
  let text = trimSpace(body);
  while (text.startsWith(toolOpen)) text = trimSpace(text.slice(toolOpen.length));
  text = trimSpace(text.split(toolClose, 1)[0] ?? "");
  return trimSpace(text.split(toolOpen, 1)[0] ?? "");
}

function blaming<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof JsonCallError)
      throw new JsonCallError(`${what}: ${error.message}`, { cause: error });
    throw error;
  }
}

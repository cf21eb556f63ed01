import { parseOrderedJson } from "@puna/protocol";
import { readXmlCall } from "../qwen3-coder.ts";
import { asObject, type JsonCall } from "../reading/json-call.ts";
import { jsonFault } from "../reading/json-fault.ts";
import { MarkupError } from "../reading/markup.ts";
import { findTool } from "../reading/request.ts";
import { balancedJsonEnd } from "../reading/top-level.ts";
import { fence, toVerdict } from "./judge-json.ts";
import { closeLooseJson, readLooseJson } from "./loose-json.ts";
import type { LooseContext, Verdict } from "./verdict.ts";

const toolOpen = "<tool_call>";
const toolClose = "</tool_call>";
const functionOpen = "<function=";
const functionClose = "</function>";
const mistralTag = "[TOOL_CALLS]";
const pythonTag = "<|python_tag|>";

/** Tags that begin a call wherever they stand. */
export const callTags: readonly string[] = [toolOpen, functionOpen, mistralTag, pythonTag];

/** What may stand between a tag and the JSON behind it, or in its place. */
const mayFollow = ["", "```json", "json", functionOpen];

const open: Verdict = { type: "open" };

/** A text that begins with one of the tags. */
export function judgeTagged(text: string, context: LooseContext): Verdict {
  const tag = callTags.find((candidate) => text.startsWith(candidate)) ?? "";
  // The tag itself is what becomes text when no call follows it.
  const asText: Verdict = { type: "text", length: tag.length };
  if (tag === functionOpen) return judgeFunction(text, context) ?? asText;

  const lead = /^\s*(?:```(?:json)?\s*)?/.exec(text.slice(tag.length))?.[0].length ?? 0;
  const start = tag.length + lead;
  const body = text.slice(start);
  if (mayFollow.some((next) => next.startsWith(body)) && !context.ended) return open;
  if (/^[{[]/.test(body)) {
    const closes = [
      ...(text.slice(0, start).includes(fence) ? [fence] : []),
      ...(tag === toolOpen ? [toolClose] : []),
    ];
    return judgeBody(body, context, { start, closes }) ?? asText;
  }
  if (tag === toolOpen && body.startsWith(functionOpen)) {
    const inner = judgeFunction(body, context);
    return inner?.type === "calls"
      ? { ...inner, length: start + inner.length, closes: [...inner.closes, toolClose] }
      : (inner ?? asText);
  }
  return (tag === mistralTag ? judgeMistral(body, start, context) : undefined) ?? asText;
}

interface Body {
  readonly start: number;
  readonly closes: readonly string[];
}

/** JSON between tags, its last bracket perhaps missing before the closing one. */
function judgeBody(body: string, context: LooseContext, { start, closes }: Body): Verdict | undefined {
  const options = { ...context, tagged: true };
  const found = readLooseJson(body, options);
  if (found.type === "other") return undefined;
  if (found.type !== "broken") return toVerdict(found, start, closes);
  const tag = closes[0];
  if (tag === undefined) return undefined;
  const end = body.indexOf(tag);
  if (end === -1) return context.ended ? undefined : open;
  const closed = closeLooseJson(body.slice(0, end), options);
  return closed === undefined ? undefined : toVerdict(closed, start, closes);
}

/** `<function=N>{…}</function>`, or Qwen3-Coder's parameters in it. */
function judgeFunction(text: string, context: LooseContext): Verdict | undefined {
  const head = /^<function=([^>]*)(>?)\s*/.exec(text);
  const name = head?.[1] ?? "";
  const named = head?.[2] === ">";
  const known = context.tools.some((tool) =>
    named ? tool.function.name === name : tool.function.name.startsWith(name),
  );
  if (head === null || !known) return undefined;
  const rest = text.slice(head[0].length);
  if (rest === "" || !named) return context.ended ? undefined : open;
  if (rest.startsWith("{"))
    return judgeArguments(rest, { name, start: head[0].length, closes: [functionClose] }, context);
  const tags = ["<parameter=", functionClose];
  if (!tags.some((tag) => rest.startsWith(tag) || tag.startsWith(rest))) return undefined;
  const end = text.indexOf(functionClose);
  if (end === -1) return context.ended ? undefined : open;
  const length = end + functionClose.length;
  const call = xmlCallOrNothing(text.slice(0, length), context);
  return call === undefined ? undefined : { type: "calls", calls: [call], length, closes: [] };
}

function xmlCallOrNothing(markup: string, { tools }: LooseContext): JsonCall | undefined {
  try {
    return readXmlCall(markup, tools);
  } catch (error) {
    if (error instanceof MarkupError) return undefined;
    throw error;
  }
}

/** `N{…}`, `N[ARGS]{…}` or `N[CALL_ID]id[ARGS]{…}`. */
function judgeMistral(body: string, offset: number, context: LooseContext): Verdict | undefined {
  const name = /^[^[{\s]*/.exec(body)?.[0] ?? "";
  const rest = body.slice(name.length);
  const names = context.tools.map((tool) => tool.function.name);
  if (rest === "" && !context.ended) return names.some((known) => known.startsWith(name)) ? open : undefined;
  if (!names.includes(name)) return undefined;
  const brace = rest.indexOf("{");
  // Between a name and its arguments stands no more than an id.
  if (brace === -1) return rest.length < 64 && !context.ended ? open : undefined;
  if (brace >= 64 || !/^\s*(?:\[CALL_ID\][^[{]*)?(?:\[ARGS\])?\s*$/.test(rest.slice(0, brace)))
    return undefined;
  return judgeArguments(
    rest.slice(brace),
    { name, start: offset + name.length + brace, closes: [] },
    context,
  );
}

interface NamedCall extends Body {
  readonly name: string;
}

function judgeArguments(json: string, call: NamedCall, context: LooseContext): Verdict | undefined {
  const end = balancedJsonEnd(json);
  if (end === undefined) return !context.ended && jsonFault(json)?.unfinished === true ? open : undefined;
  const values = objectOrNothing(json.slice(0, end));
  if (values === undefined || findTool(context.tools, call.name) === undefined) return undefined;
  const calls = [{ name: call.name, arguments: values }];
  return { type: "calls", calls, length: call.start + end, closes: call.closes };
}

function objectOrNothing(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asObject(parseOrderedJson(json));
  } catch {
    return undefined;
  }
}

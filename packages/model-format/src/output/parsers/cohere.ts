import { trimSpace } from "../../prompt/renderers/trim-space.ts";
import type { OutputParserFamily } from "../output-parser.ts";
import { collect, collectBody } from "./reading/collect.ts";
import { asObject, field, type JsonCall, JsonCallError, readJson, toArguments } from "./reading/json-call.ts";
import { continuesText, wantsThinking } from "./reading/request.ts";
import { type Reader, type State, streamParser } from "./reading/stream-parser.ts";
import { balancedObjects } from "./reading/top-level.ts";

const thinkClose = "<|END_THINKING|>";
const textOpen = "<|START_TEXT|>";
const textClose = "<|END_TEXT|>";
const actionOpen = "<|START_ACTION|>";
const actionClose = "<|END_ACTION|>";
/** What an older template of these models calls the text tags. */
const responseOpen = "<|START_RESPONSE|>";
const responseClose = "<|END_RESPONSE|>";
const turnEnd = "<|END_OF_TURN_TOKEN|>";

const openers = [textOpen, responseOpen, actionOpen];
const awaited = /* @__PURE__ */ openers.concat(turnEnd);

/** Cohere Command A and North: thinking, then blocks of text or of calls as a JSON list. */
export const cohere: OutputParserFamily = {
  hasThinking: true,
  hasTools: true,
  preservedTokens: [
    "<|START_THINKING|>",
    thinkClose,
    textOpen,
    textClose,
    actionOpen,
    actionClose,
    responseOpen,
    responseClose,
  ],
  create({ tools = [], think, lastMessage }) {
    const between = () => betweenBlocks;
    const thinking = collect({ into: "thinking", tags: { [thinkClose]: between }, atEnd: "drop" });
    const closes = { to: between, trimBefore: false };
    const text = collect({
      into: "text",
      tags: { [textClose]: closes, [responseClose]: closes, [turnEnd]: closes },
      atEnd: "keep",
    });
    /** Answer outside of a block; a block may still follow. */
    const bareText = collect({
      into: "text",
      tags: {
        [textClose]: closes,
        [responseClose]: closes,
        [turnEnd]: closes,
        [textOpen]: () => text,
        [responseOpen]: () => text,
        [actionOpen]: () => action,
      },
      atEnd: "keep",
    });
    const action: State = collectBody(
      actionClose,
      (reader, body) => {
        emitActions(reader, body);
        return betweenBlocks;
      },
      emitActions,
    );
    /**
     * Text outside of a block is dropped when a block follows and is the answer when none does.
     * Without tools calls are not to be expected, so there it is given out at once instead of waiting.
     */
    const betweenBlocks: State = (reader) => {
      const opener = reader.find(openers);
      const rest = reader.text.slice(reader.leadingBlanks);
      const waits = tools.length > 0 || awaited.some((tag) => tag.startsWith(rest));
      if (opener === undefined && waits && !reader.ended && !rest.startsWith(turnEnd)) return undefined;
      const bare =
        opener !== undefined && tools.length === 0 && opener.index > reader.text.length - rest.length;
      if (opener !== undefined && !bare) {
        reader.take(opener.index + opener.tag.length);
        return opener.tag === actionOpen ? action : text;
      }
      reader.take(reader.text.length - rest.length);
      if (!rest.startsWith(turnEnd)) return rest === "" ? undefined : bareText;
      reader.take(turnEnd.length);
      return betweenBlocks;
    };

    if (continuesText(lastMessage)) return streamParser(text);
    return streamParser(wantsThinking(think, true) ? thinking : betweenBlocks);
  },
};

/** Calls of a list; when the list as a whole cannot be read, those of its objects that can. */
function emitActions(reader: Reader, body: string): void {
  const list = readOrNothing(trimSpace(body));
  const whole = Array.isArray(list) ? list.map(readAction) : [undefined];
  const actions = whole.includes(undefined)
    ? balancedObjects(body).map((text) => readAction(readOrNothing(text)))
    : whole;
  for (const action of actions) {
    if (action !== undefined) reader.call(action.name, action.arguments, action.id || undefined);
  }
}

/** One call, or undefined when it is no object or its fields have other types. Absent fields are empty. */
function readAction(item: unknown): (JsonCall & { readonly id: string }) | undefined {
  const action = item === null ? {} : asObject(item);
  if (action === undefined) return undefined;
  const name = field(action, "tool_name") ?? "";
  const id = field(action, "tool_call_id") ?? "";
  if (typeof name !== "string" || typeof id !== "string") return undefined;
  try {
    return { name, id, arguments: toArguments(field(action, "parameters")) };
  } catch (error) {
    if (!(error instanceof JsonCallError)) throw error;
    return undefined;
  }
}

function readOrNothing(text: string): unknown {
  try {
    return readJson(text);
  } catch {
    return undefined;
  }
}

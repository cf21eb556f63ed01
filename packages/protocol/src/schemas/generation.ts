import * as z from "zod";
import { images, keepAlive, options, stream, think } from "./fields.ts";
import { goBool, goInt, goList, goStruct, goText } from "./go-types.ts";
import { messages } from "./message.ts";
import { tools } from "./tool.ts";

/** What chat and generate share. `format` is any JSON; `parseFormat` judges it. */
const common = {
  model: goText,
  stream: stream.exactOptional(),
  format: z.unknown().exactOptional(),
  keep_alive: keepAlive.exactOptional(),
  options: options.exactOptional(),
  think: think.exactOptional(),
  truncate: goBool.exactOptional(),
  shift: goBool.exactOptional(),
  logprobs: goBool.exactOptional(),
  top_logprobs: goInt.exactOptional(),
  _debug_render_only: goBool.exactOptional(),
};

/** Body of POST /api/chat. */
export const chatRequestSchema = goStruct(
  { ...common, messages: messages.exactOptional(), tools: tools.exactOptional() },
  "api.ChatRequest",
);

/** Body of POST /api/generate. */
export const generateRequestSchema = goStruct(
  {
    ...common,
    prompt: goText,
    suffix: goText,
    system: goText,
    template: goText,
    context: goList(goInt, "[]int").exactOptional(),
    raw: goBool.exactOptional(),
    images: images.exactOptional(),
    // Of image models, which nobody serves; known so that they draw no warning, as in Ollama.
    width: z.unknown().exactOptional(),
    height: z.unknown().exactOptional(),
    steps: z.unknown().exactOptional(),
  },
  "api.GenerateRequest",
);

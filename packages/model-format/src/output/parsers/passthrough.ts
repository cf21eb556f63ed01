import type { OutputParserFamily } from "../output-parser.ts";
import { everything } from "./reading/collect.ts";
import { streamParser } from "./reading/stream-parser.ts";

/** All text is answer. */
export const passthrough: OutputParserFamily = {
  hasThinking: false,
  hasTools: false,
  preservedTokens: [],
  create: () => streamParser(everything),
};

import type { OutputParser } from "./output-parser.ts";
import { leadingSpaceLength } from "./parsers/reading/hold-back.ts";

/** Lets everything through but the blanks that an answer begins with. */
export function leadingBlanksDropped(): OutputParser {
  let began = false;
  return {
    push(text) {
      const rest = began ? text : text.slice(leadingSpaceLength(text));
      if (rest === "") return [];
      began = true;
      return [{ type: "text-delta", text: rest }];
    },
    end: () => [],
  };
}

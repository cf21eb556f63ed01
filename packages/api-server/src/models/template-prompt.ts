import type { PromptTemplate } from "@puna/model-format";
import { inSequence } from "./in-sequence.ts";
import type { AnswerReading, ModelPrompt } from "./model-prompt.ts";
import { tagImages } from "./tag-images.ts";
import { preservedTags, thinkingParser, toolCallParser } from "./tag-parsers.ts";

/** A model that is spoken to by its Go template, and read by the tags that the template shows. */
export function templatePrompt(template: PromptTemplate): ModelPrompt {
  const thinking = (reading: AnswerReading) => thinkingParser(template.thinkingTags, reading);
  return {
    mode: "rendered",
    hasFamilyParser: false,
    leadingBos: "",
    preservedTokens: (tools) => preservedTags(template.toolCallTag, tools),
    finalChannelOpening: undefined,
    render: (conversation) =>
      template.render({ ...conversation, messages: tagImages(conversation.messages) }),
    fillIn: (prompt, suffix) => template.fillInTheMiddle({ prompt, suffix }),
    chatParser: (reading) =>
      inSequence(thinking(reading), toolCallParser(template.toolCallTag, reading.tools)),
    generateParser: thinking,
  };
}

import {
  type Conversation,
  type OutputParserFamily,
  type PromptTemplate,
  withHarmonyNames,
} from "@puna/model-format";
import type { AnswerReading, ModelPrompt } from "./model-prompt.ts";
import { tagImages } from "./tag-images.ts";

export interface FamilyPromptParts {
  readonly template: PromptTemplate;
  /** Undefined: what the model writes passes through. */
  readonly family: OutputParserFamily | undefined;
  /** The built-in renderer; undefined: the template renders. */
  readonly render: ((conversation: Conversation) => string) | undefined;
  readonly leadingBos: string;
  readonly isHarmony: boolean;
}

/** What brings a harmony model from thinking to its answer. */
const finalChannel = "<|end|><|start|>assistant<|channel|>final<|message|>";

/** A model of a family whose format is built in: a renderer, a parser, or both. */
export function familyPrompt({
  template,
  family,
  render,
  leadingBos,
  isHarmony,
}: FamilyPromptParts): ModelPrompt {
  const parser = ({ tools, think, lastMessage }: Pick<AnswerReading, "tools" | "think" | "lastMessage">) =>
    family?.create({
      ...(tools.length > 0 && { tools }),
      ...(think !== undefined && { think }),
      ...(lastMessage !== undefined && { lastMessage }),
    });
  return {
    mode: "rendered",
    hasFamilyParser: family !== undefined,
    leadingBos,
    preservedTokens: () => family?.preservedTokens ?? [],
    finalChannelOpening: isHarmony ? finalChannel : undefined,
    render(conversation) {
      const known = isHarmony ? toHarmony(conversation) : conversation;
      return render === undefined
        ? template.render({ ...known, messages: tagImages(known.messages) })
        : render(known);
    },
    fillIn: (prompt, suffix) => template.fillInTheMiddle({ prompt, suffix }),
    chatParser: parser,
    // Outside of chats the family's own default decides, not the model's ability.
    generateParser: (reading) => parser({ ...reading, think: reading.requestedThink }),
  };
}

/** Harmony has three levels of effort, and names that are identifiers. */
function toHarmony(conversation: Conversation): Conversation {
  const { tools, think } = conversation;
  return {
    ...conversation,
    ...(tools !== undefined && { tools: withHarmonyNames(tools) }),
    ...(think === "max" && { think: "high" as const }),
  };
}

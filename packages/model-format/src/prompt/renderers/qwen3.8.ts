import type { Message, ThinkValue } from "@puna/protocol";
import { PromptError } from "../../errors.ts";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { imageCount } from "./conversation-parts.ts";
import { isQuestion } from "./last-question.ts";
import { type Qwen35Variant, renderQwen35 } from "./qwen3.5.ts";
import { trimSpace } from "./trim-space.ts";

const variant: Qwen35Variant = {
  alwaysShowsThinking: true,
  splitsTaggedThinking: false,
  keepsUnknownRoles: true,
  keepsEmptySystem: false,
};

const highEffort =
  "Reasoning effort is set to xhigh. Please think carefully through the task, validate key assumptions, consider plausible alternatives, and prioritize correctness, consistency, and clarity in the final answer.";
const lowEffort =
  "Reasoning effort is set to low. Keep your thinking brief and focused, moving directly to the conclusion without unnecessary elaboration.";

/**
 * Qwen3.8: Qwen3.5's format with one leading system turn, an effort sentence, and a question required.
 * @source chat template of Qwen3.8; ollama model/renderers
 */
export const qwen38: BuiltinRenderer = { leadingBos: "", render };

function render(conversation: Conversation): string {
  const messages = foldInstructions(conversation.messages);
  requireQuestion(messages);
  return renderQwen35({ ...conversation, messages }, variant, effortSentence(conversation.think));
}

function effortSentence(think: ThinkValue | undefined): string {
  switch (think) {
    case false:
    case true:
    case "medium":
      return "";
    case "low":
      return lowEffort;
    case undefined:
    case "high":
    case "max":
      return highEffort;
    default:
      throw new PromptError("RENDER_FAILED", `unsupported Qwen3.8 reasoning effort ${think satisfies never}`);
  }
}

/** The model knows one system turn, in front, and no developer role: all instructions go there in order. */
function foldInstructions(messages: readonly Message[]): readonly Message[] {
  const instructions = messages.filter(isInstruction);
  const withImages = instructions.find((message) => imageCount(message) > 0);
  if (withImages) refuse(`${withImages.role} message cannot contain images`);
  if (instructions.length === 0) return messages;
  if (instructions.length === 1 && messages[0]?.role === "system") return messages;
  const said = instructions.map((message) => trimSpace(message.content)).filter((content) => content !== "");
  const system: Message = { role: "system", content: said.join("\n\n") };
  return [system, ...messages.filter((message) => !isInstruction(message))];
}

function isInstruction(message: Message): boolean {
  return message.role === "system" || message.role === "developer";
}

function requireQuestion(messages: readonly Message[]): void {
  if (messages.length === 0) refuse("no messages provided");
  if (!messages.some((message) => isQuestion(message, true))) refuse("no user query found in messages");
}

function refuse(reason: string): never {
  throw new PromptError("RENDER_FAILED", reason);
}

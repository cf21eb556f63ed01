import type { Message, Metrics } from "@puna/protocol";
import type { CliContext } from "../context.ts";
import { withStatusPrefix } from "../server/status-prefix.ts";
import { startSpinner } from "../ui/spinner.ts";
import { AnswerView } from "./answer-view.ts";
import { toChatRequest } from "./chat-request.ts";
import type { Conversation } from "./conversation.ts";
import { printStatistics } from "./statistics.ts";

/**
 * Sends the conversation and writes the answer as it comes.
 * @returns the assistant's message, also when `signal` cut it short
 */
export async function streamAnswer(
  context: CliContext,
  conversation: Conversation,
  signal?: AbortSignal,
): Promise<Message> {
  const view = new AnswerView(context, conversation);
  const spinner = startSpinner(context.stderr);
  let last: Metrics | undefined;
  try {
    const request = context.client.chat({ ...toChatRequest(conversation), stream: true }, { signal });
    for await (const chunk of await withStatusPrefix(request)) {
      spinner[Symbol.dispose]();
      view.write(chunk.message);
      if (chunk.done) last = chunk;
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    spinner[Symbol.dispose]();
    view.stop();
  }
  context.stdout.write("\n\n");
  if (conversation.verbose && last !== undefined) context.stderr.write(printStatistics(last));
  return view.message;
}

import { expect, it } from "vitest";
import type { CliContext } from "../context.ts";
import type { Conversation } from "../run/conversation.ts";
import { runSlashCommand } from "./slash-commands.ts";

const conversation: Conversation = {
  model: "m",
  capabilities: ["completion"],
  messages: [{ role: "user", content: "now" }],
  storedMessages: [{ role: "user", content: "before" }],
  parentModel: "base",
  options: {},
  hideThinking: false,
  verbose: false,
  wordWrap: true,
  markdown: true,
};

function contextWith(create: (request: object) => Promise<void>): CliContext {
  // Of all that a context has, saving needs this one method.
  return { client: { create } } as unknown as CliContext;
}

it("saves what a session was begun with, from what its model was made of", async () => {
  const saved: object[] = [];
  const context = contextWith(async (request) => void saved.push(request));
  const { print } = await runSlashCommand("/save mine", context, conversation);
  expect(print).toBe("Created new model 'mine'\n");
  expect(saved).toEqual([
    {
      model: "mine",
      from: "base",
      messages: [
        { role: "user", content: "before" },
        { role: "user", content: "now" },
      ],
    },
  ]);
});

it("says of a bad name that it is one, and leaves other errors to the session", async () => {
  const failing = (message: string) => contextWith(() => Promise.reject(new Error(message)));
  expect(await runSlashCommand("/save ???", failing("invalid model name"), conversation)).toEqual({
    print: "error: The model name '???' is invalid\n",
  });
  await expect(runSlashCommand("/save x", failing("disk full"), conversation)).rejects.toThrow("disk full");
});

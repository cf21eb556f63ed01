import { expect, it } from "vitest";
import { collate } from "./collate.ts";

const message = (role: string, content: string) => ({ role, content });

it("joins neighbours of one role with an empty line, even where one is empty", () => {
  const messages = [
    message("user", "a"),
    message("user", ""),
    message("assistant", ""),
    message("assistant", "b"),
  ];
  expect(collate(messages).messages).toEqual([message("user", "a\n\n"), message("assistant", "\n\nb")]);
});

it("keeps tool results apart", () => {
  const messages = [message("tool", "a"), message("tool", "b")];
  expect(collate(messages).messages).toEqual(messages);
});

it("gathers all system texts and leaves them where they are", () => {
  const messages = [message("system", "a"), message("user", "b"), message("system", "c")];
  expect(collate(messages)).toEqual({ system: "a\n\nc", messages });
});

it("leaves the messages of the caller as they are", () => {
  const first = message("user", "a");
  collate([first, message("user", "b")]);
  expect(first).toEqual(message("user", "a"));
});

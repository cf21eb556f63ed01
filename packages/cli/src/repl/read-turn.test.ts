import { expect, it } from "vitest";
import { readTurn } from "./read-turn.ts";

const type = (...lines: string[]) => {
  let open: string | undefined;
  for (const line of lines) {
    const turn = readTurn(open, line);
    if (turn.type === "line") return turn.text;
    open = turn.text;
  }
  return undefined;
};

it("takes a plain line as it is", () => {
  expect(type("hello")).toBe("hello");
});

it("joins the lines between triple quotes", () => {
  expect(type('"""first', "second", 'third"""')).toBe("first\nsecond\nthird");
  expect(type('"""', "first", '"""')).toBe("first\n");
  expect(type('"""inline"""')).toBe("inline");
});

it("waits while the quotes are open", () => {
  expect(type('"""first', "second")).toBeUndefined();
});

import { describe, expect, it } from "vitest";
import { type OpenText, type Turn, takeLine } from "./session.ts";

const type = (...lines: string[]) => {
  let open: OpenText | undefined;
  let turn: Turn = { type: "nothing" };
  for (const line of lines) {
    turn = takeLine(open, line);
    open = turn.type === "open" ? turn.open : undefined;
  }
  return turn;
};

describe("takeLine", () => {
  it("takes a plain line as a message", () => {
    expect(type("hello")).toEqual({ type: "message", text: "hello" });
  });

  it("takes a line that begins with a slash as a command", () => {
    expect(type("/bye ")).toEqual({ type: "command", line: "/bye" });
    expect(type(" /bye")).toEqual({ type: "message", text: " /bye" });
  });

  it.each([
    [['"""first', "second", 'third"""'], "first\nsecond\nthird"],
    [['"""', "first", '"""'], "\nfirst\n"],
    [['"""inline"""'], "inline"],
    [['"""', "/bye", '"""'], "\n/bye\n"],
    [['"""a\nb"""'], "a\nb"],
  ])("joins %j between triple quotes", (lines, text) => {
    expect(type(...lines)).toEqual({ type: "message", text });
  });

  it("waits while the quotes are open", () => {
    expect(type('"""first', "second")).toMatchObject({ type: "open", open: { text: "first\nsecond\n" } });
  });

  it("reads a system message of several lines", () => {
    expect(type('/set system """be', 'short"""')).toEqual({ type: "system", text: "beshort" });
  });

  it("sends nothing for empty lines and empty quotes", () => {
    expect([type(""), type('""""""')].map((turn) => turn.type)).toEqual(["nothing", "nothing"]);
  });
});

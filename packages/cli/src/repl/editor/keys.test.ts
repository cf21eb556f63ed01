import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeyDecoder, type KeyEvent } from "./keys.ts";

const decode = (...parts: string[]) => {
  const decoder = new KeyDecoder();
  return parts.flatMap((part) => decoder.push(part));
};

/** Neighbouring pieces of text joined: how text is cut is the terminal's affair. */
const joined = (events: readonly KeyEvent[]) =>
  events.reduce<KeyEvent[]>((all, event) => {
    const last = all.at(-1);
    if (event.type !== "text" || last?.type !== "text") all.push(event);
    else all[all.length - 1] = { type: "text", text: last.text + event.text };
    return all;
  }, []);

describe("KeyDecoder", () => {
  it.each([
    ["\r", "enter"],
    ["\n", "newline"],
    ["\u001b[A", "up"],
    ["\u001bOB", "down"],
    ["\u001b[1;5D", "word-left"],
    ["\u001b[1;3C", "word-right"],
    ["\u001bb", "word-left"],
    ["\u001b[3~", "delete"],
    ["\u001b[3;5~", "delete-word-right"],
    ["\u001b\u007f", "delete-word"],
    ["\u0012", "search"],
    ["\u0007", "editor"],
    ["\u001a", "suspend"],
  ])("reads %j as %s", (data, key) => {
    expect(decode(data)).toEqual([{ type: "key", key }]);
  });

  it("drops sequences it does not know, with all of their characters", () => {
    expect(decode("a\u001b[15~\u001b[?62;c\u001b[200b\u001bZb")).toEqual([
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ]);
  });

  it("takes a paste as one text, control characters and line ends included", () => {
    expect(decode("\u001b[200~a\r\nb\rc\u0003\u001b[A\u001b[201~!")).toEqual([
      { type: "paste", text: "a\nb\nc\u0003\u001b[A" },
      { type: "text", text: "!" },
    ]);
  });

  it("tells the Escape key from the beginning of a sequence by a pause", () => {
    const decoder = new KeyDecoder();
    expect(decoder.push("\u001b")).toEqual([]);
    expect(decoder.isWaiting).toBe(true);
    expect(decoder.flush()).toEqual([{ type: "key", key: "escape" }]);
    expect(decoder.push("[A")).toEqual([{ type: "text", text: "[A" }]);
  });

  it("reads the same keys however their bytes are cut", () => {
    const parts = fc.array(
      fc.constantFrom(
        "x",
        "日本",
        "\r",
        "\u001b[A",
        "\u001b[1;5C",
        "\u001bb",
        "\u0003",
        "\u001b[200~p\nq\u001b[201~",
        "\u001b[99~",
      ),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(parts, (all) => {
        const data = all.join("");
        const whole = joined(decode(data));
        for (let at = 1; at < data.length; at++)
          expect(joined(decode(data.slice(0, at), data.slice(at)))).toEqual(whole);
      }),
    );
  });
});

import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { MarkdownStream } from "./markdown-stream.ts";

const render = (pieces: readonly string[], columns = 80) => {
  const stream = new MarkdownStream(columns);
  return pieces.map((piece) => stream.push(piece)).join("") + stream.end();
};

/** What a reader sees, with styles written as tags. */
const tags: Readonly<Record<string, string>> = {
  "1": "<b>",
  "22": "</>",
  "2": "<dim>",
  "3": "<i>",
  "23": "</i>",
  "4": "<u>",
  "24": "</u>",
  "9": "<s>",
  "29": "</s>",
  "36": "<code>",
  "39": "</code>",
};
const show = (text: string) =>
  text.replace(/\u001b\[(\d+)m/g, (_, code: string) => tags[code] ?? `<${code}>`);
const plain = (text: string) => text.replace(/\u001b\[[0-9;]*m/g, "");

describe("MarkdownStream", () => {
  it.each([
    ["hello world", "hello world"],
    ["a **bold** and *leaning* word", "a <b>bold</> and <i>leaning</i> word"],
    ["run `npm test` now", "run <code>npm test</code> now"],
    ["~~old~~ new", "<s>old</s> new"],
    ["5 * 3 * 2 and snake_case_name", "5 * 3 * 2 and snake_case_name"],
    ["an unclosed **mark", "an unclosed **mark"],
    ["# Title\n\ntext", "<b>Title</>\n\ntext"],
    ["- one\n- two\n  - three", "• one\n• two\n  • three"],
    ["1. one\n2. two", "1. one\n2. two"],
    ["- [ ] open\n- [x] done", "☐ open\n☑ done"],
    ["> quoted **text**", "<dim>│ </>quoted <b>text</>"],
    ["[site](https://a.example)", "<u>site</u> <dim>(https://a.example)</>"],
    ["see https://a.example/x_y_z end", "see https://a.example/x_y_z end"],
    ["a\n\n\n\nb", "a\n\nb"],
    ["x &lt; y", "x < y"],
    ["\\*not leaning\\*", "*not leaning*"],
    [
      "```js\nconst a = `b`; // **no**\n\n  indented\n```\nafter",
      "<dim>```js</>\n<code>const a = `b`; // **no**</code>\n\n<code>  indented</code>\n<dim>```</>\nafter",
    ],
    ["````\n```\n````", "<dim>````</>\n<code>```</code>\n<dim>````</>"],
  ])("shows %j", (source, expected) => {
    expect(show(render([source]))).toBe(expected);
  });

  it("draws a rule as wide as fits", () => {
    expect(plain(render(["a\n\n---\n\nb"], 30))).toBe(`a\n\n${"─".repeat(29)}\n\nb`);
  });

  it("draws a table in columns, wide characters counted", () => {
    const source = "| name | n |\n|:-----|--:|\n| 日本 | 1 |\n| x | 22 |\n\nafter";
    expect(plain(render([source]))).toBe("name │  n\n─────┼───\n日本 │  1\nx    │ 22\n\nafter");
  });

  it("wraps the cells of a table that is too wide", () => {
    const lines = plain(
      render([`| a | b |\n|---|---|\n| ${"word ".repeat(20)}| ${"other ".repeat(20)}|\n`], 60),
    ).split("\n");
    expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThan(60);
    expect(lines.join(" ").match(/word/g)).toHaveLength(20);
  });

  it("shows a table that ended too early, and what only looked like one", () => {
    expect(plain(render(["| a | b |\n|---|---|\n| 1 | 2"]))).toContain("1 │ 2");
    expect(plain(render(["| not a table\nnext"]))).toBe("| not a table\nnext");
  });

  it("lines up wrapped words with the text of their list item", () => {
    expect(plain(render([`- ${"word ".repeat(8).trim()}`], 34))).toBe(
      "• word word word word word \n  word word word",
    );
  });

  it("lines up nothing with the single space that an answer may begin with", () => {
    expect(plain(render([` ${"word ".repeat(6).trim()}`], 30))).toBe(" word word word word \nword word");
  });

  it("prints words as soon as their meaning is settled", () => {
    const stream = new MarkdownStream(80);
    expect(stream.push("one two ")).toBe("one two ");
    expect(stream.push("**thr")).toBe("");
    expect(show(stream.push("ee** four "))).toBe("<b>three</> four ");
  });

  it("ends every style when the stream is cut", () => {
    for (const source of ["a **bo", "```js\nlet a", "`co", "# Ti", "> *q", "[la](htt"]) {
      const stream = new MarkdownStream(80);
      const all = show(stream.push(source) + stream.end());
      expect((all.match(/<[a-z]+>/g) ?? []).length).toBe((all.match(/<\/[a-z]*>/g) ?? []).length);
    }
  });

  const pieces = fc.array(
    fc.constantFrom(
      "word",
      " ",
      " ",
      "\n",
      "\n\n",
      "**",
      "*",
      "_",
      "`",
      "```",
      "```js\n",
      "\n```\n",
      "# ",
      "- ",
      "1. ",
      "> ",
      "| ",
      " |",
      "|---|",
      "[a](b)",
      "[",
      "](",
      ")",
      "日本語",
      "🙂",
      "~~",
      "\\",
      "<b>",
      "---",
      "    ",
      "&amp;",
      "!",
      "[ ] ",
    ),
    { maxLength: 50 },
  );

  it("gives the same text however the stream is cut", () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 22, max: 60 }), (parts, columns) => {
        const whole = render([parts.join("")], columns);
        expect(render(parts, columns)).toBe(whole);
        expect(render([...parts.join("")], columns)).toBe(whole);
      }),
      { numRuns: 20000 },
    );
  });

  it("never loses a letter and never leaves a style on", () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        const source = parts.join("");
        const shown = plain(render(parts, 40));
        const letters = (text: string) => text.match(/[a-z日本語🙂]/gu)?.join("") ?? "";
        // Names of entities and link targets change their place or form; everything else is there, in its order.
        const expected = letters(source.replaceAll("&amp;", "&"));
        expect(letters(shown).length).toBeGreaterThanOrEqual(letters(expected).length);
      }),
      { numRuns: 200 },
    );
  });
});

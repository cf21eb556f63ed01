import type { Tool } from "@puna/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileChatTemplate } from "../jinja/chat-template.ts";
import { parseOutput } from "../testing/parse-output.ts";
import type { TaggedCallShape } from "./call-shape.ts";
import { taggedCalls } from "./tagged-calls.ts";

const tools: readonly Tool[] = [
  {
    type: "function",
    function: {
      name: "find",
      parameters: {
        type: "object",
        properties: {
          where: { type: "string" },
          limit: { type: "integer" },
          tags: { type: "array", items: { type: "string" } },
          area: { type: "object", properties: { wide: { type: "boolean" }, name: { type: "string" } } },
          either: { type: ["string", "integer"] },
        },
      },
    },
  },
  { type: "function", function: { name: "now", parameters: { type: "object", properties: {} } } },
];

/** A template that writes calls as `call` does, with `args` in the place of its arguments. */
function shapeOf(
  call: string,
  argument: string,
  around: readonly [string, string] = ["", ""],
): TaggedCallShape {
  const template = compileChatTemplate(
    `{%- for m in messages -%}[{{ m.role }}]{{ m.content }}{%- if m.tool_calls -%}{{ ${JSON.stringify(around[0])} }}
    {%- for c in m.tool_calls -%}{%- set args -%}{%- for k, v in c.function.arguments.items() -%}{{ ${argument} }}{%- endfor -%}{%- endset -%}
    {{ ${call} }}{%- endfor -%}{{ ${JSON.stringify(around[1])} }}{%- endif -%}<end>{%- endfor -%}[assistant]`,
  );
  return template.calls?.type === "tagged" ? template.calls : expect.fail();
}

const shapes = {
  functions: shapeOf(
    String.raw`"<call>\n<function=" ~ c.function.name ~ ">\n" ~ args ~ "</function>\n</call>\n"`,
    String.raw`"<parameter=" ~ k ~ ">\n" ~ v ~ "\n</parameter>\n"`,
  ),
  attributes: shapeOf(
    String.raw`"<｜X｜invoke name=\"" ~ c.function.name ~ "\">\n" ~ args ~ "</｜X｜invoke>\n"`,
    String.raw`"<｜X｜parameter name=\"" ~ k ~ "\" string=\"" ~ ("true" if v is string else "false") ~ "\">" ~ (v if v is string else v | tojson) ~ "</｜X｜parameter>\n"`,
    ["\n\n<｜X｜calls>\n", "</｜X｜calls>"],
  ),
  pairs: shapeOf(
    `"<call>" ~ c.function.name ~ args ~ "</call>"`,
    String.raw`"<key>" ~ k ~ "</key>\n<value>" ~ v ~ "</value>"`,
  ),
  keyed: shapeOf(
    String.raw`"]<]x[>[<invoke name=\"" ~ c.function.name ~ "\">" ~ args ~ "]<]x[>[</invoke>\n"`,
    `"]<]x[>[<" ~ k ~ ">" ~ v ~ "]<]x[>[</" ~ k ~ ">"`,
    ["]<]x[>[<calls>\n", "]<]x[>[</calls>"],
  ),
  wrapped: shapeOf(
    String.raw`"<function name=\"" ~ c.function.name ~ "\">" ~ args ~ "</function>"`,
    String.raw`"<param name=\"" ~ k ~ "\">" ~ (("<![CDATA[" ~ v ~ "]]>") if "<" in (v | string) else v) ~ "</param>"`,
  ),
};

function read(shape: keyof typeof shapes, chunks: readonly string[], offered = tools) {
  const { calls, ...rest } = parseOutput(taggedCalls(shapes[shape], offered), chunks);
  return { ...rest, calls: calls.map((call) => [call.function.name, call.function.arguments]) };
}

const answer = (content: string, ...calls: readonly (readonly [string, object])[]) => ({
  content,
  thinking: "",
  calls,
});

const whole: Readonly<Record<keyof typeof shapes, string>> = {
  functions:
    "<call>\n<function=find>\n<parameter=where>\n a\n<b>\n\n</parameter>\n<parameter=limit>\n2\n</parameter>\n</function>\n</call>",
  attributes:
    '<｜X｜calls>\n<｜X｜invoke name="find">\n<｜X｜parameter name="where" string="true"> a\n<b>\n</｜X｜parameter>\n<｜X｜parameter name="limit" string="false">2</｜X｜parameter>\n</｜X｜invoke>\n</｜X｜calls>',
  pairs: "<call>find\n<key>where</key>\n<value> a\n<b>\n</value>\n<key>limit</key><value>2</value>\n</call>",
  keyed:
    ']<]x[>[<calls>\n]<]x[>[<invoke name="find">]<]x[>[<where> a\n<b>\n]<]x[>[</where>]<]x[>[<limit>2]<]x[>[</limit>]<]x[>[</invoke>\n]<]x[>[</calls>',
  wrapped:
    '<function name="find"><param name="where"><![CDATA[ a\n<b>\n]]></param><param name="limit">2</param></function>',
};
const names = Object.keys(whole) as readonly (keyof typeof shapes)[];
const found = ["find", { where: " a\n<b>\n", limit: 2 }] as const;

describe("calls whose arguments stand between tags", () => {
  it.each(names)("are read as a template with %s writes them, behind and before text", (name) => {
    expect(read(name, [whole[name]])).toEqual(answer("", found));
    expect(read(name, [`Let me see.\n${whole[name]}\n${whole[name]}\nDone.`])).toEqual(
      answer("Let me see.\nDone.", found, found),
    );
  });

  it.each(names)("are found with %s however the text is cut", (name) => {
    const pieces = [
      whole[name],
      ...whole[name].split(/(?<=>)|(?=<)/),
      ..."{ } < > ] [ \n find now text limit 2".split(" "),
    ];
    const input = fc.tuple(
      fc.array(fc.constantFrom(...pieces), { maxLength: 12 }),
      fc.array(fc.nat(200), { maxLength: 6 }),
    );
    fc.assert(
      fc.property(input, ([parts, cuts]) => {
        const text = parts.join("");
        const at = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
        const once = read(name, [text]);
        expect(read(name, text.split(""))).toEqual(once);
        expect(
          read(
            name,
            at.slice(1).map((end, index) => text.slice(at[index], end)),
          ),
        ).toEqual(once);
      }),
      { numRuns: 200 },
    );
  });

  it.each(names)("stay text with %s where no tool has the name, or a part is missing", (name) => {
    const text = `a ${whole[name]} b`;
    expect(read(name, [text], [tools[1] ?? expect.fail()])).toEqual(answer(text));
    for (let length = 1; length < whole[name].length; length += 1) {
      const half = `a ${whole[name].slice(0, length)}`;
      const { content, calls } = read(name, [half]);
      if (calls.length === 0) expect(content).toBe(half);
    }
  });

  it("belong to the blank line before them where the template writes one", () => {
    expect(read("attributes", [`Well.\n\n${whole.attributes}`])).toEqual(answer("Well.", found));
    expect(read("attributes", [`Well.\n${whole.attributes}`])).toEqual(answer("Well.\n", found));
    expect(read("attributes", ["Well.\n\n"])).toEqual(answer("Well.\n\n"));
  });

  it("may lack the tag around them", () => {
    const text = "<function=now>\n</function>";
    expect(read("functions", [text])).toEqual(answer("", ["now", {}]));
    expect(read("functions", [`${text}\n</call>\nx`])).toEqual(answer("x", ["now", {}]));
    expect(read("functions", ["<function=other>"])).toEqual(answer("<function=other>"));
  });

  it("have lists and objects as JSON, even if it holds tags, or as tags", () => {
    const json = (key: string, value: string) => `<call>find<key>${key}</key><value>${value}</value></call>`;
    expect(read("pairs", [json("tags", '["</value>"]')])).toEqual(
      answer("", ["find", { tags: ["</value>"] }]),
    );
    expect(read("pairs", [json("area", '{"wide": true}')])).toEqual(
      answer("", ["find", { area: { wide: true } }]),
    );
    const tag = (key: string, value: string) => `]<]x[>[<${key}>${value}]<]x[>[</${key}>`;
    const body =
      tag("tags", tag("item", "a") + tag("item", "b")) + tag("area", tag("wide", "true") + tag("name", "n"));
    const keyed = `]<]x[>[<calls>]<]x[>[<invoke name="find">${body}]<]x[>[</invoke>]<]x[>[</calls>`;
    expect(read("keyed", [keyed])).toEqual(
      answer("", ["find", { tags: ["a", "b"], area: { wide: true, name: "n" } }]),
    );
  });

  it("have values of the types that the schema allows, and text where nothing else fits", () => {
    const value = (key: string, text: string) =>
      read("pairs", [`<call>find<key>${key}</key><value>${text}</value></call>`]).calls[0]?.[1];
    expect(value("where", "12")).toEqual({ where: "12" });
    expect(value("either", "12")).toEqual({ either: 12 });
    expect(value("limit", "many")).toEqual({ limit: "many" });
    expect(value("unknown", "12")).toEqual({ unknown: "12" });
    expect(value("__proto__", "x")).toEqual(JSON.parse('{"__proto__": "x"}'));
  });

  it("have values that are no text where the tag says so and no schema does", () => {
    const text = (kind: string) =>
      `<｜X｜calls><｜X｜invoke name="find"><｜X｜parameter name="other" string="${kind}">[1]</｜X｜parameter></｜X｜invoke></｜X｜calls>`;
    expect(read("attributes", [text("false")])).toEqual(answer("", ["find", { other: [1] }]));
    expect(read("attributes", [text("true")])).toEqual(answer("", ["find", { other: "[1]" }]));
  });

  it("take time in proportion to their length", () => {
    const time = (length: number) => {
      const text = `<call>find<key>where</key><value>${"x>".repeat(length)}</value></call>`;
      const started = process.cpuUsage();
      expect(read("pairs", text.split("")).calls).toHaveLength(1);
      return process.cpuUsage(started).user / 1000;
    };
    time(1000);
    expect(time(50_000)).toBeLessThan(100 * Math.max(10, time(5_000)));
  });
});

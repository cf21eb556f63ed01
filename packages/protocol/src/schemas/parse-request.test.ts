import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import type * as z from "zod";
import type { ChatRequest, Message, Tool } from "../index.ts";
import {
  chatRequestSchema,
  createRequestSchema,
  embedRequestSchema,
  generateRequestSchema,
  parseEmbedInput,
  parseLicense,
  parseRequest,
  pullRequestSchema,
} from "./index.ts";

function accept<T extends z.ZodType>(schema: T, body: string) {
  const result = parseRequest(schema, body);
  if (!result.ok) throw new Error(`refused: ${result.error}`);
  return result;
}

describe("parseRequest", () => {
  test("gives the types that the rest of puna speaks", () => {
    type Chat = z.output<typeof chatRequestSchema>;
    expectTypeOf<NonNullable<Chat["messages"]>>().toExtend<readonly Message[]>();
    expectTypeOf<NonNullable<Chat["tools"]>>().toExtend<readonly Tool[]>();
    expectTypeOf<Pick<Chat, "model" | "stream" | "think" | "keep_alive">>().toExtend<
      Pick<ChatRequest, "model" | "stream" | "think" | "keep_alive">
    >();
  });

  test("matches keys in any case at every depth, the last one winning", () => {
    const body =
      '{"MODEL":"a","Model":"b","messages":[{"Role":"USER","CONTENT":"x","Tool_Calls":[{"FUNCTION":{"Name":"f"}}]}]}';
    expect(accept(chatRequestSchema, body).value).toEqual({
      model: "b",
      messages: [{ role: "user", content: "x", tool_calls: [{ function: { name: "f", arguments: {} } }] }],
    });
  });

  test("names unknown keys by their path, once each and not without limit", () => {
    const body =
      '{"model":"m","foo":1,"messages":[{"role":"user","content":"","bar":1},{"bar":2}],"options":{"baz":1}}';
    expect(accept(chatRequestSchema, body).unknownKeys).toEqual(["foo", "messages.bar"]);
    const many = JSON.stringify(Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`k${at}`, at])));
    expect(accept(chatRequestSchema, many).unknownKeys).toHaveLength(32);
  });

  test("takes null for the absence of a field, and of a list's element for its zero value", () => {
    const nulls = Object.fromEntries(Object.keys(generateRequestSchema.shape).map((key) => [key, null]));
    expect(accept(generateRequestSchema, JSON.stringify(nulls)).value).toEqual(
      accept(generateRequestSchema, "null").value,
    );
    expect(accept(chatRequestSchema, '{"messages":[null],"tools":[null]}').value).toMatchObject({
      messages: [{ role: "", content: "" }],
      tools: [{ type: "", function: { name: "", parameters: { type: "", properties: null } } }],
    });
    expect(accept(generateRequestSchema, '{"images":[null],"context":[null]}').value).toMatchObject({
      images: [""],
      context: [0],
    });
  });

  test("keeps the order of properties and drops schema keywords that tools do not have", () => {
    const property = { enum: ["x"], type: ["string"], format: "date", default: 1, description: "d" };
    const parameters = {
      type: "object",
      properties: {
        zebra: property,
        apple: { type: ["integer", "null"], anyOf: [{ type: "a", title: "t" }] },
      },
      additionalProperties: false,
    };
    const body = JSON.stringify({
      model: "m",
      tools: [{ type: "function", function: { name: "f", parameters } }],
    });
    const { value, unknownKeys } = accept(chatRequestSchema, body);
    expect(JSON.stringify(value.tools?.[0]?.function.parameters)).toBe(
      '{"type":"object","properties":{"zebra":{"type":"string","description":"d","enum":["x"]},"apple":{"anyOf":[{"type":"a"}],"type":["integer","null"]}}}',
    );
    expect(unknownKeys).toContain("tools.function.parameters.properties.*.default");
  });

  test("keeps arguments as they are, names of the prototype included", () => {
    const body =
      '{"messages":[{"tool_calls":[{"function":{"name":"f","arguments":{"b":1,"a":{"__proto__":{"x":1}},"__proto__":2}}}]}]}';
    const call = accept(chatRequestSchema, body).value.messages?.[0]?.tool_calls?.[0];
    expect(JSON.stringify(call?.function.arguments)).toBe('{"b":1,"a":{"__proto__":{"x":1}},"__proto__":2}');
    accept(
      chatRequestSchema,
      '{"__proto__":{"polluted":1},"tools":[{"function":{"parameters":{"properties":{"__proto__":{"type":"x"}}}}}]}',
    );
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    expect(Reflect.get({}, "type")).toBeUndefined();
  });

  test("takes pictures with line breaks in their base64, and a large one quickly", () => {
    expect(accept(generateRequestSchema, '{"images":["aGVs\\r\\nbG8=\\n"]}').value.images).toEqual([
      "aGVsbG8=",
    ]);
    const large = "QUFB".repeat(8 * 1024 * 1024);
    const started = process.cpuUsage();
    expect(accept(generateRequestSchema, JSON.stringify({ images: [large] })).value.images?.[0]).toHaveLength(
      large.length,
    );
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(10_000);
  });

  test.each(["a", "aGVsbG8", "aGVsbG8==", "aGVs bG8=", "a===", "aGVs-_8="])(
    "refuses the base64 %j",
    (image) => {
      expect(parseRequest(generateRequestSchema, JSON.stringify({ images: [image] }))).toMatchObject({
        ok: false,
        error: expect.stringMatching(/^illegal base64 data at input byte \d+$/),
      });
    },
  );

  test.each([
    ["", "missing request body"],
    [" \n", "missing request body"],
    ['{"model":"a"', "unexpected EOF"],
    ['{"model":tru}', "invalid character '}' in literal true (expecting 'e')"],
    ['{"think":"x"}', 'invalid think value: "x" (must be "high", "medium", "low", "max", true, or false)'],
    ['{"keep_alive":"5"}', 'time: missing unit in duration "5"'],
    ['{"stream":1,"keep_alive":[]}', "Unsupported type: '[]interface {}'"],
    [
      '{"logprobs":"x"}',
      "json: cannot unmarshal string into Go struct field ChatRequest.logprobs of type bool",
    ],
    [
      '{"top_logprobs":1.5}',
      "json: cannot unmarshal number 1.5 into Go struct field ChatRequest.top_logprobs of type int",
    ],
    [
      '{"messages":[{"tool_calls":[{"function":{"arguments":[]}}]}]}',
      "Value looks like object, but can't find closing '}' symbol",
    ],
  ])("refuses %j with 400", (body, error) => {
    expect(parseRequest(chatRequestSchema, body)).toEqual({ ok: false, status: 400, error });
  });

  test("ignores what follows the first value, and tells a byte order mark from it", () => {
    expect(accept(pullRequestSchema, ' {"model":"a"} {"model":"b"').value.model).toBe("a");
    expect(parseRequest(pullRequestSchema, new TextEncoder().encode('\u{feff}{"model":"a"}'))).toMatchObject({
      error: "invalid character 'ï' looking for beginning of value",
    });
  });

  test("bounds size and depth", () => {
    expect(
      parseRequest(pullRequestSchema, `{"model":"${"x".repeat(100)}"}`, { maxLength: 50 }),
    ).toMatchObject({ status: 413 });
    for (const [open, close] of [
      ['{"a":', "}"],
      ["[", "]"],
    ] as const) {
      const deep = `{"model":"m","x":${open.repeat(200_000)}1${close.repeat(200_000)}}`;
      expect(parseRequest(pullRequestSchema, deep)).toEqual({
        ok: false,
        status: 400,
        error: "exceeded max depth",
      });
      expect(parseRequest(pullRequestSchema, deep.slice(0, -1))).toMatchObject({ ok: false, status: 400 });
    }
    const property = (depth: number): unknown => (depth === 0 ? {} : { anyOf: [property(depth - 1)] });
    const body = JSON.stringify({
      tools: [{ function: { parameters: { properties: { a: property(450) } } } }],
    });
    expect(parseRequest(chatRequestSchema, body).ok).toBe(true);
  });

  test("never throws, whatever the body", () => {
    const json = fc.jsonValue({ maxDepth: 6 }).map((value) => JSON.stringify(value));
    const shaped = fc
      .record(
        {
          model: fc.jsonValue(),
          messages: fc.array(fc.jsonValue()),
          tools: fc.array(fc.jsonValue()),
          think: fc.jsonValue(),
          keep_alive: fc.jsonValue(),
          images: fc.array(fc.jsonValue()),
        },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(fc.oneof(json, shaped, fc.string(), fc.uint8Array()), (body) => {
        for (const schema of [
          chatRequestSchema,
          generateRequestSchema,
          createRequestSchema,
          embedRequestSchema,
        ]) {
          const result = parseRequest(schema, body);
          expect(typeof result.ok).toBe("boolean");
        }
      }),
      { numRuns: 500 },
    );
  });
});

test("the input of embed is a text or a list of texts", () => {
  expect(parseEmbedInput(undefined)).toEqual([]);
  expect(parseEmbedInput("")).toEqual([]);
  expect(parseEmbedInput("a")).toEqual(["a"]);
  expect(parseEmbedInput(["a", ""])).toEqual(["a", ""]);
  for (const wrong of [5, [1], ["a", 1], {}, true]) expect(parseEmbedInput(wrong)).toBeUndefined();
});

test("a licence is a text or a list of texts", () => {
  expect(parseLicense(undefined)).toEqual([]);
  expect(parseLicense("a")).toEqual(["a"]);
  expect(parseLicense(["a", "b"])).toEqual(["a", "b"]);
  for (const wrong of [5, [1], {}]) expect(parseLicense(wrong)).toBeUndefined();
});

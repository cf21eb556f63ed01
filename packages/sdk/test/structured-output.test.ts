import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { Puna } from "../src/index.ts";
import { sendJson, sendLines, startServer } from "./server.ts";

async function startModel(text: string) {
  const server = await startServer((_request, response) =>
    sendJson(response, {
      model: "m",
      created_at: "t",
      done: true,
      response: text,
      message: { role: "assistant", content: text },
    }),
  );
  return {
    server,
    client: new Puna({ host: server.url }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const Pet = z.object({
  name: z.string(),
  age: z.int().optional(),
  born: z.string().transform((text) => new Date(text)),
});
const jsonSchema = {
  type: "object",
  properties: { name: { type: "string" }, tags: { type: "array", items: { type: "string" } } },
  required: ["name"],
} as const;

describe("format", () => {
  test("given a zod schema sends its JSON schema and gives the validated value, typed", async () => {
    await using world = await startModel('{"name":"Rex","born":"2020-01-02"}');
    const { parsed } = await world.client.chat({ model: "m", messages: [], format: Pet });
    expectTypeOf(parsed).toEqualTypeOf<{ name: string; age?: number | undefined; born: Date }>();
    expect(parsed).toEqual({ name: "Rex", born: new Date("2020-01-02") });
    expect((await world.client.generate({ model: "m", format: Pet })).parsed.born.getUTCFullYear()).toBe(
      2020,
    );
    expect(world.server.seen[0]?.json).toMatchObject({
      format: { type: "object", required: ["name", "born"], properties: { name: { type: "string" } } },
    });
    expect(world.server.seen[0]?.json).not.toHaveProperty("format.$schema");
  });

  test("given a JSON schema gives the value, typed by the literal", async () => {
    await using world = await startModel('{"name":"Rex"}');
    const answer = await world.client.chat({ model: "m", messages: [], format: jsonSchema });
    expectTypeOf(answer.parsed).toEqualTypeOf<{ name: string; tags?: string[] }>();
    expect(answer.parsed).toEqual({ name: "Rex" });
    expect(world.server.seen[0]?.json).toMatchObject({ format: jsonSchema });
    const inline = await world.client.generate({
      model: "m",
      format: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
    });
    expectTypeOf(inline.parsed).toEqualTypeOf<{ name: string }>();
  });

  test("of a cut answer fails: at once with a zod schema, on reading `parsed` with a JSON schema", async () => {
    await using world = await startModel('{"name":"Re');
    await expect(world.client.chat({ model: "m", messages: [], format: Pet })).rejects.toMatchObject({
      code: "INVALID_OUTPUT",
    });
    const answer = await world.client.chat({ model: "m", messages: [], format: jsonSchema });
    expect(answer.message.content).toBe('{"name":"Re');
    expect(() => answer.parsed).toThrow("not complete JSON");
  });

  test("names what does not fit", async () => {
    await using world = await startModel('{"name":5,"born":"x"}');
    await expect(world.client.chat({ model: "m", messages: [], format: Pet })).rejects.toMatchObject({
      code: "INVALID_OUTPUT",
      details: { issues: [{ path: ["name"] }] },
    });
  });

  test("as a plain word is sent as it is and adds nothing", async () => {
    await using world = await startModel("{}");
    const answer = await world.client.chat({ model: "m", messages: [], format: "json" });
    expect(world.server.seen[0]?.json).toMatchObject({ format: "json" });
    expect("parsed" in answer).toBe(false);
  });

  test("refuses schema objects that give no JSON schema", async () => {
    const old = {
      "~standard": { version: 1, vendor: "oldlib", validate: (value: unknown) => ({ value }) },
    } as const;
    await expect(new Puna().chat({ model: "m", messages: [], format: old })).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringContaining("oldlib"),
    });
  });
});

/** Streams the pieces as answers of chat and generate. */
async function startStreamingModel(pieces: readonly string[]) {
  const server = await startServer((_request, response) =>
    sendLines(
      response,
      pieces.map((text, at) => ({
        model: "m",
        created_at: "t",
        done: at === pieces.length - 1,
        response: text,
        message: { role: "assistant", content: text },
      })),
    ),
  );
  return {
    client: new Puna({ host: server.url }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe("format of a stream", () => {
  const pieces = ['{"name":"R', 'ex","born":', '"2020-01-02"}'];

  test("given a zod schema gives the pieces, and then the validated value, typed", async () => {
    await using world = await startStreamingModel(pieces);
    const stream = await world.client.chat({ model: "m", messages: [], format: Pet, stream: true });
    let text = "";
    for await (const { message } of stream) text += message.content;
    expect(text).toBe(pieces.join(""));
    const value = await stream.parsed();
    expectTypeOf(value).toEqualTypeOf<{ name: string; age?: number | undefined; born: Date }>();
    expect(value).toEqual({ name: "Rex", born: new Date("2020-01-02") });
    expect(await stream.parsed()).toEqual(value);
  });

  test("gives the value without a loop too, and of a JSON schema the type of the literal", async () => {
    await using world = await startStreamingModel(pieces);
    const stream = await world.client.generate({ model: "m", prompt: "", format: jsonSchema, stream: true });
    const value = await stream.parsed();
    expectTypeOf(value).toEqualTypeOf<{ name: string; tags?: string[] }>();
    expect(value).toMatchObject({ name: "Rex" });
  });

  test("has no value when the answer does not fit, is cut off, or was left", async () => {
    await using wrong = await startStreamingModel(['{"name":5}']);
    const request = { model: "m", messages: [], format: Pet, stream: true } as const;
    await expect((await wrong.client.chat(request)).parsed()).rejects.toMatchObject({
      code: "INVALID_OUTPUT",
      details: { issues: expect.arrayContaining([expect.objectContaining({ path: ["name"] })]) },
    });
    await using cut = await startStreamingModel(['{"na', 'me":"Re']);
    await expect((await cut.client.chat(request)).parsed()).rejects.toThrow("not complete JSON");
    await using long = await startStreamingModel(pieces);
    const left = await long.client.chat(request);
    for await (const _message of left) break;
    await expect(left.parsed()).rejects.toThrow("left before its end");
  });

  test("as a plain word, or absent, adds nothing", async () => {
    await using world = await startStreamingModel(["{}"]);
    const stream = await world.client.chat({ model: "m", messages: [], format: "json", stream: true });
    expect("parsed" in stream).toBe(false);
    expect("parsed" in (await world.client.chat({ model: "m", messages: [], stream: true }))).toBe(false);
  });
});

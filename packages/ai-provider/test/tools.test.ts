import {
  generateObject,
  generateText,
  isStepCount,
  jsonSchema,
  Output,
  streamObject,
  streamText,
  tool,
} from "ai";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { openScriptedServer, type Way } from "./support/scripted-server.ts";

const ways: readonly Way[] = ["over HTTP", "in-process"];
const add = tool({
  description: "Adds two numbers",
  inputSchema: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => a + b,
});
const callOfAdd = (a: number, b: number) =>
  `<tool_call>{"name": "add", "arguments": {"a": ${a}, "b": ${b}}}</tool_call>`;
const city = z.object({ city: z.string(), people: z.number() });
const bern = '{"city":"Bern","people":134000}';

describe.each(ways)("%s", (way) => {
  it("generateText calls tools over several steps, several at a time", async () => {
    await using world = await openScriptedServer(way, [
      [callOfAdd(1, 2), callOfAdd(3, 4)],
      [callOfAdd(3, 7)],
      ["It is 10."],
    ]);
    const result = await generateText({
      model: world.provider("t"),
      prompt: "Add them",
      tools: { add },
      stopWhen: isStepCount(5),
    });
    expect(result.text).toBe("It is 10.");
    expect(result.steps.map(({ finishReason }) => finishReason)).toEqual([
      "tool-calls",
      "tool-calls",
      "stop",
    ]);
    expect(result.steps[0]?.toolResults.map(({ output }) => output)).toEqual([3, 7]);
    const ids = result.steps.flatMap(({ toolCalls }) => toolCalls.map(({ toolCallId }) => toolCallId));
    expect(new Set(ids).size).toBe(3);
    // The model sees its own calls and what came of them, in order.
    const messages = world.sent[1]?.["messages"];
    expect(messages).toMatchObject([
      { role: "user" },
      {
        role: "assistant",
        tool_calls: [
          { id: ids[0], function: { index: 0, name: "add", arguments: { a: 1, b: 2 } } },
          { id: ids[1], function: { index: 1, name: "add", arguments: { a: 3, b: 4 } } },
        ],
      },
      { role: "tool", tool_name: "add", tool_call_id: ids[0], content: "3" },
      { role: "tool", tool_name: "add", tool_call_id: ids[1], content: "7" },
    ]);
    expect(world.sent[0]?.["tools"]).toMatchObject([
      {
        type: "function",
        function: {
          name: "add",
          description: "Adds two numbers",
          parameters: { type: "object", required: ["a", "b"] },
        },
      },
    ]);
  });

  it("streamText tells calls and results as they come", async () => {
    await using world = await openScriptedServer(way, [[callOfAdd(1, 2)], ["3"]]);
    const types: string[] = [];
    const result = streamText({
      model: world.provider("t"),
      prompt: "Add",
      tools: { add },
      stopWhen: isStepCount(3),
    });
    for await (const part of result.fullStream) types.push(part.type);
    const order = ["tool-input-start", "tool-input-delta", "tool-input-end", "tool-call", "tool-result"];
    expect(types.filter((type) => type.startsWith("tool-"))).toEqual(order);
    expect(await result.text).toBe("3");
  });

  it("a tool that fails is told to the model as an error", async () => {
    await using world = await openScriptedServer(way, [[callOfAdd(1, 2)], ["Sorry."]]);
    const broken = tool({
      inputSchema: z.object({}),
      execute: (): number => {
        throw new Error("no power");
      },
    });
    const result = await generateText({
      model: world.provider("t"),
      prompt: "Add",
      tools: { add: broken },
      stopWhen: isStepCount(3),
    });
    expect(result.text).toBe("Sorry.");
    expect(JSON.stringify(world.sent[1])).toContain("Error: no power");
  });

  it("structured output is bound to its schema and validated", async () => {
    await using world = await openScriptedServer(way, [[bern]]);
    const model = world.provider("m");
    const result = await generateText({ model, prompt: "Bern?", output: Output.object({ schema: city }) });
    expect(result.output).toEqual({ city: "Bern", people: 134_000 });
    expect(world.sent[0]).toMatchObject({ format: { type: "object", required: ["city", "people"] } });
    expect(world.calls[0]?.request.grammar).toContain("people");
    expect((await generateObject({ model, prompt: "Bern?", schema: city })).object.city).toBe("Bern");
    const choice = await openScriptedServer(way, [['{"result":"warm"}']]);
    const options = ["warm", "cold"];
    const chosen = await generateText({
      model: choice.provider("m"),
      prompt: "?",
      output: Output.choice({ options }),
    });
    expect(chosen.output).toBe("warm");
    await choice[Symbol.asyncDispose]();
  });

  it("structured output is streamed in part", async () => {
    await using world = await openScriptedServer(way, [['{"city":"Be', 'rn","peo', 'ple":134000}']]);
    const model = world.provider("m");
    const partial: unknown[] = [];
    const result = streamText({ model, prompt: "Bern?", output: Output.object({ schema: city }) });
    for await (const value of result.partialOutputStream) partial.push(value);
    expect(partial[0]).toEqual({ city: "Be" });
    expect(await result.output).toEqual({ city: "Bern", people: 134_000 });
    const old = streamObject({ model, prompt: "Bern?", schema: city });
    for await (const value of old.partialObjectStream) partial.push(value);
    expect((await old.object).city).toBe("Bern");
  });

  it("a call that has to be made is made, by the tool that was named or by any", async () => {
    const call = '{"name":"add","arguments":{"a":1,"b":2}}';
    await using world = await openScriptedServer(way, [[call]]);
    const subtract = tool({ inputSchema: z.object({ c: z.number() }), execute: ({ c }) => -c });
    const request = { model: world.provider("t"), prompt: "Hi", tools: { add, subtract } };
    const named = await generateText({ ...request, toolChoice: { type: "tool", toolName: "add" } });
    expect(named.toolResults.map(({ output }) => output)).toEqual([3]);
    expect(named.finishReason).toBe("tool-calls");
    expect(world.sent[0]?.["tools"]).toHaveLength(1);
    expect(world.sent[0]).toMatchObject({ format: { properties: { name: { const: "add" } } } });
    // The model may think first; what it then says is bound.
    expect(world.calls.at(-1)?.request.grammar).toContain("add");

    const streamed = streamText({ ...request, toolChoice: "required" });
    expect((await streamed.toolCalls).map(({ toolName }) => toolName)).toEqual(["add"]);
    expect(await streamed.text).toBe("");
    expect(world.sent[1]).toMatchObject({ format: { anyOf: [{}, {}] } });
    await generateText({ ...request, toolChoice: "none" });
    expect(world.sent[2]).not.toHaveProperty("tools");
  });

  it("forced calls keep apart what several schemas call by the same name", async () => {
    const withPart = (part: object) => {
      const properties = { a: { $ref: "#/$defs/P" } };
      const inputSchema = jsonSchema<{ a: string }>({ type: "object", properties, $defs: { P: part } });
      return tool({ inputSchema, execute: ({ a }) => a });
    };
    await using world = await openScriptedServer(way, [['{"name": "f", "arguments": {"a": "of f"}}']]);
    const { toolCalls } = await generateText({
      model: world.provider("t"),
      prompt: "Call one",
      tools: { f: withPart({ const: "of f" }), g: withPart({ const: "of g" }) },
      toolChoice: "required",
    });
    expect(toolCalls).toMatchObject([{ toolName: "f", input: { a: "of f" } }]);
    const { grammar } = world.calls.at(-1)?.request ?? {};
    expect(grammar).toContain("of f");
    expect(grammar).toContain("of g");
  });

  it("tools and structured output go together: calls first, then the format", async () => {
    await using world = await openScriptedServer(way, [[callOfAdd(1, 2)], ["It is three."], [bern]]);
    const result = await generateText({
      model: world.provider("t"),
      prompt: "Bern?",
      tools: { add },
      output: Output.object({ schema: city }),
      stopWhen: isStepCount(4),
    });
    expect(result.output).toEqual({ city: "Bern", people: 134_000 });
    expect(result.steps).toHaveLength(2);
    expect(world.sent.map((body) => ["tools" in body, "format" in body])).toEqual([
      [true, false],
      [true, false],
      [false, true],
    ]);
  });
});

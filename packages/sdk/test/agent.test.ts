import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { type AgentEvent, type AgentTool, defineTool, Puna } from "../src/index.ts";
import { sendLines, startServer, toArray } from "./server.ts";

interface Turn {
  readonly text?: string;
  readonly thinking?: string;
  readonly calls?: readonly (readonly [name: string, parameters: Record<string, unknown>])[];
}

/** A server whose model says these turns, one a request, cut into pieces. */
async function startModel(turns: readonly Turn[]) {
  const server = await startServer((_request, response, count) => {
    const { text = "", thinking = "", calls = [] } = turns[count] ?? {};
    const message = (fields: object) => ({
      model: "m",
      created_at: "t",
      done: false,
      message: { role: "assistant", content: "", ...fields },
    });
    sendLines(response, [
      ...[...thinking].map((piece) => message({ thinking: piece })),
      ...text
        .split(/(?<= )/)
        .filter((piece) => piece !== "")
        .map((content) => message({ content })),
      ...calls.map(([name, parameters], index) =>
        message({ tool_calls: [{ id: `call_${index}`, function: { index, name, arguments: parameters } }] }),
      ),
      { ...message({}), done: true, done_reason: "stop", prompt_eval_count: 10, eval_count: 2 },
    ]);
  });
  return {
    server,
    client: new Puna({ host: server.url }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const add = defineTool({
  name: "add",
  description: "Adds two numbers",
  parameters: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => a + b,
});

const messages = [{ role: "user", content: "What is 1 + 2?" }];

describe("client.agent", () => {
  test("lets the model call functions and gives their results back to it", async () => {
    await using world = await startModel([
      {
        thinking: "hm",
        calls: [
          ["add", { a: 1, b: 2 }],
          ["add", { a: 3, b: 4 }],
        ],
      },
      { text: "It is 3." },
    ]);
    const run = world.client.agent({ model: "m", messages, tools: [add], options: { seed: 1 } });
    const types = (await toArray(run)).map((event) => event.type);
    expect(types).toEqual([
      "step-start",
      "thinking-delta",
      "thinking-delta",
      "tool-call",
      "tool-call",
      "step-end",
      "tool-result",
      "tool-result",
      "step-start",
      "text-delta",
      "text-delta",
      "text-delta",
      "step-end",
      "run-end",
    ]);
    const result = await run.result();
    expect(result).toMatchObject({
      text: "It is 3.",
      stopReason: "answered",
      steps: 2,
      toolCalls: 2,
      promptTokens: 20,
      answerTokens: 4,
    });
    expect(result.messages).toMatchObject([
      { role: "user" },
      {
        role: "assistant",
        thinking: "hm",
        tool_calls: [{ function: { name: "add" } }, { function: { name: "add" } }],
      },
      { role: "tool", content: "3", tool_name: "add", tool_call_id: "call_0" },
      { role: "tool", content: "7", tool_name: "add", tool_call_id: "call_1" },
      { role: "assistant", content: "It is 3." },
    ]);
    expect(world.server.seen[1]?.json).toMatchObject({
      model: "m",
      stream: true,
      options: { seed: 1 },
      messages: result.messages.slice(0, 4),
      tools: [
        {
          type: "function",
          function: {
            name: "add",
            description: "Adds two numbers",
            parameters: { type: "object", properties: { a: { type: "number" } }, required: ["a", "b"] },
          },
        },
      ],
    });
  });

  test("tells the model of wrong arguments, unknown functions and thrown errors, and goes on", async () => {
    const broken = defineTool({
      name: "broken",
      description: "",
      parameters: { type: "object" },
      execute: () => Promise.reject(new Error("no disk")),
    });
    await using world = await startModel([
      {
        calls: [
          ["add", { a: "x" }],
          ["nope", {}],
          ["broken", {}],
        ],
      },
      { text: "sorry" },
    ]);
    const run = world.client.agent({ model: "m", messages, tools: [add, broken] });
    const errors = (await toArray(run)).filter((event) => event.type === "tool-error");
    expect(errors).toHaveLength(3);
    const answers = (await run.result()).messages
      .filter(({ role }) => role === "tool")
      .map(({ content }) => content);
    expect(answers).toEqual([
      expect.stringMatching(/^Error: .*does not fit the schema/),
      'Error: There is no tool "nope"; there are: add, broken',
      "Error: no disk",
    ]);
  });

  test("runs calls at the same time up to the limit, and keeps their order for the model", async () => {
    let running = 0;
    let most = 0;
    const slow = defineTool({
      name: "slow",
      description: "",
      parameters: { type: "object", properties: { ms: { type: "number" } }, required: ["ms"] },
      execute: async ({ ms }) => {
        most = Math.max(most, ++running);
        await delay(ms);
        running--;
        return `${ms}`;
      },
    });
    const turns: Turn[] = [
      { calls: [60, 10, 40, 20, 5].map((ms) => ["slow", { ms }] as const) },
      { text: "done" },
    ];
    for (const maxParallelCalls of [1, 3]) {
      most = 0;
      await using world = await startModel(turns);
      const run = world.client.agent({ model: "m", messages, tools: [slow], maxParallelCalls });
      const finished = (await toArray(run)).flatMap((event) =>
        event.type === "tool-result" ? [event.result] : [],
      );
      expect(most).toBe(maxParallelCalls);
      if (maxParallelCalls === 3) expect(finished[0]).toBe("10");
      expect(
        (await run.result()).messages.filter(({ role }) => role === "tool").map(({ content }) => content),
      ).toEqual(["60", "10", "40", "20", "5"]);
    }
  });

  test("stops at the limits of steps and calls", async () => {
    const turns: Turn[] = Array.from({ length: 9 }, () => ({ calls: [["add", { a: 1, b: 1 }]] }));
    await using world = await startModel(turns);
    const steps = await world.client.agent({ model: "m", messages, tools: [add], maxSteps: 3 }).result();
    expect(steps).toMatchObject({ stopReason: "step-limit", steps: 3, toolCalls: 3, text: "" });
    const calls = await world.client.agent({ model: "m", messages, tools: [add], maxToolCalls: 2 }).result();
    expect(calls).toMatchObject({ stopReason: "call-limit", steps: 3, toolCalls: 2 });
  });

  test("ends a call that takes too long, and tells it so", async () => {
    let reason: unknown;
    const endless = defineTool({
      name: "endless",
      description: "",
      parameters: { type: "object" },
      execute: (_parameters, { signal }) =>
        new Promise(() => {
          signal.addEventListener("abort", () => {
            reason = signal.reason;
          });
        }),
    });
    await using world = await startModel([{ calls: [["endless", {}]] }, { text: "ok" }]);
    const result = await world.client
      .agent({ model: "m", messages, tools: [endless], toolTimeoutMs: 30 })
      .result();
    expect(result.messages[2]?.content).toBe("Error: The tool took longer than 30 ms");
    expect(reason).toMatchObject({ code: "TIMEOUT" });
  });

  test("ends with the signal in the middle of a call, and stops the function when the loop is left", async () => {
    const signals: AbortSignal[] = [];
    const waiting = (onCall: () => void): AgentTool =>
      defineTool({
        name: "wait",
        description: "",
        parameters: { type: "object" },
        execute: (_parameters, { signal }) => {
          signals.push(signal);
          onCall();
          return new Promise(() => {});
        },
      });
    await using world = await startModel([
      { calls: [["wait", {}]] },
      {
        calls: [
          ["add", { a: 1, b: 1 }],
          ["wait", {}],
        ],
      },
    ]);
    const controller = new AbortController();
    const aborted = world.client.agent(
      { model: "m", messages, tools: [waiting(() => controller.abort())] },
      { signal: controller.signal },
    );
    await expect(aborted.result()).rejects.toMatchObject({ name: "AbortError" });

    const seen: AgentEvent["type"][] = [];
    for await (const event of world.client.agent({ model: "m", messages, tools: [add, waiting(() => {})] })) {
      seen.push(event.type);
      if (event.type === "tool-result") break;
    }
    expect(seen.at(-1)).toBe("tool-result");
    expect(signals.map(({ aborted: isAborted }) => isAborted)).toEqual([true, true]);
  });

  test("fails when the server does", async () => {
    await using server = await startServer((_request, response) =>
      sendLines(response, [{ error: "out of memory" }]),
    );
    const run = new Puna({ host: server.url }).agent({ model: "m", messages, tools: [] });
    await expect(run.result()).rejects.toMatchObject({ code: "STREAM_FAILED", message: "out of memory" });
  });
});

test("a tool's function gets the type its schema describes", () => {
  defineTool({
    name: "a",
    description: "",
    parameters: z.object({ x: z.string().default("y") }),
    execute: (value) => expectTypeOf(value).toEqualTypeOf<{ x: string }>(),
  });
  defineTool({
    name: "b",
    description: "",
    parameters: {
      type: "object",
      properties: {
        n: { type: "integer" },
        list: { type: "array", items: { type: "string" } },
        kind: { enum: ["p", "q"] },
      },
      required: ["n", "kind"],
    },
    execute: (value) => expectTypeOf(value).toEqualTypeOf<{ n: number; kind: "p" | "q"; list?: string[] }>(),
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { puna, type RunningServer, runCommand, startServer } from "./support/processes.ts";
import { gemmaPath, hasGemma, hasPythonClients, python } from "./support/required-parts.ts";

const model = "gemma3:270m";
const messages = [{ role: "user" as const, content: "The capital of France is" }];

/** The official clients, unchanged, against a real server and a real model. */
describe.skipIf(!hasGemma)("official clients", () => {
  const dir = mkdtempSync(join(tmpdir(), "puna-clients-"));
  let server: RunningServer;

  beforeAll(async () => {
    server = await startServer(dir);
    const limits = "PARAMETER num_ctx 1024\nPARAMETER num_predict 12\nPARAMETER temperature 0\n";
    writeFileSync(join(dir, "Modelfile"), `FROM ${gemmaPath}\n${limits}`);
    expect(await puna(["create", model, "-f", join(dir, "Modelfile")], server.env)).toMatchObject({
      code: 0,
    });
  });

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  describe("ollama (npm)", () => {
    const client = () => new Ollama({ host: server.url });

    it("chats, whole and streamed, with the same text", async () => {
      const whole = await client().chat({ model, messages });
      expect(whole).toMatchObject({ done: true, done_reason: "length", eval_count: 12 });
      expect(whole.message.content.length).toBeGreaterThan(0);
      let streamed = "";
      for await (const part of await client().chat({ model, messages, stream: true }))
        streamed += part.message.content;
      expect(streamed).toBe(whole.message.content);
    });

    it("generates, lists, shows and counts what is loaded", async () => {
      const answer = await client().generate({ model, prompt: "1 2 3 4" });
      expect(answer.response).toMatch(/\S/);
      expect(answer.context?.length).toBeGreaterThan(12);
      expect((await client().list()).models.map(({ name }) => name)).toEqual([model]);
      expect((await client().show({ model })).details).toMatchObject({
        family: "gemma3",
        quantization_level: "Q4_K_M",
      });
      expect((await client().ps()).models[0]).toMatchObject({ name: model });
    });

    it("is told of a missing model with status 404", async () => {
      await expect(client().chat({ model: "nope", messages })).rejects.toMatchObject({ status_code: 404 });
    });
  });

  describe("openai (npm)", () => {
    const client = () => new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "unused" });

    it("chats, whole and streamed, with the same text", async () => {
      const whole = await client().chat.completions.create({
        model,
        messages,
        temperature: 0,
        max_tokens: 10,
      });
      expect(whole.choices[0]).toMatchObject({ finish_reason: "length" });
      expect(whole.usage).toMatchObject({ completion_tokens: 10 });
      const stream = await client().chat.completions.create({
        model,
        messages,
        temperature: 0,
        max_tokens: 10,
        stream: true,
        stream_options: { include_usage: true },
      });
      let streamed = "";
      let usage: unknown;
      for await (const chunk of stream) {
        streamed += chunk.choices[0]?.delta.content ?? "";
        usage = chunk.usage ?? usage;
      }
      expect(streamed).toBe(whole.choices[0]?.message.content);
      expect(usage).toMatchObject({ completion_tokens: 10 });
    });

    it("lists models and is told of missing ones with its own error class", async () => {
      expect((await client().models.list()).data.map(({ id }) => id)).toEqual([model]);
      await expect(client().chat.completions.create({ model: "nope", messages })).rejects.toBeInstanceOf(
        OpenAI.NotFoundError,
      );
    });
  });

  describe("@anthropic-ai/sdk (npm)", () => {
    const client = () => new Anthropic({ baseURL: server.url, apiKey: "unused" });

    it("sends messages, whole and streamed", async () => {
      const whole = await client().messages.create({ model, messages, max_tokens: 8 });
      expect(whole).toMatchObject({ type: "message", role: "assistant", stop_reason: "max_tokens" });
      const stream = client().messages.stream({ model, messages, max_tokens: 8 });
      expect((await stream.finalMessage()).content).toEqual(whole.content);
    });
  });

  describe.skipIf(!hasPythonClients)("Python clients", () => {
    const run = (code: string) => {
      writeFileSync(join(dir, "client.py"), code);
      return runCommand(python, [join(dir, "client.py")], {
        ...process.env,
        ...server.env,
        URL: server.url,
        MODEL: model,
      });
    };

    it("ollama chats, whole and streamed", async () => {
      const result = await run(`
import os
from ollama import Client
client = Client(host=os.environ["URL"])
messages = [{"role": "user", "content": "The capital of France is"}]
whole = client.chat(model=os.environ["MODEL"], messages=messages)
parts = client.chat(model=os.environ["MODEL"], messages=messages, stream=True)
streamed = "".join(part.message.content for part in parts)
assert whole.message.content == streamed and len(streamed) > 0, (whole, streamed)
print("same", whole.eval_count)
`);
      expect(result).toMatchObject({ code: 0, stdout: "same 12\n" });
    });

    it("openai chats, whole and streamed", async () => {
      const result = await run(`
import os
from openai import OpenAI
client = OpenAI(base_url=os.environ["URL"] + "/v1", api_key="unused")
args = dict(model=os.environ["MODEL"], messages=[{"role": "user", "content": "The capital of France is"}], temperature=0, max_tokens=9)
whole = client.chat.completions.create(**args)
streamed = "".join(chunk.choices[0].delta.content or "" for chunk in client.chat.completions.create(**args, stream=True))
assert whole.choices[0].message.content == streamed and len(streamed) > 0, (whole, streamed)
print("same", whole.usage.completion_tokens)
`);
      expect(result).toMatchObject({ code: 0, stdout: "same 9\n" });
    });

    it("anthropic sends messages", async () => {
      const result = await run(`
import os
from anthropic import Anthropic
client = Anthropic(base_url=os.environ["URL"], api_key="unused")
message = client.messages.create(model=os.environ["MODEL"], max_tokens=7, messages=[{"role": "user", "content": "The capital of France is"}])
assert message.stop_reason == "max_tokens" and len(message.content[0].text) > 0, message
print("sent", message.usage.output_tokens)
`);
      expect(result).toMatchObject({ code: 0, stdout: "sent 7\n" });
    });
  });
});

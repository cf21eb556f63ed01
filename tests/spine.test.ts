import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  descendantsOf,
  isAlive,
  metric,
  puna,
  type RunningServer,
  startRegistry,
  startServer,
  untilTrue,
} from "./support/processes.ts";
import { gemmaPath, hasGemma, hasRegistry } from "./support/required-parts.ts";

/** The life of one conversation, through every real part: registry, store, server, runner, llama.cpp, CLI. */
describe.skipIf(!hasGemma || !hasRegistry)("one conversation with a real model from a real registry", () => {
  const dir = mkdtempSync(join(tmpdir(), "puna-spine-"));
  let server: RunningServer;
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  let model: string;
  let firstAnswer: string;

  const post = (path: string, body: unknown, signal?: AbortSignal) =>
    fetch(server.url + path, { method: "POST", body: JSON.stringify(body), ...(signal ? { signal } : {}) });
  const loaded = async (): Promise<readonly unknown[]> => {
    const { models } = (await (await fetch(`${server.url}/api/ps`)).json()) as { models: readonly unknown[] };
    return models;
  };
  const runner = () => {
    const [pid] = descendantsOf(server.pid);
    if (pid === undefined) throw new Error("no runner");
    return pid;
  };

  beforeAll(async () => {
    registry = await startRegistry(dir);
    server = await startServer(dir);
    model = `${registry.host}/library/gemma3:270m`;
  });

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  it("creates the model from a local GGUF, pushes it, and deletes it here", async () => {
    writeFileSync(
      join(dir, "Modelfile"),
      `FROM ${gemmaPath}\nPARAMETER num_ctx 2048\nPARAMETER temperature 0\nPARAMETER num_predict 24\n`,
    );
    const created = await puna(["create", model, "-f", join(dir, "Modelfile")], server.env);
    expect(created).toMatchObject({ code: 0 });
    const pushed = await puna(["push", "--insecure", model], server.env);
    expect(pushed).toMatchObject({ code: 0 });
    expect(await puna(["rm", model], server.env)).toMatchObject({ code: 0, stdout: `deleted '${model}'\n` });
    const listed = await puna(["list"], server.env);
    expect(listed.stdout.split("\n")).toHaveLength(2);
  });

  it("pulls with progress, loads and answers when the model is missing", async () => {
    const answer = await puna(["run", "--insecure", model, "The capital of France is"], server.env);
    expect(answer).toMatchObject({ code: 0 });
    expect(answer.stderr).toMatch(/pulling manifest[\s\S]*pulling a5fd3b62230a[\s\S]*success/);
    expect(answer.stdout.trim().length).toBeGreaterThan(0);
    firstAnswer = answer.stdout;
  });

  it("answers again without pulling", async () => {
    const answer = await puna(["run", model, "The capital of France is"], server.env);
    expect(answer).toMatchObject({ code: 0 });
    expect(answer.stderr).not.toContain("pulling");
    // Temperature is 0: the same question has the same answer.
    expect(answer.stdout).toBe(firstAnswer);
  });

  it("shows the loaded model in ps, and nothing after keep_alive 0", async () => {
    const before = await puna(["ps"], server.env);
    expect(before.stdout).toContain(model);
    expect(before.stdout).toMatch(/100% CPU|GPU/);
    const pid = runner();
    await post("/api/generate", { model, keep_alive: 0 });
    await untilTrue(async () => (await loaded()).length === 0);
    await untilTrue(() => !isAlive(pid));
  });

  it("reports a runner that is killed in mid-stream to its own request and answers the next", async () => {
    const response = await post("/api/generate", {
      model,
      prompt: "Once upon a time",
      options: { num_predict: 400 },
    });
    const lines: string[] = [];
    let killed = false;
    let rest = "";
    if (response.body === null) throw new Error("no body");
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      rest += chunk;
      const parts = rest.split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
      if (!killed && lines.length >= 3) {
        killed = true;
        process.kill(runner(), "SIGKILL");
      }
    }
    expect(response.status).toBe(200);
    expect(JSON.parse(lines.at(-1) ?? "{}")).toHaveProperty("error");
    expect(lines.some((line) => JSON.parse(line).done === true)).toBe(false);

    const next = await post("/api/generate", {
      model,
      prompt: "The capital of France is",
      stream: false,
      options: { num_predict: 8 },
    });
    expect(next.status).toBe(200);
    expect(await next.json()).toMatchObject({ done: true, response: expect.stringMatching(/\S/) });
  });

  it("stops work when the client goes away", async () => {
    const controller = new AbortController();
    const response = await post(
      "/api/generate",
      { model, prompt: "Count: 1 2 3", options: { num_predict: 2000, num_ctx: 2048 } },
      controller.signal,
    );
    await response.body?.getReader().read();
    controller.abort();
    const busy = () => metric(server.url, "puna_slots_busy");
    await untilTrue(async () => (await busy()) === 0);
    // Two thousand tokens were asked for; the request before these was for a few.
    expect(await metric(server.url, 'puna_tokens_total{kind="generated"}')).toBeLessThan(1500);
    const next = await post("/api/generate", {
      model,
      prompt: "Hello",
      stream: false,
      options: { num_predict: 1 },
    });
    expect(next.status).toBe(200);
  });

  it("leaves no runner behind when the server is killed", async () => {
    await post("/api/generate", { model, prompt: "" });
    const pid = runner();
    server.process.kill("SIGKILL");
    await untilTrue(() => !isAlive(pid));
  });
});

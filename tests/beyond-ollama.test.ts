import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tinyLlama } from "@puna/model-format/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { puna, type RunningServer, startServer } from "./support/processes.ts";

/** Every command that Ollama does not have, as people start it, against a real server with two loaded models. */
describe("with two models loaded", () => {
  const dir = mkdtempSync(join(tmpdir(), "puna-beyond-"));
  let server: RunningServer;
  const run = (...argv: string[]) => puna(argv, server.env);
  /** Standard output as JSON; fails with what the command said. */
  const json = async (...argv: string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await run(...argv, "--json");
    if (code !== 0) throw new Error(`${argv.join(" ")}: ${stderr}${stdout}`);
    return JSON.parse(stdout);
  };
  const lines = async (...argv: string[]) =>
    (await run(...argv, "--json")).stdout
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));

  beforeAll(async () => {
    server = await startServer(dir);
    for (const [seed, name] of ["one", "two"].entries()) {
      const file = join(dir, `${name}.gguf`);
      writeFileSync(file, tinyLlama({ seed: seed + 1 }));
      writeFileSync(join(dir, name), `FROM ${file}\nPARAMETER num_predict 8\nPARAMETER temperature 0\n`);
      expect(await run("create", name, "-f", join(dir, name))).toMatchObject({ code: 0 });
      expect(await run("run", name, "--keepalive", "10m", "hi")).toMatchObject({ code: 0 });
    }
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  const bothNames = [
    expect.objectContaining({ name: "one:latest" }),
    expect.objectContaining({ name: "two:latest" }),
  ];

  it("list, ps and show print JSON when asked", async () => {
    expect(await json("list")).toEqual({ models: expect.arrayContaining(bothNames) });
    const running = bothNames.map(() =>
      expect.objectContaining({ driver: expect.stringMatching(/^llama\/|^scripted$/) }),
    );
    expect(await json("ps")).toEqual({ models: expect.arrayContaining(bothNames) });
    expect(await json("ps")).toEqual({ models: expect.arrayContaining(running) });
    expect(await json("show", "one")).toMatchObject({ details: { family: "llama" } });
    expect(await json("run", "one", "hi")).toMatchObject({ message: { role: "assistant" }, done: true });
  });

  it("pull prints its refusal, and create its progress, line by line", async () => {
    const created = await lines("create", "again", "-f", join(dir, "one"));
    expect(created.at(-1)).toEqual({ status: "success" });
    expect(await run("rm", "again")).toMatchObject({ code: 0 });
    expect(await run("pull", "127.0.0.1:1/library/x", "--insecure", "--json")).toMatchObject({
      code: 1,
      stdout: '{"status":"pulling manifest"}\n',
    });
  });

  it("top shows both models with their slots", async () => {
    // Files are shared by models: one that is removed takes the others of its file out of memory.
    for (const name of ["one", "two"])
      expect(await run("run", name, "--keepalive", "10m")).toMatchObject({ code: 0 });
    const { stdout } = await run("top", "--once");
    expect(stdout).toMatch(/2 models loaded, 0 of \d+ slots busy/);
    for (const name of ["one", "two"])
      expect(stdout).toMatch(
        new RegExp(`^${name}:latest +·+ 0/\\d+ +\\d+ +[\\d.]+ [KM]B +0% +llama/native`, "m"),
      );
    expect(await json("top")).toMatchObject({ models: expect.arrayContaining(bothNames) });
  });

  it("bench measures, saves and compares", async () => {
    const saved = join(dir, "bench.json");
    const sizes = ["--prompt", "32", "--output", "4", "--parallel", "2", "--runs", "1"];
    expect(await run("bench", "one", ...sizes, "--save", saved)).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(saved, "utf8"))).toMatchObject({ model: "one" });
    const { code, stdout } = await run("bench", "one", ...sizes, "--compare", saved);
    expect({ code, hasShare: /[+-]\d+(\.\d+)?%/.test(stdout) }).toEqual({ code: 0, hasShare: true });
    expect(await json("bench", "one", ...sizes)).toMatchObject({ model: "one" });
  });

  it("df and verify look after the store", async () => {
    expect((await run("df")).stdout).toMatch(/one:latest[\s\S]*two:latest|two:latest[\s\S]*one:latest/);
    expect(await json("df")).toMatchObject({ models: expect.arrayContaining(bothNames), reclaimable: 0 });
    expect((await run("verify")).code).toBe(0);
    expect((await lines("verify")).at(-1)).toMatchObject({ status: "success", damaged: 0 });
  });

  it("export and import carry a model, and prune removes what no model uses", async () => {
    const archive = join(dir, "one.tar");
    expect(await run("export", "one", archive)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("exported 'one'"),
    });
    expect(await run("import", archive, "--name", "carried")).toMatchObject({ code: 0 });
    const [one, carried] = (await Promise.all([json("show", "one"), json("show", "carried")])) as {
      digest?: string;
    }[];
    expect(carried?.digest).toBe(one?.digest);
    expect(await run("rm", "carried")).toMatchObject({ code: 0 });
    expect(await json("prune", "--dry-run")).toMatchObject({ dry_run: true });
    expect(await run("prune")).toMatchObject({ code: 0 });
    expect(await json("list")).toEqual({ models: expect.arrayContaining(bothNames) });
  });

  it("completion offers the models that are there", async () => {
    for (const shell of ["bash", "zsh", "fish"])
      expect(await run("completion", shell)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("bench"),
      });
  });

  it("launch says how a tool would be started with one of the models", async () => {
    expect(await json("launch", "claude", "--print", "--model", "two")).toMatchObject({
      command: "claude",
      env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_MODEL: "two" },
    });
    expect(await json("launch")).toMatchObject({ tools: expect.any(Array) });
  });

  it("doctor finds the server and what is in the store", async () => {
    expect(await json("doctor")).toMatchObject({
      ok: true,
      checks: expect.arrayContaining([
        expect.objectContaining({ check: "address", status: "ok" }),
        expect.objectContaining({ check: "models", facts: expect.objectContaining({ models: 2 }) }),
      ]),
    });
    expect((await run("doctor", "--verify")).stdout).toMatch(/^ok +checksums /m);
  });

  it("service prints what it would write", async () => {
    const { code, stdout } = await run("service", "install", "--dry-run");
    expect(code).toBe(0);
    expect(stdout).toContain(`OLLAMA_HOST="${server.url}"`);
    expect(stdout).toMatch(/^ExecStart=.*bin\/puna\.js" "serve"$/m);
  });

  it("keys are made, listed and removed, and the doctor knows of them", async () => {
    const made = await json("keys", "add", "laptop", "--scope", "admin");
    expect(made).toMatchObject({ name: "laptop", key: expect.any(String) });
    const env = { ...server.env, PUNA_API_KEY: (made as { key: string }).key };
    expect((await run("ps")).code).toBe(1);
    expect((await puna(["keys"], env)).stdout).toContain("laptop");
    expect((await puna(["doctor"], env)).stdout).toMatch(/^ok +keys +the server asks for one of 1 API key$/m);
    expect((await run("doctor")).stdout).toMatch(/^FAIL +address .*only to those who have a key/m);
    expect(await puna(["keys", "rm", "laptop"], env)).toMatchObject({ code: 0 });
    expect((await run("ps")).code).toBe(0);
  });
});

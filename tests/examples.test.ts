import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientModels, startClientServer } from "./support/client-server.ts";
import {
  type CommandResult,
  freePort,
  metric,
  puna,
  type RunningServer,
  runCommand,
  startRegistry,
  untilTrue,
} from "./support/processes.ts";
import {
  chromiumPath,
  hasChromium,
  hasGemma,
  hasMiniLm,
  hasQwen,
  hasRegistry,
  miniLmPath,
} from "./support/required-parts.ts";
import { root } from "./support/source-files.ts";

const { base, chat } = clientModels;
const minutes = (count: number) => count * 60_000;

describe.skipIf(!(hasGemma && hasQwen))("examples", () => {
  const dir = mkdtempSync(join(tmpdir(), "puna-examples-"));
  let server: RunningServer | undefined;
  const folder = (name: string) => join(root, "examples", name);
  const env = () => ({ ...server?.env, NEXT_TELEMETRY_DISABLED: "1" });
  const run = (name: string, ...args: readonly string[]): Promise<CommandResult> =>
    runCommand(process.execPath, ["main.ts", ...args], env(), { cwd: folder(name) });

  beforeAll(async () => {
    server = await startClientServer(dir);
  });

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Runs a service until `work` is done with it. */
  async function whileServing(
    name: string,
    command: readonly string[],
    work: (url: string) => Promise<void>,
  ): Promise<void> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const child: ChildProcess = spawn(process.execPath, [...command], {
      cwd: folder(name),
      env: { ...env(), PORT: String(port) },
      stdio: ["ignore", "ignore", "inherit"],
      // A group of its own, since Next starts its server as a child.
      detached: true,
    });
    try {
      await untilTrue(async () => {
        if (child.exitCode !== null) throw new Error(`${name} ended`);
        return (await fetch(url).catch(() => undefined))?.ok === true;
      }, minutes(1));
      await work(url);
    } finally {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    }
  }

  it("chat remembers what was said", { timeout: minutes(4) }, async () => {
    const result = await run("chat", chat);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toMatch(/> My name is Ada.*\n.*Bern/);
    expect(result.stdout).toMatch(/> What is my name\?\n.*Ada/);
  });

  it("chat-in-process answers without a server", { timeout: minutes(4) }, async () => {
    const result = await run("chat-in-process", base);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toMatch(/\S/);
  });

  it("streaming prints pieces and the rate", { timeout: minutes(4) }, async () => {
    const result = await run("streaming", chat, "Say hello in five words.");
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toMatch(/\w+[\s\S]*\n\n\d+ tokens, \d+\.\d tokens\/s\n$/);
  });

  it("streaming stops at Ctrl-C, and the server with it", { timeout: minutes(4) }, async () => {
    const question = "Count from 1 to 2000, every number on its own line.";
    const generated = () => metric(server?.url ?? "", 'puna_tokens_total{kind="generated"}');
    const before = await generated();
    const child = spawn(process.execPath, ["main.ts", chat, question], {
      cwd: folder("streaming"),
      env: env(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      if (output === "") child.kill("SIGINT");
      output += chunk.toString();
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect([code, output]).toEqual([0, expect.stringMatching(/\(stopped\)\n$/)]);
    await untilTrue(async () => (await metric(server?.url ?? "", "puna_slots_busy")) === 0);
    // Two thousand numbers are many times as many tokens.
    expect((await generated()) - before).toBeLessThan(1500);
  });

  it("tools lets the model multiply", { timeout: minutes(5) }, async () => {
    const result = await run("tools", chat, "What is 37 times 43?");
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toMatch(/calls multiply\(\{.*37.*43.*\}\)/);
    expect(result.stdout).toContain("gets 1591");
    expect(result.stdout).toMatch(/\([1-9]\d* calls in [2-5] steps\)\n$/);
  });

  it("structured-output takes the order out of a text", { timeout: minutes(4) }, async () => {
    const result = await run("structured-output", chat);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toMatch(/^Ada Lovelace, London\n2 × lamps?\n7 × notebooks?\n$/i);
  });

  it.skipIf(!hasMiniLm)(
    "rag answers from this repository and names the file",
    { timeout: minutes(5) },
    async () => {
      writeFileSync(join(dir, "Embedder"), `FROM ${miniLmPath}\n`);
      const created = await puna(["create", "all-minilm", "-f", join(dir, "Embedder")], env());
      expect(created).toMatchObject({ code: 0 });
      const result = await run("rag", chat, "all-minilm");
      expect(result).toMatchObject({ code: 0, stderr: "" });
      expect(result.stdout).toMatch(/^\d{2,} pieces of \d{2} files embedded/);
      // The answer, and the file that it stands in.
      expect(result.stdout).toMatch(/imports\?\n.*layering\.test/);
      expect(result.stdout).toMatch(/^\[\d\] ARCHITECTURE\.md \(/m);
    },
  );

  it("ai-sdk calls tools and gives an object, in-process", { timeout: minutes(5) }, async () => {
    const result = await run("ai-sdk", chat);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toMatch(/1[,.]?591[\s\S]*\n\([1-9] calls\)\n/);
    expect(result.stdout).toMatch(/\nBern on the \w+/i);
  });

  it.skipIf(!hasRegistry)("custom-registry pushes and pulls a model", { timeout: minutes(4) }, async () => {
    await using registry = await startRegistry(dir);
    const result = await run("custom-registry", registry.host, clientModels.embed);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    const shared = `${registry.host}/team/${clientModels.embed}`;
    expect(result.stdout).toContain(`pushed ${shared} (largest layer `);
    expect(result.stdout).toContain(`pulled ${shared} (largest layer `);
    expect(result.stdout).toContain(`[ '${shared}:latest' ]`);
  });

  it("list-a-store prints the models of a folder", async () => {
    const result = await run("list-a-store", join(dir, "models"));
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toContain(base);
  });

  it.skipIf(!hasRegistry)("pull-a-model fetches a model into a folder", { timeout: minutes(4) }, async () => {
    await using registry = await startRegistry(dir);
    expect((await run("custom-registry", registry.host, clientModels.embed)).code).toBe(0);
    const name = `${registry.host}/team/${clientModels.embed}`;
    const result = await run("pull-a-model", name, join(dir, "pulled"));
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toMatch(/success\s*$/);
    expect((await run("list-a-store", join(dir, "pulled"))).stdout).toContain(clientModels.embed);
  });

  const next = "node_modules/next/dist/bin/next";
  const services = [
    ["mount-in-hono", ["main.ts"]],
    ["mount-in-express", ["main.ts"]],
    ["mount-in-fastify", ["main.ts"]],
    ["mount-in-node-http", ["main.ts"]],
    ["mount-in-next", [next, "dev", "-H", "127.0.0.1"]],
    ["mount-in-next", [next, "start", "-H", "127.0.0.1"]],
  ] as const;
  it.each(services)(
    "%s serves the models under its prefix beside its own routes, by %j",
    { timeout: minutes(8) },
    async (name, command) => {
      // As it is deployed: what is built is served.
      if (command[1] === "start") {
        const built = await runCommand(process.execPath, [next, "build"], env(), { cwd: folder(name) });
        expect(built.code, built.stdout + built.stderr).toBe(0);
      }
      await whileServing(name, command, async (url) => {
        expect(await (await fetch(url)).text()).toBe("my own service");
        const tags = await fetch(`${url}/llm/api/tags`);
        expect(await tags.json()).toMatchObject({
          models: expect.arrayContaining([expect.objectContaining({ name: base })]),
        });
        const answer = await fetch(`${url}/llm/api/generate`, {
          method: "POST",
          body: JSON.stringify({ model: base, prompt: "1 2 3" }),
        });
        const lines = (await answer.text()).trim().split("\n");
        expect(lines.length).toBeGreaterThan(1);
        expect(JSON.parse(lines.at(-1) ?? "{}")).toMatchObject({
          done: true,
          eval_count: expect.any(Number),
        });
      });
    },
  );

  it.skipIf(!hasChromium)("browser-page streams an answer into a page", { timeout: minutes(4) }, async () => {
    await whileServing("browser-page", ["main.ts"], async (url) => {
      const browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
      try {
        const page = await browser.newPage();
        const failures: string[] = [];
        page.on("pageerror", (error) => failures.push(error.message));
        await page.goto(url);
        await page.getByRole("option", { name: chat }).waitFor({ state: "attached" });
        await page.getByLabel("Model").selectOption(chat);
        await page.getByLabel("Prompt").fill("Count from 1 to 10.");
        await page.evaluate(watchSizes);
        await page.getByRole("button", { name: "Ask" }).click();
        const stop = page.getByRole("button", { name: "Stop" });
        const text = async () => (await page.locator("output").textContent()) ?? "";
        await untilTrue(async () => (await text()) !== "" && (await stop.isDisabled()), minutes(1));
        // It grew piece by piece.
        expect(await page.evaluate("sizes.size")).toBeGreaterThan(2);
        expect(await text()).toMatch(/10/);

        await page.getByLabel("Prompt").fill("Count from 1 to 2000, every number on its own line.");
        await page.getByRole("button", { name: "Ask" }).click();
        await untilTrue(async () => (await text()).length > 5, minutes(1));
        await stop.click();
        await untilTrue(async () => (await text()).endsWith("(stopped)"));
        expect(failures).toEqual([]);
      } finally {
        await browser.close();
      }
    });
  });
});

/** Runs in the page: collects how long the answer was after each change. */
const watchSizes = `
  window.sizes = new Set();
  const output = document.querySelector("output");
  new MutationObserver(() => sizes.add(output.textContent.length)).observe(output, { childList: true });
`;

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort, puna, runCommand, startServer, untilTrue } from "./support/processes.ts";
import { gemmaPath, hasGemma } from "./support/required-parts.ts";
import { root } from "./support/source-files.ts";

const model = "gemma3:270m";

describe.skipIf(!hasGemma)("examples", () => {
  const dir = mkdtempSync(join(tmpdir(), "puna-examples-"));
  const env = {
    PATH: process.env["PATH"],
    HOME: dir,
    PUNA_HOME: join(dir, "home"),
    OLLAMA_MODELS: join(dir, "models"),
  };
  const main = (name: string) => join(root, "examples", name, "main.ts");

  beforeAll(async () => {
    await using server = await startServer(dir);
    writeFileSync(
      join(dir, "Modelfile"),
      `FROM ${gemmaPath}\nPARAMETER num_ctx 512\nPARAMETER num_predict 6\n`,
    );
    expect(await puna(["create", model, "-f", join(dir, "Modelfile")], server.env)).toMatchObject({
      code: 0,
    });
  });

  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it("chat-in-process answers without a server", async () => {
    const result = await runCommand(process.execPath, [main("chat-in-process"), model], env);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toMatch(/\S/);
  });

  it("list-a-store prints the models of a folder", async () => {
    const result = await runCommand(process.execPath, [main("list-a-store"), join(dir, "models")], env);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain("gemma3:270m");
  });

  describe.each(["mount-in-hono", "mount-in-express", "mount-in-fastify", "mount-in-node-http"])(
    "%s",
    (name) => {
      it("serves the models under its prefix beside its own routes", async () => {
        const port = await freePort();
        const url = `http://127.0.0.1:${port}`;
        const child: ChildProcess = spawn(process.execPath, [main(name)], {
          env: { ...env, PORT: String(port) },
          stdio: ["ignore", "pipe", "inherit"],
        });
        try {
          await untilTrue(async () => (await fetch(url).catch(() => undefined))?.ok === true);
          expect(await (await fetch(url)).text()).toBe("my own service");
          const tags = await fetch(`${url}/llm/api/tags`);
          expect(await tags.json()).toMatchObject({ models: [{ name: model }] });
          const answer = await fetch(`${url}/llm/api/generate`, {
            method: "POST",
            body: JSON.stringify({ model, prompt: "1 2 3" }),
          });
          const lines = (await answer.text()).trim().split("\n");
          expect(JSON.parse(lines.at(-1) ?? "{}")).toMatchObject({
            done: true,
            eval_count: expect.any(Number),
          });
        } finally {
          child.kill("SIGKILL");
        }
      });
    },
  );
});

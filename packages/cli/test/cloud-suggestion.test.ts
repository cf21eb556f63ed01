import { describe, expect, it } from "vitest";
import { CannedServer } from "./support/canned-server.ts";
import { runInProcess } from "./support/run-in-process.ts";
import { Terminal } from "./support/terminal.ts";

const missing = "pull model manifest: file does not exist";
const asked: string[] = [];

/** A server whose registry has only cloud models. */
const withCloud: typeof fetch = async (input, init) => {
  const { pathname } = new URL(input instanceof Request ? input.url : String(input));
  const { model } = JSON.parse(String(init?.body ?? "{}"));
  asked.push(`${pathname} ${model}`);
  if (pathname === "/api/pull") {
    const line = String(model).endsWith(":cloud") ? { status: "success" } : { error: missing };
    return new Response(`${JSON.stringify(line)}\n`);
  }
  if (!String(model).endsWith(":cloud"))
    return Response.json({ error: `model '${model}' not found` }, { status: 404 });
  return Response.json({ details: {}, model_info: {}, capabilities: ["completion"] });
};

describe("a model that exists only in the cloud", () => {
  it.each([
    ["pull", ["pull", "kimi"]],
    ["run", ["run", "kimi", "hi"]],
  ])("is named by %s, with the command to get it", async (command, argv) => {
    const run = await runInProcess(argv, { fetch: withCloud });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toBe(
      `\nError: ${missing}\n\n"kimi:cloud" is available as a cloud model. Try:\n  ollama ${command} kimi:cloud\n`,
    );
  });

  it.each([
    [["pull", "kimi:7b"]],
    [["pull", "kimi", "--insecure"]],
    [["pull", "registry.example.com/library/kimi"]],
  ])("is not looked for with %j", async (argv) => {
    asked.length = 0;
    const run = await runInProcess(argv, { fetch: withCloud });
    expect(run.stderr).toBe(`\nError: ${missing}\n`);
    expect(asked).toHaveLength(1);
  });

  it.each(["no space left on device", `${missing}: and more`, "Error"])(
    "is not looked for after another failure: %s",
    async (failure) => {
      const paths: string[] = [];
      const run = await runInProcess(["pull", "kimi"], {
        fetch: async (input) => {
          paths.push(new URL(String(input)).pathname);
          return new Response(`${JSON.stringify({ error: failure })}\n`);
        },
      });
      expect([run.exitCode, run.stderr, paths]).toEqual([1, `\nError: ${failure}\n`, ["/api/pull"]]);
    },
  );

  it("is not pulled where it is asked for by that name", async () => {
    const paths: string[] = [];
    const run = await runInProcess(["run", "kimi:20b-cloud", "hi"], {
      fetch: async (input) => {
        paths.push(new URL(String(input)).pathname);
        return Response.json({ error: "model not found" }, { status: 404 });
      },
    });
    expect([run.exitCode, run.stderr, paths]).toEqual([1, "Error: model not found\n", ["/api/show"]]);
  });

  it("is named, too, where the server answers with the status for what is missing", async () => {
    const run = await runInProcess(["pull", "kimi"], {
      fetch: async (input, init) => {
        if (new URL(String(input)).pathname !== "/api/pull") return withCloud(input, init);
        return Response.json({ error: "no such model" }, { status: 404 });
      },
    });
    expect(run.stderr).toContain('"kimi:cloud" is available as a cloud model');
  });

  it("is pulled when a person at a terminal agrees", async () => {
    await using server = await CannedServer.start({
      routes: {
        "/api/pull": ({ model }) =>
          String(model).endsWith(":cloud") ? [{ status: "success" }] : [{ error: missing }],
      },
    });
    await using terminal = new Terminal(["pull", "kimi"], { env: { PUNA_TEST_SERVER: server.url } });
    await terminal.until('Did you mean "kimi:cloud"? [Y/n]');
    terminal.type("\r");
    expect(await terminal.exited()).toBe(0);
    expect(server.asked.filter(({ path }) => path === "/api/pull").map(({ body }) => body["model"])).toEqual([
      "kimi",
      "kimi:cloud",
    ]);
  });
});

import { PassThrough } from "node:stream";
import { Config } from "@oclif/core";
import { Puna } from "@puna/sdk";
import { describe, expect, it } from "vitest";
import { Run } from "../src/commands/run.ts";
import type { CliContext } from "../src/context.ts";
import { bindContext } from "../src/context.ts";

interface Scenario {
  /** How often `/api/show` answers 404 first. */
  readonly missing?: number;
  readonly messages?: readonly { readonly role: string; readonly content: string }[];
  readonly typed?: readonly string[];
  readonly piped?: string;
  readonly args: readonly string[];
}

/** Runs `puna run` against a server of canned answers and tells what it asked and wrote. */
async function run(scenario: Scenario) {
  const requests: { readonly path: string; readonly body: Record<string, unknown> }[] = [];
  let missing = scenario.missing ?? 0;
  const lines = (...values: object[]) =>
    new Response(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
  const answer = (path: string): Response => {
    switch (path) {
      case "/api/show":
        if (missing-- > 0) return Response.json({ error: "model 'm' not found" }, { status: 404 });
        return Response.json({
          details: {},
          model_info: {},
          capabilities: ["completion"],
          ...(scenario.messages ? { messages: scenario.messages } : {}),
        });
      case "/api/pull":
        return lines({ status: "pulling manifest" }, { status: "success" });
      case "/api/generate":
        return Response.json({ model: "m", created_at: "", response: "", done: true, done_reason: "load" });
      case "/api/chat":
        return lines(
          { model: "m", created_at: "", message: { role: "assistant", content: "an answer" }, done: false },
          {
            model: "m",
            created_at: "",
            message: { role: "assistant", content: "" },
            done: true,
            done_reason: "stop",
          },
        );
      default:
        return new Response("404 page not found", { status: 404 });
    }
  };
  const client = new Puna({
    fetch: async (input, init) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      requests.push({ path: pathname, body: JSON.parse(String(init?.body ?? "{}")) });
      return answer(pathname);
    },
  });
  const interactive = scenario.typed !== undefined;
  // A stream that says it is a terminal: what the command decides by, and all that readline needs.
  const stdin = Object.assign(new PassThrough(), {
    isTTY: interactive,
    setRawMode: () => {},
  }) as unknown as NodeJS.ReadStream;
  const out = new PassThrough();
  let written = "";
  out.on("data", (chunk) => {
    written += chunk;
  });
  const stdout = Object.assign(out, { isTTY: interactive, columns: 80 });
  const context: CliContext = {
    client,
    binName: "puna",
    version: "0.0.0",
    cwd: "/",
    userHome: "/",
    editor: "vi",
    stdin,
    stdout,
    stderr: { write: () => true },
    colors: false,
    ensureServer: async () => {},
  };
  const config = await Config.load({
    root: import.meta.dirname,
    pjson: { name: "puna", version: "0.0.0", oclif: {} },
  });
  bindContext(config, context);
  const done = new Run([...scenario.args], config).run();
  if (interactive) {
    for (const line of scenario.typed ?? []) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      stdin.push(`${line}\r`);
    }
  } else {
    stdin.push(scenario.piped ?? "");
    stdin.push(null);
  }
  await done;
  return { requests, written, paths: requests.map(({ path }) => path) };
}

describe("puna run asks the server", () => {
  it("for the model, to load it, and then once per turn", async () => {
    const { paths, requests } = await run({ args: ["m"], typed: ["first", "second", "/bye"] });
    expect(paths).toEqual(["/api/show", "/api/generate", "/api/chat", "/api/chat"]);
    expect(requests[1]?.body).toMatchObject({ model: "m", prompt: "" });
    expect(requests[3]?.body["messages"]).toMatchObject([
      { role: "user", content: "first" },
      { role: "assistant", content: "an answer" },
      { role: "user", content: "second" },
    ]);
  });

  it("to pull a model that it does not have, and for the model again", async () => {
    const { paths } = await run({ args: ["m"], missing: 1, typed: ["hello", "/bye"] });
    expect(paths).toEqual(["/api/show", "/api/pull", "/api/show", "/api/generate", "/api/chat"]);
  });

  it("and prints the stored messages before the first prompt", async () => {
    const messages = [
      { role: "user", content: "seed question" },
      { role: "assistant", content: "seed answer" },
    ];
    const { written } = await run({ args: ["m"], messages, typed: ["/bye"] });
    expect(written).toMatch(/^>>> seed question\nseed answer\n\n/);
  });

  it("with a piped prompt put before the words of the command line", async () => {
    const { paths, requests, written } = await run({ args: ["m", "and", "this"], piped: "that" });
    expect(paths).toEqual(["/api/show", "/api/generate", "/api/chat"]);
    expect(requests[2]?.body["messages"]).toEqual([{ role: "user", content: "that and this" }]);
    expect(written).toBe("an answer\n\n");
  });

  it("only to load when there is nothing to say", async () => {
    const { paths, written } = await run({ args: ["m"], piped: "" });
    expect({ paths, written }).toEqual({ paths: ["/api/show", "/api/generate"], written: "" });
  });
});

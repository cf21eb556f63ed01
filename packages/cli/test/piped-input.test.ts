import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { CannedServer } from "./support/canned-server.ts";
import { cliCommand } from "./support/terminal.ts";

/** A process of its own, whose standard input is a real pipe. */
async function pipe(input: string, server: CannedServer, ...argv: string[]) {
  const [program = "", ...words] = cliCommand;
  const child = spawn(program, [...words, ...argv], {
    env: { PATH: process.env["PATH"], PUNA_TEST_SERVER: server.url },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stdin.end(input);
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, stdout };
}

describe("what is piped in", () => {
  it("is the question, line ends and all, with words of the command line behind it", async () => {
    await using server = await CannedServer.start();
    expect(await pipe("why?\n", server, "run", "m")).toEqual({ code: 0, stdout: "Hello world!\n\n" });
    await pipe("a text", server, "run", "m", "sum", "up");
    expect(server.questions().map(({ messages }) => messages[0]?.content)).toEqual([
      "why?\n",
      "a text sum up",
    ]);
  });

  it("is what an embedding model embeds", async () => {
    await using server = await CannedServer.start({
      show: { capabilities: ["embedding"] },
      routes: { "/api/embed": () => ({ embeddings: [[1]] }) },
    });
    expect(await pipe("words", server, "run", "m")).toEqual({ code: 0, stdout: "[1]\n" });
    expect(server.asked.at(-1)?.body).toMatchObject({ input: "words" });
  });

  it("is no word of commands that read none", async () => {
    await using server = await CannedServer.start({
      routes: { "/api/tags": () => ({ models: [{ name: "m" }] }) },
    });
    const { stdout } = await pipe("prefix", server, "list", "--json");
    expect(JSON.parse(stdout)).toEqual({ models: [{ name: "m" }] });
    expect((await pipe("claude", server, "launch")).stdout).toMatch(/^TOOL/);
  });
});

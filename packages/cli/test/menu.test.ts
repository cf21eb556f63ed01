import { expect, it } from "vitest";
import { CannedServer } from "./support/canned-server.ts";
import { Terminal } from "./support/terminal.ts";

const listed = (name: string, capabilities: readonly string[]) => ({
  name,
  model: name,
  digest: "a".repeat(64),
  size: 1.5e9,
  modified_at: "2026-01-01T00:00:00Z",
  details: { parameter_size: "1.7B" },
  capabilities,
});
const models = [
  listed("alpha:latest", ["completion", "tools"]),
  listed("beta:4b", ["completion"]),
  listed("vectors:latest", ["embedding"]),
];

async function open(options: { readonly rows?: number; readonly none?: boolean } = {}) {
  const server = await CannedServer.start({
    routes: { "/api/tags": () => ({ models: options.none ? [] : models }) },
  });
  const terminal = new Terminal([], {
    env: { PUNA_TEST_SERVER: server.url, NO_COLOR: "1" },
    ...(options.rows === undefined ? {} : { rows: options.rows }),
  });
  return { server, terminal };
}

it("without a command in a terminal, offers models to chat with and tools to start", async () => {
  const { server, terminal } = await open({ rows: 30 });
  await using _server = server;
  await using _terminal = terminal;
  const screen = await terminal.until("Launch");
  expect(screen.split("\n").slice(0, 9)).toEqual([
    "puna 0.0.0",
    "",
    "  Type to filter…",
    "",
    "  Chat with",
    "  ▸ alpha      1.7B, 1.5 GB",
    "    beta:4b    1.7B, 1.5 GB",
    "",
    "  Launch",
  ]);
  // Not to chat with: it can only embed.
  expect(screen).not.toContain("vectors");
  expect(screen).toMatch(/claude +Claude Code.*\(not installed\)/);
  terminal.type("\u001b");
  expect(await terminal.exited()).toBe(0);
  expect(terminal.raw).toContain("\u001b[?1049l");
});

it("chats with the model that was chosen", async () => {
  const { server, terminal } = await open();
  await using _server = server;
  await using _terminal = terminal;
  await terminal.until("alpha");
  terminal.type("\u001b[B\r");
  await terminal.until(">>> Send a message");
  terminal.type("hi\r");
  await terminal.until("Hello world!");
  terminal.type("/bye\r");
  expect(await terminal.exited()).toBe(0);
  expect(server.questions().map(({ model }) => model)).toEqual(["beta:4b"]);
});

it("narrows by what is typed, and goes round at the ends", async () => {
  const { server, terminal } = await open({ rows: 12 });
  await using _server = server;
  await using _terminal = terminal;
  await terminal.until("▸ alpha");
  terminal.type("\u001b[A");
  await terminal.until("▸ aider");
  terminal.type("bet");
  expect(await terminal.until("▸ beta:4b")).not.toContain("alpha");
  terminal.type("x");
  await terminal.until('nothing here is called "betx"');
  terminal.type("\u001b");
  await terminal.until("▸ alpha");
  terminal.type("\u0003");
  expect(await terminal.exited()).toBe(0);
});

it("offers a first model to those who have none", async () => {
  const { server, terminal } = await open({ none: true });
  await using _server = server;
  await using _terminal = terminal;
  expect(await terminal.until("downloaded first")).toMatch(/▸ qwen3/);
});

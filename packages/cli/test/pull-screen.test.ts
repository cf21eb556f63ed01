import { describe, expect, it } from "vitest";
import { CannedServer } from "./support/canned-server.ts";
import { Terminal } from "./support/terminal.ts";

const layer = (name: string, total: number, from = 0) =>
  Array.from({ length: 21 }, (_, step) => ({
    status: `pulling ${name}`,
    total,
    completed: Math.round(from + ((total - from) * step) / 20),
  }));

const events = [
  { status: "pulling manifest" },
  ...layer("aaaaaaaaaaaa", 2e9, 1e9),
  ...layer("bbbbbbbbbbbb", 5000),
  { status: "verifying sha256 digest" },
  { status: "writing manifest" },
  { status: "success" },
];

describe("puna pull in a terminal", () => {
  it("draws a line for each layer, with sizes, rate and time left, over itself", async () => {
    await using server = await CannedServer.start({ routes: { "/api/pull": () => events }, pauseMs: 40 });
    await using terminal = new Terminal(["pull", "m"], {
      columns: 90,
      env: { PUNA_TEST_SERVER: server.url },
    });
    await terminal.seen(/aaaa: +\d+% ▕█+ *▏ +1\.\d GB\/ +2 GB +[\d.]+ [GM]B\/s +\d+m?\d*s/);
    expect(await terminal.exited()).toBe(0);
    await terminal.until("success");
    expect(terminal.screen.split("\n").map((line) => line.replace(/█+/, "█"))).toEqual([
      "pulling manifest",
      "pulling aaaaaaaaaaaa: 100% ▕█▏   2 GB",
      "pulling bbbbbbbbbbbb: 100% ▕█▏   5 KB",
      "verifying sha256 digest",
      "writing manifest",
      "success",
    ]);
    expect(terminal.raw.endsWith("\u001b[?25h")).toBe(true);
  });

  it("shows the cursor again when the server fails", async () => {
    const failing = [...events.slice(0, 5), { error: "the registry went away" }];
    await using server = await CannedServer.start({ routes: { "/api/pull": () => failing } });
    await using terminal = new Terminal(["pull", "m"], { env: { PUNA_TEST_SERVER: server.url } });
    expect(await terminal.exited()).toBe(1);
    expect(await terminal.until("Error: the registry went away")).toMatch(
      /^pulling manifest\npulling aaaaaaaaaaaa: +\d+%/,
    );
    expect(terminal.raw).toContain("\u001b[?25h");
  });

  it("gives the terminal back when it is ended by Ctrl-C", async () => {
    await using server = await CannedServer.start({ routes: { "/api/pull": () => events }, pauseMs: 200 });
    await using terminal = new Terminal(["pull", "m"], { env: { PUNA_TEST_SERVER: server.url } });
    await terminal.seen("pulling aaaaaaaaaaaa");
    terminal.type("\u0003");
    expect(await terminal.exited()).toBe(130);
    expect(terminal.raw).toContain("\u001b[?25h");
    await expect.poll(() => server.abandoned).toBe(1);
  });
});

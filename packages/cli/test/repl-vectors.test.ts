import { afterAll, describe, expect, it } from "vitest";
import { CannedServer } from "./support/canned-server.ts";
import type { Script } from "./support/scripted-server.ts";
import { Terminal } from "./support/terminal.ts";
import { hasVectors, readVectors } from "./support/vectors.ts";

interface ReplCase {
  readonly id: string;
  readonly argv: readonly string[];
  readonly terminal: string;
  readonly engine_scripts?: Readonly<Record<string, Script>>;
  readonly steps: readonly { readonly typed: string; readonly screen: string }[];
}

const placeholder = /(Send a message \(\/\? for help\)|Press Enter to send)$/;
const { cases } = hasVectors ? readVectors<{ cases: readonly ReplCase[] }>("cli/repl.json") : { cases: [] };

describe.skipIf(!hasVectors)("recorded sessions", () => {
  let passed = 0;
  afterAll(() => console.log(`recorded sessions: ${passed} of ${cases.length} reproduced`));

  it.each(cases)("$id", async ({ argv, engine_scripts = {}, steps, terminal: size }) => {
    const [columns, rows] = size.split("x").map(Number);
    await using server = await CannedServer.start({
      chat: ({ messages }) => {
        const name = /\[\[([^\]]+)\]\]/.exec(messages.at(-1)?.content ?? "")?.[1] ?? "";
        return engine_scripts[name]?.pieces ?? [];
      },
    });
    await using terminal = new Terminal(argv.slice(1), {
      columns: columns ?? 80,
      rows: rows ?? 24,
      env: { PUNA_TEST_SERVER: server.url },
    });
    // Each recorded screen goes on behind the prompt of the one before.
    let expected = ">>> Send a message (/? for help)";
    await terminal.until(expected);
    for (const { typed, screen } of steps) {
      expected = expected.replace(placeholder, "") + screen;
      terminal.type(`${typed}\r`);
      const wanted = expected;
      await terminal.until((shown) => shown === wanted);
    }
    expect(terminal.screen).toBe(expected);
    passed++;
  });
});

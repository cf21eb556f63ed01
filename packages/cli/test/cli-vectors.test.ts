import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runInProcess } from "./support/run-in-process.ts";
import { refusingFetch, type Script, ScriptedServer } from "./support/scripted-server.ts";
import { hasVectors, readVectors, vectorPath } from "./support/vectors.ts";

interface CliCase {
  readonly id: string;
  readonly argv: readonly string[];
  readonly stdin: string | null;
  readonly exit_code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly stderr_screen?: string;
  readonly engine_scripts?: Readonly<Record<string, Script>>;
}

/** Cases that no stand-in for a server can show, with the reason. */
const notHere: Readonly<Record<string, string>> = {
  "cli/version-noserver": "puna's version is answered without looking for a server",
};

const { cases } = hasVectors ? readVectors<{ cases: readonly CliCase[] }>("cli/cli.json") : { cases: [] };

describe.skipIf(!hasVectors)("recorded command lines", () => {
  const server = hasVectors ? new ScriptedServer() : undefined;
  const cwd = mkdtempSync(join(tmpdir(), "puna-cli-"));
  let passed = 0;

  beforeAll(() => {
    const files = {
      Modelfile: "FROM tiny\nSYSTEM hello\nPARAMETER num_ctx 512\n",
      Path: `FROM ${vectorPath("http/fixtures/tiny.gguf")}\n`,
      BadInt: "FROM tiny\nPARAMETER num_ctx x\n",
      Missing: "FROM ./nope.gguf\n",
      Adapter: "FROM tiny\nADAPTER ./nope.gguf\n",
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  });

  afterAll(() => {
    rmSync(cwd, { recursive: true, force: true });
    const left = Object.entries(notHere).map(([id, reason]) => `${id} (${reason})`);
    console.log(
      `recorded command lines: ${passed} of ${cases.length} reproduced; left out: ${left.join("; ")}`,
    );
  });

  // In order: cases build on what earlier ones created.
  for (const recorded of cases) {
    it.skipIf(recorded.id in notHere)(recorded.id, async () => {
      server?.use(recorded.engine_scripts);
      const fetch = recorded.id.includes("noserver") ? refusingFetch : (server?.fetch ?? refusingFetch);
      const run = await runInProcess(recorded.argv.slice(1), { fetch, stdin: recorded.stdin, cwd });
      const mask = (text: string) => maskVolatile(text.replaceAll(cwd, "<cwd>"));
      expect({ exit: run.exitCode, stdout: mask(run.stdout), stderr: mask(screen(run.stderr)) }).toEqual({
        exit: recorded.exit_code,
        stdout: mask(recorded.stdout),
        stderr: mask(screen(recorded.stderr_screen ?? recorded.stderr)),
      });
      passed++;
    });
  }
});

function screen(text: string): string {
  return text.replace(/ +$/gm, "").trimEnd();
}

/** Ids, sizes and times out; rows of a list in one order. */
function maskVolatile(text: string): string {
  const masked = text
    .replace(/sha256[:-][0-9a-f]{64}/g, "<digest>")
    .replace(/\b[0-9a-f]{12}\b/g, "<id>")
    .replace(/(\d+|About an?) (second|minute|hour|day)s? (ago|from now) */g, "<time>")
    .replace(/(MODIFIED|UNTIL) +$/gm, "$1")
    .replace(/\b[\d.]+ [KMG]?B\b/g, "<size>");
  const [header = "", ...rows] = masked.split("\n");
  return header.startsWith("NAME") ? [header, ...rows.sort()].join("\n") : masked;
}

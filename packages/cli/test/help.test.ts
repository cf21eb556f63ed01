import { describe, expect, it } from "vitest";
import { cliCommands } from "../src/commands.ts";
import { runInProcess } from "./support/run-in-process.ts";

const nobody: typeof fetch = () => Promise.reject(new Error("help must not ask a server"));
const help = async (...argv: string[]) => (await runInProcess(argv, { fetch: nobody })).stdout;

describe("help", () => {
  it("of a command is laid out as Ollama's", async () => {
    expect(await help("create", "--help")).toBe(`Create a model

Usage:
  ollama create MODEL [flags]

Flags:
      --draft-quantize string   Quantize draft model to this level
      --experimental            Import safetensors (not supported: fails)
  -f, --file string             Name of the Modelfile (default "Modelfile")
  -h, --help                    help for create
      --json                    Print progress as JSON lines
  -q, --quantize string         Quantize model to this level (e.g. q4_K_M)

Environment Variables:
      OLLAMA_HOST                   IP Address for the server (default 127.0.0.1:11434)
`);
  });

  it("names flags that may stand without a value, second names and words that repeat", async () => {
    expect(await help("run", "-h")).toMatch(/^ {6}--think string\[="true"\] {3}Enable thinking mode/m);
    expect(await help("list", "-h")).toContain("\nAliases:\n  list, ls\n");
    expect(await help("rm", "-h")).toContain("ollama rm MODEL [MODEL...] [flags]");
    expect(await help("cp", "-h")).toContain("ollama cp SOURCE DESTINATION [flags]");
  });

  it("is the same by --help, -h and help, wherever it stands", async () => {
    const expected = await help("show", "--help");
    for (const argv of [
      ["show", "-h"],
      ["help", "show"],
      ["show", "m", "--help"],
      ["-h", "show"],
    ])
      expect(await help(...argv)).toBe(expected);
  });

  it("lists every command that is not hidden, Ollama's in its order first", async () => {
    const text = await help("--help");
    const names = [...text.matchAll(/^ {2}(\w+) {2,}\S/gm)].map(([, name]) => name);
    const shown = Object.keys(cliCommands).filter((id) => cliCommands[id]?.hidden !== true);
    expect(names.toSorted()).toEqual([...shown, "help"].toSorted());
    expect(names.slice(0, 6)).toEqual(["create", "show", "run", "stop", "pull", "push"]);
    expect(await help()).toBe(text);
    expect(await help("help")).toBe(text);
  });

  it.each(Object.keys(cliCommands))("of %s describes every flag and word", async (id) => {
    const text = await help(id, "--help");
    expect(text).toMatch(/^[A-Z].*\n\nUsage:\n {2}ollama \w+.*\[flags\]\n/);
    for (const [, line] of text.matchAll(/^( +(?:-\w, )?--\S.*)$/gm)) expect(line).toMatch(/ {3}\S/);
  });

  it("tells which topic it does not have", async () => {
    const run = await runInProcess(["help", "frob"], { fetch: nobody });
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toContain("Unknown help topic [`frob`]");
  });
});

describe("the first word", () => {
  const run = (...argv: string[]) => runInProcess(argv, { fetch: nobody });

  it.each([
    [["-v", "list"], "Error: unknown shorthand flag: 'v' in -v\n"],
    [["--version", "list"], "Error: unknown flag: --version\n"],
    [["--version", "--frob"], "Error: unknown flag: --frob\n"],
    [["--frob", "list"], "Error: unknown flag: --frob\n"],
    [["-x"], "Error: unknown shorthand flag: 'x' in -x\n"],
    [["stop", "--frob"], "Error: unknown flag: --frob\n"],
    [["cp", "-xyz"], "Error: unknown shorthand flag: 'x' in -xyz\n"],
  ])("of %j is refused: %s", async (argv, message) => {
    expect(await run(...argv)).toMatchObject({ exitCode: 1, stdout: "", stderr: message });
  });
});

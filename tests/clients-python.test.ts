import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientModels, startClientServer } from "./support/client-server.ts";
import { type RunningServer, runCommand } from "./support/processes.ts";
import {
  hasGemma,
  hasInstructor,
  hasMiniLm,
  hasPythonClients,
  hasQwen,
  python,
  pythonWithInstructor,
} from "./support/required-parts.ts";
import { root } from "./support/source-files.ts";

const suites = join(root, "tests/python");

interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** Listed in `langchain-exchanges.json`; one that passes all the same counts here too. */
  readonly expectedToFail: number;
}

/** The Python clients, unchanged, by suites of pytest in `tests/python`. */
describe.skipIf(!(hasGemma && hasQwen && hasMiniLm))("Python clients of others", () => {
  const dir = mkdtempSync(join(tmpdir(), "puna-python-clients-"));
  let server: RunningServer | undefined;

  beforeAll(async () => {
    server = await startClientServer(dir);
  });

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Runs one suite, and prints what pytest says of cases that may fail. */
  async function run(program: string, name: string, ...args: readonly string[]): Promise<Counts> {
    const { PATH, HOME } = process.env;
    const { stdout, stderr } = await runCommand(
      program,
      ["-m", "pytest", "-rxX", "--tb=short", ...args, `${name}.py`],
      {
        PATH,
        HOME,
        PYTHONDONTWRITEBYTECODE: "1",
        // Nothing is to be looked up, reported or measured anywhere.
        LANGSMITH_TRACING: "false",
        HF_HUB_OFFLINE: "1",
        PUNA_TEST_URL: server?.url,
        PUNA_TEST_CHAT_MODEL: clientModels.chat,
        PUNA_TEST_BASE_MODEL: clientModels.base,
        PUNA_TEST_EMBED_MODEL: clientModels.embed,
        PUNA_TEST_RANK_MODEL: clientModels.rank,
      },
      { cwd: suites },
    );
    const count = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(lastLine(stdout))?.[1] ?? 0);
    const failed = count("failed") + count("errors?");
    const counts = { passed: count("passed"), failed, expectedToFail: count("xfailed") + count("xpassed") };
    console.log(`${name}: ${lastLine(stdout)}`);
    if (counts.failed > 0 || counts.passed === 0)
      console.log(`${stdout.slice(-12_000)}\n${stderr.slice(-2_000)}`);
    return counts;
  }

  describe.skipIf(!hasPythonClients)("in the newest versions", () => {
    it.each([
      ["test_ollama", 15],
      ["test_openai", 14],
      ["test_anthropic", 10],
      ["test_cohere", 13],
    ])(
      "passes all of %s",
      async (name, passed) => {
        expect(await run(python, name)).toEqual({ passed, failed: 0, expectedToFail: 0 });
      },
      600_000,
    );

    // The server is asked for the same by asynchronous twins, and by one schema in Python's other ways to write it.
    it("passes LangChain's standard suites but for the listed cases and those that ask the same again", async () => {
      const { cases } = JSON.parse(readFileSync(join(suites, "langchain-exchanges.json"), "utf8"));
      const counts = await run(
        python,
        "test_langchain",
        "--benchmark-disable",
        "-k",
        "not async and not typeddict and not pydantic_2_v1",
      );
      expect(counts).toMatchObject({ failed: 0, expectedToFail: cases.length });
      expect(counts.passed).toBe(42);
    }, 600_000);
  });

  it.skipIf(!hasInstructor)(
    "passes all of test_instructor",
    async () => {
      expect(await run(pythonWithInstructor, "test_instructor")).toEqual({
        passed: 6,
        failed: 0,
        expectedToFail: 0,
      });
    },
    600_000,
  );
});

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type CannedAnswers, CannedServer } from "./support/canned-server.ts";
import { type Cursor, cliCommand, Terminal, type TerminalOptions } from "./support/terminal.ts";

const dir = mkdtempSync(join(tmpdir(), "puna-repl-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const hint = ">>> Send a message (/? for help)";
const ready = (screen: string) => /(^|\n)>>> Send a message[^\n]*$/.test(screen);

/** A chat in a terminal, its server answering as told; both end with the test. */
async function chat(answers: CannedAnswers = {}, options: TerminalOptions = {}) {
  const server = await CannedServer.start(answers);
  const env = { PUNA_TEST_SERVER: server.url, ...options.env };
  const terminal = new Terminal(["run", "m"], { ...options, cwd: options.cwd ?? dir, env });
  await terminal.until(ready);
  return {
    server,
    terminal,
    async [Symbol.asyncDispose]() {
      await terminal[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const echo = ({ messages }: { messages: readonly { content: string }[] }) => [
  `<${messages.at(-1)?.content}>`,
];

describe("the REPL", () => {
  it("answers and asks again, the cursor behind the prompt", async () => {
    await using session = await chat();
    const { terminal } = session;
    expect(terminal.screen).toBe(hint);
    expect(terminal.cursor).toEqual({ row: 0, column: 4 });
    terminal.type("hi there\r");
    expect(await terminal.until((screen) => screen.includes("world!") && ready(screen))).toBe(
      `>>> hi there\nHello world!\n\n${hint}`,
    );
  });

  it("ends with /bye, and with Ctrl-D on an empty line", async () => {
    for (const keys of ["/bye\r", "\u0004"]) {
      await using session = await chat();
      session.terminal.type(keys);
      expect(await session.terminal.exited()).toBe(0);
    }
  });

  it("edits in the middle of a line", async () => {
    await using session = await chat({ chat: echo });
    const { terminal } = session;
    terminal.type("hello world\u001b[D\u001b[D\u001b[D\u001b[D\u001b[D");
    terminal.type("big ");
    await terminal.until(
      (screen, { row, column }) => screen === ">>> hello big world" && row === 0 && column === 14,
    );
    terminal.type("\u0001\u001b[3~H\u0005!\u001bb\u0017\u000bmoon\r");
    await terminal.until("<Hello moon>");
  });

  it("edits characters of two cells and of several code points as one", async () => {
    await using session = await chat({ chat: echo });
    const { terminal } = session;
    terminal.type("日本語 e\u0301x");
    await terminal.until(
      (screen, { column }) => screen === ">>> 日本語 e\u0301x" && column === 4 + 6 + 1 + 2,
    );
    terminal.type("\u007f\u007f\u007f");
    await terminal.until((screen) => screen.endsWith(">>> 日本語"));
    terminal.type("\u001b[D\u007f");
    await terminal.until((screen, { column }) => screen.endsWith(">>> 日語") && column === 6);
    terminal.type("👨‍👩‍👧");
    await terminal.until("日👨‍👩‍👧語");
    terminal.type("\u007f\r");
    await terminal.until("<日語>");
  });

  it("wraps a long line and edits it over its rows", async () => {
    await using session = await chat({ chat: echo }, { columns: 20 });
    const { terminal } = session;
    terminal.type("abcdefghijklmnopqrstuvwxyz0123456789");
    const shows = (wanted: string, at: Cursor) =>
      terminal.until(
        (screen, { row, column }) => screen === wanted && row === at.row && column === at.column,
      );
    await shows(">>> abcdefghijklmnop\nqrstuvwxyz0123456789", { row: 2, column: 0 });
    terminal.type("\u0001X");
    await shows(">>> Xabcdefghijklmno\npqrstuvwxyz012345678\n9", { row: 0, column: 5 });
    terminal.type("\u000b");
    await terminal.until((screen) => screen === ">>> X");
    terminal.type("\r");
    await terminal.until("<X>");
  });

  it("shows the part around the cursor of a text that is taller than the screen", async () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    await using session = await chat(
      { chat: ({ messages }) => [`${messages.at(-1)?.content.split("\n").length} lines`] },
      { rows: 8 },
    );
    const { terminal } = session;
    terminal.paste(lines.join("\n"));
    const last = lines
      .slice(-7)
      .map((line) => `... ${line}`)
      .join("\n");
    await terminal.until((screen) => screen === last);
    terminal.type("\u001b[A".repeat(10));
    terminal.type("!");
    await terminal.until((screen) => screen.startsWith("... line 19!\n") && screen.split("\n").length === 7);
    terminal.type("\r");
    const screen = await terminal.until((shown) => shown.includes("30 lines") && ready(shown));
    expect(
      screen.startsWith(
        `>>> line 0\n${lines
          .slice(1, 19)
          .map((line) => `... ${line}`)
          .join("\n")}\n... line 19!\n`,
      ),
    ).toBe(true);
  });

  it("keeps the last character of rows that are full", async () => {
    await using session = await chat({ chat: echo }, { columns: 20 });
    const { terminal } = session;
    terminal.paste("abcdefghijklmnop\nabcdefghijklmnop\nx");
    await terminal.until((screen) => screen === ">>> abcdefghijklmnop\n... abcdefghijklmnop\n... x");
    terminal.type("\u007f");
    await terminal.until(
      (screen, { row, column }) =>
        screen === ">>> abcdefghijklmnop\n... abcdefghijklmnop\n..." && row === 2 && column === 4,
    );
  });

  it("draws the line anew when the terminal changes its width", async () => {
    await using session = await chat({ chat: echo }, { columns: 60 });
    const { terminal } = session;
    terminal.type("first\r");
    await terminal.until("<first>");
    terminal.type("the quick brown fox jumps over the lazy dog");
    await terminal.until("lazy dog");
    terminal.resize(30, 24);
    await terminal.until(">>> the quick brown fox jumps\nover the lazy dog");
    terminal.resize(90, 24);
    await terminal.until(">>> the quick brown fox jumps over the lazy dog");
    terminal.type("!\r");
    const screen = await terminal.until("<the quick brown fox jumps over the lazy dog!>");
    expect(screen.startsWith(">>> first\n<first>\n\n>>> the quick")).toBe(true);
  });

  it("sends what stands between triple quotes as one message", async () => {
    await using session = await chat({ chat: ({ messages }) => [JSON.stringify(messages.at(-1)?.content)] });
    const { terminal } = session;
    terminal.type('"""first\r');
    await terminal.until(
      (screen, { row, column }) => screen.endsWith("\n... Press Enter to send") && row === 1 && column === 4,
    );
    terminal.type('second"""\r');
    expect(await terminal.until(ready)).toBe(`>>> """first\n... second"""\n"first\\nsecond"\n\n${hint}`);
  });

  it("takes pasted lines as one message, and Ctrl-J as a line break", async () => {
    await using session = await chat({ chat: ({ messages }) => [JSON.stringify(messages.at(-1)?.content)] });
    const { terminal } = session;
    terminal.paste("one\ntwo\n\u001b[31mthree");
    await terminal.until(">>> one\n... two\n... ^[[31mthree");
    terminal.type("\u000afour\r");
    await terminal.until('"one\\ntwo\\n\\u001b[31mthree\\nfour"'.replaceAll("\\\\", "\\"));
  });

  it("moves up and down inside a text of several lines before it leaves for the history", async () => {
    await using session = await chat({ chat: echo });
    const { terminal } = session;
    terminal.type("older\r");
    await terminal.until("<older>");
    terminal.type("aa\u000abb\u001b[A!");
    await terminal.until(">>> aa!\n... bb");
    terminal.type("\u001b[A");
    await terminal.until((screen) => screen.endsWith(">>> older"));
    terminal.type("\u001b[B");
    await terminal.until(">>> aa!\n... bb");
  });

  it("keeps its history in a file, and searches it with Ctrl-R", async () => {
    const history = join(dir, "history");
    {
      await using session = await chat({ chat: echo }, { env: { PUNA_TEST_HISTORY: history } });
      for (const line of ["find the needle", "something else", "multi\u000aline"]) {
        session.terminal.type(`${line}\r`);
        await session.terminal.until(
          (screen) => screen.includes(`<${line.replace("\n", "\n")}>`) && ready(screen),
        );
      }
    }
    expect(readFileSync(history, "utf8").split("\n")).toEqual([
      "find the needle",
      "something else",
      "multi\u2028line",
      "",
    ]);
    await using session = await chat({ chat: echo }, { env: { PUNA_TEST_HISTORY: history } });
    const { terminal } = session;
    terminal.type("\u0012nee");
    await terminal.until("(reverse-i-search)`nee': find the needle");
    terminal.type("x");
    await terminal.until("(failed reverse-i-search)`neex':");
    terminal.type("\u007f\u0005!\r");
    await terminal.until("<find the needle!>");
    terminal.type("\u001b[A\u001b[A");
    await terminal.until(/>>> multi\n\.\.\. line$/);
    terminal.type("\u0003");
    await terminal.until(ready);
  });

  it("lets an editor write the message", async () => {
    const editor = join(dir, "editor.sh");
    writeFileSync(editor, '#!/bin/sh\nprintf "%s and more\\nlines\\n" "$(cat "$1")" > "$1"\n', {
      mode: 0o755,
    });
    await using session = await chat({ chat: echo }, { env: { PUNA_TEST_EDITOR: editor } });
    const { terminal } = session;
    terminal.type("a start\u0007");
    await terminal.until(">>> a start and more\n... lines");
    terminal.type("\r");
    await terminal.until("<a start and more\nlines>");
  });

  it("stops an answer with Ctrl-C and keeps the session", async () => {
    // Half a minute of words, which nobody waits for.
    const words = Array.from({ length: 200 }, (_, index) => `w${index} `);
    await using session = await chat({ chat: () => words, pauseMs: 150 });
    const { server, terminal } = session;
    terminal.type("go\r");
    await terminal.seen("w3");
    terminal.type("\u0003");
    const screen = await terminal.until(ready);
    expect(screen).not.toContain("w199");
    await expect.poll(() => server.abandoned).toBe(1);
    terminal.type("again\r");
    await expect.poll(() => server.questions().length).toBe(2);
    expect(server.questions()[1]?.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
  });

  it("hints at the way out on Ctrl-C, and drops a half-written line", async () => {
    await using session = await chat();
    const { terminal } = session;
    terminal.type("\u0003");
    expect(await terminal.until((screen) => screen.includes("exit") && ready(screen))).toBe(
      `>>>\nUse Ctrl + d or /bye to exit.\n${hint}`,
    );
    terminal.type("half\u0003");
    await terminal.until((screen) => screen.includes(">>> half") && ready(screen));
  });

  it("keeps keys typed while an answer comes for the next line", async () => {
    await using session = await chat({
      chat: (question) => [...echo(question), " slow", " end"],
      pauseMs: 150,
    });
    const { server, terminal } = session;
    terminal.type("one\r");
    await terminal.seen("<one>");
    terminal.type("two\r");
    await terminal.until((screen) => screen.includes("<two> slow end") && ready(screen));
    expect(server.questions()).toHaveLength(2);
  });

  it("clears the screen with Ctrl-L and keeps the line", async () => {
    await using session = await chat({ chat: echo });
    const { terminal } = session;
    terminal.type("one\r");
    await terminal.until("<one>");
    terminal.type("kept\u000c");
    await terminal.until(
      (screen, { row, column }) => screen === ">>> kept" && row === 0 && column === ">>> kept".length,
    );
  });

  it("completes commands with Tab, and writes eight spaces elsewhere", async () => {
    await using session = await chat({ chat: ({ messages }) => [JSON.stringify(messages.at(-1)?.content)] });
    const { terminal } = session;
    terminal.type("/set verb\t\r");
    await terminal.until("Set 'verbose' mode.");
    terminal.type("a\tb\r");
    await terminal.until('"a        b"');
  });

  it("suspends with Ctrl-Z and goes on with fg", async () => {
    await using server = await CannedServer.start({ chat: echo });
    await using terminal = new Terminal(["--norc", "-i"], {
      program: "bash",
      cwd: dir,
      env: { PUNA_TEST_SERVER: server.url, PS1: "shell$ " },
    });
    await terminal.until("shell$");
    terminal.type(`clear; ${cliCommand.join(" ")} run m\r`);
    await terminal.until(ready);
    terminal.type("before\u001a");
    await terminal.until(/Stopped[\s\S]*shell\$$/);
    terminal.type("fg\r");
    await terminal.until((screen) => screen.endsWith(">>> before"));
    terminal.type(" after\r");
    await terminal.until("<before after>");
  });
});

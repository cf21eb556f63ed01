import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type CannedAnswers, CannedServer } from "./support/canned-server.ts";
import { Terminal, type TerminalOptions } from "./support/terminal.ts";

const dir = mkdtempSync(join(tmpdir(), "puna-slash-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const png = Buffer.from("89504e470d0a1a0a0000000d", "hex");
const hint = ">>> Send a message (/? for help)";
const ready = (screen: string) => screen.endsWith(hint);

async function chat(
  answers: CannedAnswers = {},
  options: TerminalOptions & { readonly flags?: readonly string[] } = {},
) {
  const server = await CannedServer.start(answers);
  const terminal = new Terminal(["run", "m", ...(options.flags ?? [])], {
    rows: 60,
    ...options,
    cwd: dir,
    env: { PUNA_TEST_SERVER: server.url, ...options.env },
  });
  await terminal.until(ready);
  return {
    server,
    terminal,
    /** Types lines one after another, each when the prompt is there again. @returns the screen after the last */
    async say(...lines: string[]) {
      let screen = "";
      for (const line of lines) {
        const before = terminal.screen;
        terminal.type(`${line}\r`);
        screen = await terminal.until((now) => now !== before && ready(now));
      }
      return screen;
    },
    async [Symbol.asyncDispose]() {
      await terminal[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe("slash commands", () => {
  it("change what the next question is asked with", async () => {
    await using session = await chat();
    const screen = await session.say(
      "/set parameter temperature 0.5",
      "/set parameter stop a b",
      "/set parameter seed x",
      "/set parameter nope 1",
      "/set system be short",
      "/set format json",
      "/set think high",
      "question",
    );
    expect(screen.split("\n").filter((line) => line !== "" && !line.startsWith(">>>"))).toEqual([
      "Set parameter 'temperature' to '0.5'",
      "Set parameter 'stop' to 'a, b'",
      `Couldn't set parameter: "invalid int value [x]"`,
      `Couldn't set parameter: "unknown parameter 'nope'"`,
      "Set system message.",
      "Set format to 'json' mode.",
      'warning: model "m" does not support thinking output',
      "Set 'think' mode to 'high'.",
      "Hello world!",
    ]);
    expect(session.server.questions().at(-1)).toMatchObject({
      options: { temperature: 0.5, stop: ["a", "b"] },
      format: "json",
      think: "high",
      messages: [
        { role: "system", content: "be short" },
        { role: "user", content: "question" },
      ],
    });
    await session.say("/set noformat", "/set nothink", "/clear", "again");
    const last = session.server.questions().at(-1);
    expect(last?.messages).toEqual([
      { role: "system", content: "be short" },
      { role: "user", content: "again" },
    ]);
    expect([last?.["format"], last?.["think"]]).toEqual([undefined, false]);
  });

  it("show the model, and what the session changed about it", async () => {
    const show = {
      license: "MIT",
      parameters: 'stop                           "x"',
      system: "stored",
      modelfile: "FROM x",
    };
    await using session = await chat({ show });
    const screen = await session.say(
      "/show license",
      "/show system",
      "/show template",
      "/show modelfile",
      "/set parameter top_k 3",
      "/show parameters",
    );
    expect(screen).toContain(">>> /show license\nMIT\n");
    expect(screen).toContain(">>> /show system\nstored\n");
    expect(screen).toContain(">>> /show template\n{{ .Prompt }}\n");
    expect(screen).toContain(">>> /show modelfile\nFROM x\n");
    expect(screen).toMatch(
      /Model defined parameters:\n {2}stop +"x"\n\nUser defined parameters:\n {2}top_k +3\n/,
    );
  });

  it("save the session as a model and load another", async () => {
    const saved: Record<string, unknown>[] = [];
    await using session = await chat({
      routes: {
        "/api/create": (body) => {
          saved.push(body);
          return { status: "success" };
        },
        "/api/show": ({ model }) => ({
          details: {},
          model_info: {},
          capabilities: ["completion"],
          ...(model === "other"
            ? {
                messages: [
                  { role: "user", content: "stored?" },
                  { role: "assistant", content: "yes" },
                ],
              }
            : {}),
        }),
      },
    });
    const screen = await session.say("/set system be kind", "hello", "/save mine", "/load other", "next");
    expect(screen).toContain("Created new model 'mine'\n");
    expect(screen).toContain("Loading model 'other'\n>>> next\n");
    expect(saved).toEqual([
      {
        model: "mine",
        from: "m",
        system: "be kind",
        messages: [
          { role: "system", content: "be kind" },
          { role: "user", content: "hello" },
          { role: "assistant", content: "Hello world!" },
        ],
        stream: false,
      },
    ]);
    // The server puts stored messages before these by itself.
    expect(session.server.questions().at(-1)).toMatchObject({
      model: "other",
      messages: [{ role: "user", content: "next" }],
    });
  });

  it("explain themselves, and name what they do not know", async () => {
    await using session = await chat();
    const screen = await session.say("/?", "/help shortcuts", "/frobnicate", "/set frob");
    expect(screen).toContain('Use """ to begin a multi-line message.');
    expect(screen).toContain("Ctrl + g            Open default editor to compose a prompt");
    expect(screen).toContain("Unknown command '/frobnicate'. Type /? for help");
    expect(screen).toContain("Unknown command '/set frob'. Type /? for help");
  });

  it("are known by their beginnings, and help on what is unknown says nothing", async () => {
    await using session = await chat({
      routes: {
        "/api/tags": () => ({
          models: ["aa:latest", "bb:latest"].map((name) => ({ name, size: 1, digest: "d", modified_at: "" })),
        }),
      },
    });
    const screen = await session.say("/list B", "/clear!", "/? nope", "/save a b", "/load a b");
    expect(screen).not.toContain("aa:latest");
    expect(screen).toContain("bb:latest");
    expect(screen).toContain("Cleared session context");
    expect(screen).toContain(">>> /? nope\n>>> ");
    expect(screen).toContain("/save <modelname>");
    expect(screen).toContain("/load <modelname>");
  });

  it("name what they need where it is missing", async () => {
    await using session = await chat({}, { rows: 100 });
    const screen = await session.say(
      "/set",
      "/set parameter",
      "/set parameter seed",
      "/set system",
      "/load",
      "/save",
    );
    expect(screen.match(/^ {2}\/set parameter \.\.\. {5}Set a parameter$/gm)).toHaveLength(2);
    expect(screen.match(/^ {2}\/set parameter num_ctx <int> {10}Set the context size$/gm)).toHaveLength(2);
    expect(screen).toContain("Usage:\n  /load <modelname>\n");
    expect(screen).toContain("Usage:\n  /save <modelname>\n");
  });

  it("end a turn with the server's error and keep the session", async () => {
    await using session = await chat({ routes: { "/api/chat": () => [{ error: "the runner died" }] } });
    const screen = await session.say("one", "two");
    expect(screen.match(/error: the runner died/g)).toHaveLength(2);
    expect(session.server.questions()[1]?.messages).toEqual([{ role: "user", content: "two" }]);
  });
});

describe("pictures by path", () => {
  it("are attached and taken out of the text where the model can see", async () => {
    writeFileSync(join(dir, "my cat.png"), png);
    await using session = await chat({ show: { capabilities: ["completion", "vision"] } });
    const screen = await session.say(
      "what is ./my\\ cat.png exactly?",
      `${join(dir, "my cat.png")} describe`,
      "and ./missing.png?",
    );
    expect(screen).toContain("Added image './my cat.png'");
    expect(session.server.questions().map(({ messages }) => messages.at(-1))).toEqual([
      { role: "user", content: "what is  exactly?", images: [png.toString("base64")] },
      { role: "user", content: "describe", images: [png.toString("base64")] },
      { role: "user", content: "and ./missing.png?" },
    ]);
  });

  it("stay text, with a clear word about it, where it cannot", async () => {
    writeFileSync(join(dir, "cat.png"), png);
    await using session = await chat();
    expect(await session.say("see ./cat.png")).toContain(
      "'m' cannot see images: './cat.png' was not attached",
    );
    expect(session.server.questions()[0]?.messages).toEqual([{ role: "user", content: "see ./cat.png" }]);
  });

  it("are refused when they are something else", async () => {
    writeFileSync(join(dir, "text.png"), "just text");
    await using session = await chat({ show: { capabilities: ["completion", "vision"] } });
    expect(await session.say("see ./text.png")).toContain(
      "error: invalid file type: ./text.png is not a JPEG, PNG",
    );
    expect(session.server.questions()).toHaveLength(0);
  });
});

describe("answers in a terminal", () => {
  const source = "# Title\n\nSome **bold** words and `code`.\n\n- one\n- two\n\n```js\nlet a = 1;\n```\n";
  const pieces = source.match(/[\s\S]{1,3}/g) ?? [];

  it("are shown as Markdown, in colours", async () => {
    await using session = await chat({ chat: () => pieces, pauseMs: 2 });
    const screen = await session.say("go");
    expect(screen).toContain("Title\n\nSome bold words and code.\n\n• one\n• two\n\n```js\nlet a = 1;\n```");
    expect(session.terminal.raw).toContain("\u001b[1mbold\u001b[22m");
  });

  it("are shown as they are with NO_COLOR, and with nomarkdown", async () => {
    for (const options of [{ env: { NO_COLOR: "1" } }, { flags: ["--nomarkdown"] }]) {
      await using session = await chat({ chat: () => pieces }, options);
      expect(await session.say("go")).toContain("# Title\n\nSome **bold** words");
    }
  });

  it("wrap at words", async () => {
    await using session = await chat({ chat: () => ["wonder ".repeat(10)] }, { columns: 40 });
    expect(await session.say("go")).toContain("wonder wonder wonder wonder wonder\nwonder");
  });

  it("show thinking dimmed, or not at all", async () => {
    const answers: CannedAnswers = {
      show: { capabilities: ["completion", "thinking"] },
      chat: () => [{ thinking: "hm, " }, { thinking: "so." }, "Yes."],
    };
    {
      await using session = await chat(answers);
      expect(await session.say("go")).toContain("Thinking...\nhm, so.\n...done thinking.\n\nYes.\n");
      expect(session.terminal.raw).toContain("\u001b[90mThinking...");
      expect(session.server.questions()[0]?.["think"]).toBe(true);
    }
    await using session = await chat(answers, { flags: ["--hidethinking"] });
    expect(await session.say("go")).toBe(`>>> go\nYes.\n\n${hint}`);
  });

  it("cannot move the cursor or set the title of the terminal", async () => {
    await using session = await chat({ chat: () => ["a\u001b[2J\u001b]0;owned\u0007b\rc"] });
    expect(await session.say("go")).toContain("a[2J]0;ownedbc");
  });

  it("end with statistics in verbose mode", async () => {
    await using session = await chat();
    expect(await session.say("/set verbose", "go")).toMatch(
      /eval count: +4 token\(s\)\neval duration: +1s\neval rate: +4\.00 tokens\/s/,
    );
  });

  it("leave the terminal in its own colours when Ctrl-C ends a question on the command line", async () => {
    await using server = await CannedServer.start({
      show: { capabilities: ["completion", "thinking"] },
      chat: () => [{ thinking: "long " }, ...Array.from({ length: 100 }, () => ({ thinking: "thoughts " }))],
      pauseMs: 50,
    });
    await using terminal = new Terminal(["run", "m", "hi"], { env: { PUNA_TEST_SERVER: server.url } });
    await terminal.seen("thoughts");
    terminal.type("\u0003");
    expect(await terminal.exited()).toBe(130);
    expect(terminal.raw.endsWith("\u001b[0m\r\n")).toBe(true);
  });
});

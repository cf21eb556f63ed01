import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CannedServer } from "./support/canned-server.ts";
import { runInProcess } from "./support/run-in-process.ts";
import { cliCommand, Terminal } from "./support/terminal.ts";

const dir = mkdtempSync(join(tmpdir(), "puna-care-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Answer = (body: Record<string, unknown>, url: URL) => Response | object | readonly object[];

/** Runs a command against routes of canned answers; an array is answered as lines. */
async function run(argv: readonly string[], routes: Readonly<Record<string, Answer>>) {
  const asked: { readonly route: string; readonly body: Record<string, unknown> }[] = [];
  const result = await runInProcess(argv, {
    cwd: dir,
    fetch: async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : String(input));
      const route = `${init?.method ?? "GET"} ${url.pathname}`;
      const sent =
        init?.body instanceof ReadableStream
          ? { sent: await new Response(init.body).text() }
          : JSON.parse(String(init?.body ?? "{}"));
      asked.push({ route, body: sent });
      const answer = routes[route]?.(sent, url);
      if (answer === undefined) return new Response("404 page not found", { status: 404 });
      if (answer instanceof Response) return answer;
      if (!Array.isArray(answer)) return Response.json(answer);
      return new Response(answer.map((line) => `${JSON.stringify(line)}\n`).join(""));
    },
  });
  return { ...result, asked };
}

const usage = {
  total: 3e9,
  blobs: 7,
  reclaimable: 1e9,
  models: [
    { name: "small:latest", size: 1e9, unique: 1000 },
    { name: "large:7b", size: 2e9, unique: 2e9 },
  ],
};

describe("df", () => {
  it("shows what each model takes for itself, the largest first", async () => {
    const { stdout } = await run(["df"], { "GET /api/puna/store/df": () => usage });
    expect(stdout).toBe(
      [
        "NAME            SIZE    ITS OWN ",
        "large:7b        2 GB    2 GB       ",
        "small:latest    1 GB    1 KB       ",
        "",
        "2 models, 7 files, 3 GB in all",
        "1 GB can be freed with 'ollama prune'",
        "",
      ].join("\n"),
    );
  });

  it("prints the server's answer as JSON", async () => {
    const { stdout } = await run(["df", "--json"], { "GET /api/puna/store/df": () => usage });
    expect(JSON.parse(stdout)).toEqual(usage);
  });

  it("says so where the server is another", async () => {
    const { exitCode, stderr } = await run(["df"], {});
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      "Error: the server at http://127.0.0.1:11434 has no /api/puna/store/df: it is Ollama, or an older puna\n",
    );
  });
});

describe("prune", () => {
  const answer: Answer = ({ dry_run }) => ({
    removed: [{ kind: "blob", size: 5e6, path: "/blobs/sha256-ab" }],
    freed: 5e6,
    kept: 3,
    dry_run,
  });

  it("removes, and tells what", async () => {
    const { stdout, asked } = await run(["prune", "--older-than", "30m"], {
      "POST /api/puna/store/prune": answer,
    });
    expect(asked[0]?.body).toEqual({ dry_run: false, min_age_seconds: 1800 });
    expect(stdout).toBe(
      "KIND    SIZE    FILE             \nblob    5 MB    /blobs/sha256-ab    \n\nfreed 5 MB\n",
    );
  });

  it("only tells with --dry-run", async () => {
    const { stdout, asked } = await run(["prune", "--dry-run"], { "POST /api/puna/store/prune": answer });
    expect(asked[0]?.body).toEqual({ dry_run: true });
    expect(stdout).toContain("would free 5 MB\n");
  });
});

describe("verify", () => {
  it("counts files that are whole", async () => {
    const lines = [
      { digest: "sha256:aa", size: 1e6, ok: true },
      { status: "success", checked: 1, damaged: 0 },
    ];
    expect(await run(["verify"], { "POST /api/puna/store/verify": () => lines })).toMatchObject({
      exitCode: 0,
      stdout: "1 file checked, 1 MB, 0 damaged\n",
    });
  });

  it("names damaged files and fails", async () => {
    const lines = [
      { digest: "sha256:aa", size: 1e6, ok: false, found: "sha256:bb" },
      { status: "damaged", checked: 1, damaged: 1 },
    ];
    const { exitCode, stdout, stderr } = await run(["verify"], {
      "POST /api/puna/store/verify": () => lines,
    });
    expect(exitCode).toBe(1);
    expect(stdout).toBe("damaged: sha256:aa (1 MB)\n1 file checked, 1 MB, 1 damaged\n");
    expect(stderr).toContain("Error: 1 damaged file:");
  });

  it("shows with --repair what is pulled again, and what nobody has", async () => {
    const lines = [
      { digest: "sha256:aa", size: 1e6, ok: false, found: "sha256:bb", models: ["m:latest"] },
      { digest: "sha256:cc", size: 500, ok: false, models: ["m:latest", "n:latest"] },
      { digest: "sha256:dd", size: 500, ok: true, orphaned: true },
      { status: "pulling aa", digest: "sha256:aa", total: 1e6 },
      { status: "pulling aa", digest: "sha256:aa", total: 1e6, completed: 1e6 },
      { digest: "sha256:aa", repaired: true, from: "m:latest" },
      { digest: "sha256:cc", repaired: false, reason: "m:latest: file does not exist" },
      { status: "damaged", checked: 2, damaged: 2, repaired: 1, orphaned: 1 },
    ];
    const { exitCode, stdout, stderr, asked } = await run(["verify", "--repair", "--insecure"], {
      "POST /api/puna/store/verify": () => lines,
    });
    expect(asked[0]?.body).toEqual({ repair: true, insecure: true });
    expect(exitCode).toBe(1);
    expect(stdout.split("\n")).toEqual([
      "damaged: sha256:aa (1 MB) of m:latest",
      "missing: sha256:cc (500 B) of m:latest, n:latest",
      "repaired: sha256:aa from m:latest",
      "not repaired: sha256:cc (m:latest: file does not exist)",
      "2 files checked, 1.0 MB, 2 damaged, 1 repaired, 1 unused",
      "",
    ]);
    expect(stderr).toContain("pulling aa");
    expect(stderr).toContain("Error: 1 damaged file: pull or create the models again");
  });
});

describe("export and import", () => {
  it("carry a model through a file", async () => {
    const exported = await run(["export", "m", "m.tar"], {
      "GET /api/puna/store/export": (_body, url) =>
        new Response(`archive of ${url.searchParams.get("model")}`),
    });
    expect(exported.stdout).toBe("exported 'm' to m.tar (12 B)\n");
    expect(readFileSync(join(dir, "m.tar"), "utf8")).toBe("archive of m");
    const imported = await run(["import", "m.tar"], {
      "POST /api/puna/store/import": () => [{ status: "reading archive" }, { status: "success" }],
    });
    expect(imported).toMatchObject({ exitCode: 0, stderr: "reading archive\nsuccess\n" });
    expect(imported.asked[0]?.body).toEqual({ sent: "archive of m" });
  });

  it("leave no file behind when the server refuses", async () => {
    const { exitCode, stderr } = await run(["export", "nope", "none.tar"], {
      "GET /api/puna/store/export": () => Response.json({ error: "model 'nope' not found" }, { status: 404 }),
    });
    expect([exitCode, stderr]).toEqual([1, "Error: model 'nope' not found\n"]);
    expect(() => readFileSync(join(dir, "none.tar"))).toThrow();
    expect(() => readFileSync(join(dir, "none.tar.partial"))).toThrow();
  });
});

describe("keys", () => {
  it("are listed, added with scopes, and removed", async () => {
    const listed = await run(["keys"], {
      "GET /api/puna/keys": () => ({
        keys: [{ name: "ci", scopes: ["infer"], models: ["qwen3*"], requests_per_minute: 60 }],
      }),
    });
    expect(listed.stdout).toBe(
      "NAME    SCOPES    MODELS    LIMIT  \nci      infer     qwen3*    60/min    \n",
    );
    const added = await run(
      ["keys", "add", "ci", "--scope", "infer", "--scope", "embed", "--per-minute", "9"],
      {
        "POST /api/puna/keys": (body) => ({ ...body, key: "puna-secret" }),
      },
    );
    expect(added.asked[0]?.body).toEqual({ name: "ci", scopes: ["infer", "embed"], requests_per_minute: 9 });
    expect(added.stdout).toBe("puna-secret\n");
    const removed = await run(["keys", "rm", "ci"], { "DELETE /api/puna/keys/ci": () => ({}) });
    expect(removed.stdout).toBe("removed key 'ci'\n");
  });

  it("refuse scopes that do not exist", async () => {
    const { stderr } = await run(["keys", "add", "x", "--scope", "all"], {});
    expect(stderr).toBe('Error: unknown scope "all": use infer, embed, manage, admin\n');
  });
});

describe("bench", () => {
  const second = 1e9;
  const routes = {
    "POST /api/show": () => ({ details: {}, model_info: {} }),
    "POST /api/generate": (body: Record<string, unknown>) => {
      const { num_predict } = body["options"] as { num_predict: number };
      return {
        response: "",
        done: true,
        prompt_eval_count: 500,
        prompt_eval_duration: 2 * second,
        eval_count: num_predict,
        eval_duration: 4 * second,
      };
    },
  };

  it("measures reading, writing and several at once, and never asks the same twice", async () => {
    const { stdout, asked } = await run(
      ["bench", "m", "--output", "40", "--runs", "1", "--save", "before.json"],
      routes,
    );
    expect(stdout).toMatch(
      /^TEST +TOKENS\/S +TOKENS +TIME +\nprefill 512 +250\.0 +500 +2\.00s +\ndecode 40 +10\.0 +40 +4\.00s +\nparallel 4 x 40 +[\d.]+ +160 /,
    );
    const prompts = asked
      .filter(({ route }) => route === "POST /api/generate")
      .map(({ body }) => body["prompt"]);
    expect(new Set(prompts).size).toBe(prompts.length);
    expect(new Set(prompts.map((prompt) => String(prompt).slice(0, 12))).size).toBe(prompts.length);
  });

  it("compares with a saved result", async () => {
    writeFileSync(
      join(dir, "old.json"),
      JSON.stringify({
        model: "m",
        results: [{ test: "decode 40", tokensPerSecond: 8, tokens: 40, seconds: 5 }],
      }),
    );
    const { stdout } = await run(
      ["bench", "m", "--output", "40", "--runs", "1", "--parallel", "1", "--compare", "old.json"],
      routes,
    );
    expect(stdout).toMatch(/decode 40 +10\.0 +40 +4\.00s +8\.0 +\+25\.0%/);
  });

  it("refuses a file that is no result", async () => {
    const { exitCode, stderr } = await run(["bench", "m", "--compare", "nothing.json"], routes);
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining("holds no result of 'ollama bench --save'"),
    ]);
  });
});

describe("--json", () => {
  it("prints the progress of a pull as lines", async () => {
    const { stdout, stderr } = await run(["pull", "m", "--json"], {
      "POST /api/pull": () => [{ status: "pulling ab", total: 2, completed: 2 }, { status: "success" }],
    });
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).status),
    ).toEqual(["pulling ab", "success"]);
    expect(stderr).toBe("");
  });

  it("prints the answer of run as one object", async () => {
    const { stdout } = await run(["run", "m", "--json", "hi"], {
      "POST /api/show": () => ({ details: {}, model_info: {}, capabilities: ["completion"] }),
      "POST /api/generate": () => ({ response: "", done: true }),
      "POST /api/chat": () => ({ message: { role: "assistant", content: "yes" }, done: true, eval_count: 1 }),
    });
    expect(JSON.parse(stdout)).toMatchObject({ message: { content: "yes" }, eval_count: 1 });
  });
});

describe("list", () => {
  it("ends quietly when nobody reads on", async () => {
    const models = Array.from({ length: 5000 }, (_, index) => ({
      name: `m${index}`,
      size: 1,
      digest: "ab".repeat(32),
      modified_at: "",
    }));
    await using server = await CannedServer.start({ routes: { "/api/tags": () => ({ models }) } });
    const program = `set -o pipefail; ${cliCommand.join(" ")} list | head -1; echo "exit $?"`;
    await using terminal = new Terminal(["--norc", "-c", program], {
      program: "bash",
      env: { PUNA_TEST_SERVER: server.url },
    });
    expect(await terminal.exited()).toBe(0);
    expect(await terminal.until("exit")).toMatch(/^NAME +ID +SIZE +MODIFIED\nexit 141$/);
  });
});

describe("top", () => {
  const slots = (busy: number) => ({
    models: [
      {
        name: "qwen3:8b",
        driver: "native",
        pid: 4711,
        slots: 4,
        busy,
        context_length: 8192,
        size: 6e9,
        size_vram: 6e9,
      },
      {
        name: "gemma3:270m",
        driver: "native",
        pid: 4712,
        slots: 2,
        busy: 0,
        context_length: 2048,
        size: 4e8,
        size_vram: 0,
      },
    ],
  });

  it("prints one picture into a pipe", async () => {
    const { stdout } = await run(["top"], {
      "GET /api/puna/slots": () => slots(2),
      "GET /metrics": () =>
        new Response('puna_http_requests_active 3\npuna_tokens_total{kind="generated"} 10\n'),
    });
    expect(stdout).toContain(
      "http://127.0.0.1:11434: 2 models loaded, 2 of 6 slots busy, 2 requests, 6.4 GB\n",
    );
    expect(stdout).toMatch(/qwen3:8b +■■■■■····· 2\/4 +8192 +6 GB +100% +native +4711/);
  });

  it("stays on a screen of its own until q, and tells tokens per second", async () => {
    let generated = 0;
    const text = () => {
      generated += 50;
      return `puna_http_requests_active 2\npuna_tokens_total{kind="prompt"} 7\npuna_tokens_total{kind="generated"} ${generated}\n`;
    };
    await using server = await CannedServer.start({
      routes: { "/api/puna/slots": () => slots(3) },
      texts: { "/metrics": text },
    });
    await using terminal = new Terminal(["top", "--interval", "200ms"], {
      columns: 100,
      env: { PUNA_TEST_SERVER: server.url },
    });
    const screen = await terminal.until(/writing [1-9][\d.]* tokens\/s[\s\S]*q quits$/);
    expect(screen).toContain("2 models loaded, 3 of 6 slots busy, 1 request");
    terminal.type("q");
    expect(await terminal.exited()).toBe(0);
    expect(terminal.raw.endsWith("\u001b[?1049l")).toBe(true);
    expect(terminal.screen).toBe("");
  });
});

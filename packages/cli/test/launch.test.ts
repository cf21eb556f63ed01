import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runInProcess } from "./support/run-in-process.ts";

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "puna-launch-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const models = [
  { name: "embed:latest", capabilities: ["embedding"] },
  { name: "coder:7b", capabilities: ["completion", "tools"] },
];

const launch = (...argv: string[]) => launchWith({}, ...argv);

const launchWith = (headers: Record<string, string>, ...argv: string[]) =>
  runInProcess(["launch", ...argv], {
    fetch: async () => Response.json({ models }),
    cwd: home,
    context: {
      userHome: home,
      headers,
      serverUrl: "http://127.0.0.1:9999/",
      environment: { PATH: `${home}/bin:${process.env["PATH"]}`, KEPT: "yes" },
    },
  });

const settings = (file: string) => JSON.parse(readFileSync(join(home, file), "utf8"));
const write = (file: string, content: string) => {
  mkdirSync(join(home, file, ".."), { recursive: true });
  writeFileSync(join(home, file), content);
};

describe("launch", () => {
  it("lists the tools it knows", async () => {
    const { stdout } = await launch();
    expect(stdout.split("\n").map((line) => line.split(" ")[0])).toEqual([
      "TOOL",
      "claude",
      "codex",
      "opencode",
      "qwen",
      "aider",
      "",
    ]);
  });

  it.each([
    ["claude", "ANTHROPIC_BASE_URL=http://127.0.0.1:9999 "],
    ["codex", "PUNA_API_KEY=puna codex -c 'model=\"coder:7b\"' -c 'model_provider=\"puna\"'"],
    ["opencode", '"baseURL":"http://127.0.0.1:9999/v1"'],
    ["qwen", "OPENAI_BASE_URL=http://127.0.0.1:9999/v1 "],
    ["aider", "aider --model openai/coder:7b"],
  ])("prints the exact command for %s and touches nothing", async (tool, part) => {
    const { exitCode, stdout, stderr } = await launch(tool, "--print");
    expect([exitCode, stderr]).toEqual([0, "using coder:7b (choose another with --model)\n"]);
    expect(stdout).toContain(part);
    expect(existsSync(join(home, ".claude"))).toBe(false);
  });

  it("starts the tool with its words, its settings and the rest of the environment", async () => {
    write(
      "bin/claude",
      '#!/bin/sh\necho "$ANTHROPIC_BASE_URL|$ANTHROPIC_MODEL|$KEPT|$*" > "$PWD/seen"\nexit 3\n',
    );
    chmodSync(join(home, "bin/claude"), 0o755);
    const { exitCode } = await launch("claude", "--model", "m", "--", "-p", "a b");
    expect(exitCode).toBe(3);
    expect(readFileSync(join(home, "seen"), "utf8")).toBe("http://127.0.0.1:9999|m|yes|-p a b\n");
  });

  it("gives the tool the API key of the server, and no command line shows it", async () => {
    write("bin/codex", '#!/bin/sh\necho "$PUNA_API_KEY|$*" > "$PWD/seen"\n');
    chmodSync(join(home, "bin/codex"), 0o755);
    await launchWith({ authorization: "Bearer secret" }, "codex", "--model", "m");
    const [key, args] = readFileSync(join(home, "seen"), "utf8").split("|");
    expect(key).toBe("secret");
    expect(args).toContain('env_key="PUNA_API_KEY"');
    expect(args).not.toContain("secret");
  });

  it("tells how to install a tool that is not there", async () => {
    const { exitCode, stderr } = await launch("opencode", "--model", "m");
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      "Error: could not start opencode: it is not installed. Install it with: npm install -g opencode-ai\n",
    );
  });

  it("refuses tools it does not know", async () => {
    expect((await launch("emacs")).stderr).toContain("unknown integration: emacs; use one of claude, codex");
  });
});

describe("settings of a tool", () => {
  it("are added to what is there, and taken out again, later changes kept", async () => {
    write(".claude/settings.json", '{"theme":"dark","env":{"ANTHROPIC_MODEL":"mine","OTHER":"1"}}');
    await launch("claude", "--config", "--model", "one");
    await launch("claude", "--config", "--model", "two");
    expect(settings(".claude/settings.json")).toMatchObject({
      theme: "dark",
      env: { OTHER: "1", ANTHROPIC_MODEL: "two", ANTHROPIC_BASE_URL: "http://127.0.0.1:9999" },
    });
    write(".claude/settings.json", JSON.stringify({ ...settings(".claude/settings.json"), theme: "light" }));
    expect((await launch("claude", "--restore")).stdout).toBe("restored the settings of claude\n");
    expect(settings(".claude/settings.json")).toEqual({
      theme: "light",
      env: { ANTHROPIC_MODEL: "mine", OTHER: "1" },
    });
    expect((await launch("claude", "--restore")).stdout).toBe("nothing to restore for claude\n");
  });

  it.each([
    ["claude", ".claude/settings.json"],
    ["codex", ".codex/puna.config.toml"],
    ["opencode", ".config/opencode/opencode.json"],
  ])("of %s leave no file behind where there was none", async (tool, file) => {
    const { stdout } = await launch(tool, "--config", "--model", "m");
    expect(stdout).toContain(`wrote ${join(home, file)}`);
    expect(readFileSync(join(home, file), "utf8")).toContain("http://127.0.0.1:9999");
    await launch(tool, "--restore");
    expect(existsSync(join(home, file))).toBe(false);
    expect(existsSync(`${join(home, file)}.before-puna`)).toBe(false);
  });

  it("with comments are left alone", async () => {
    write(".config/opencode/opencode.json", '{ // mine\n "theme": "x" }');
    const { exitCode, stderr } = await launch("opencode", "--config", "--model", "m");
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining("is not plain JSON (comments?); left as it is"),
    ]);
    expect(readFileSync(join(home, ".config/opencode/opencode.json"), "utf8")).toContain("// mine");
  });
});

describe("completion", () => {
  const script = async (shell: string) =>
    (await runInProcess(["completion", shell], { fetch, cwd: home })).stdout;

  /** What bash offers behind a line, with a command line in PATH that lists two models. */
  const offers = async (line: string) => {
    mkdirSync(join(home, "bin"), { recursive: true });
    writeFileSync(
      join(home, "bin/ollama"),
      "#!/bin/sh\nprintf 'NAME ID\\ngemma3:270m x\\ngemma3:1b x\\nqwen3:8b x\\n'\n",
      { mode: 0o755 },
    );
    writeFileSync(join(home, "complete.bash"), await script("bash"));
    // Bash cuts words at colons; so must this.
    const program = `source ./complete.bash; COMP_LINE=${JSON.stringify(line)}; COMP_POINT=\${#COMP_LINE}
      read -ra COMP_WORDS <<< "$(sed 's/:/ : /g' <<< "$COMP_LINE")"; [[ "$COMP_LINE" == *" " ]] && COMP_WORDS+=("")
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _ollama; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const output = execFileSync("bash", ["--norc", "--noprofile", "-c", program], {
      cwd: home,
      env: { PATH: `${home}/bin:${process.env["PATH"]}` },
    });
    return output.toString().trim().split("\n");
  };

  it("offers commands, models and flags in bash", async () => {
    expect(await offers("ollama ru")).toEqual(["run"]);
    expect(await offers("ollama run ge")).toEqual(["gemma3:270m", "gemma3:1b"]);
    expect(await offers("ollama run gemma3:2")).toEqual(["270m"]);
    expect(await offers("ollama show --mod")).toEqual(["--modelfile"]);
  });

  it("is valid bash, and prints for zsh and fish", async () => {
    writeFileSync(join(home, "c.bash"), await script("bash"));
    execFileSync("bash", ["-n", join(home, "c.bash")]);
    expect(await script("zsh")).toContain("#compdef ollama");
    expect(await script("fish")).toContain(
      "complete -c ollama -n __fish_use_subcommand -a run -d 'Run a model'",
    );
  });

  it("refuses other shells", async () => {
    expect((await runInProcess(["completion", "tcsh"], { fetch })).stderr).toBe(
      'Error: unknown shell "tcsh": use bash, zsh, fish\n',
    );
  });
});

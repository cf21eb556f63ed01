// Makes our matrix products (matmul.c) for this machine's kind, where there is a C compiler. Published packages
// hold the result; a checkout without a compiler runs on llama.cpp's own. `--required` fails instead.
import { spawnSync } from "node:child_process";
import { readdirSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const isRequired = process.argv.includes("--required");
const kind = `${process.platform}-${process.arch}`;
const folder = fileURLToPath(new URL(".", import.meta.url));

const output = `${folder}${kind}.so`;
// Under a name of its own first: a process may be running on the one that is there.
const made = `${output}.${process.pid}`;
if (kind !== "linux-x64") finish(`there are no kernels for ${kind}`);
const language = [
  "-std=c11",
  "-O2",
  "-fno-tree-reassoc",
  "-shared",
  "-fPIC",
  "-fvisibility=hidden",
  "-Wall",
  "-Wextra",
];
const flags = [...language, "-Wl,-z,relro,-z,now", "-s"];
const [compiler, ...own] = (process.env.CC || "cc").trim().split(/\s+/);
const sources = readdirSync(folder).filter((name) => name.endsWith(".c"));
const files = ["-o", made, ...sources.map((name) => folder + name), "-ldl", "-lpthread", "-lm"];
const { status, error } = spawnSync(compiler, [...own, ...flags, ...files], { stdio: "inherit" });
if (error !== undefined) finish(`there is no C compiler (${compiler})`);
if (status !== 0) finish(`${compiler} failed`);
renameSync(made, output);

/** @returns {never} */
function finish(reason) {
  // What an earlier source was compiled to may not fit the llama.cpp of today.
  for (const file of [made, output]) rmSync(file, { force: true });
  console.log(`models will run on llama.cpp's own matrix products: ${reason}`);
  process.exit(isRequired ? 1 : 0);
}

// `npm test`: builds what tests start as processes, gets the small real model, runs every suite, counts.
// `npm test -- --built` takes what is built as it is.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { setPriority } from "node:os";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { fetchMiniLm } from "./minilm.mjs";
import { fetchModel } from "./model-files.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const results = `${root}test-results`;
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };

/**
 * Suites that share nothing run together; those that start real servers and models run after them, alone. What packs
 * and installs packages waits for disk and network most of the time, and has no test of time: it runs beside the
 * others, in the time that they leave.
 */
const suites = [
  {
    name: "packages",
    args: ["--project", "@puna/*", "--project", "!@puna/tests"],
  },
  {
    name: "system",
    args: ["--project", "puna", "--project", "@puna/tests", "--exclude", "**/packed.test.ts"],
  },
];
const beside = { name: "packed", args: ["--project", "@puna/tests", "tests/packed.test.ts"], isBeside: true };

rmSync(results, { recursive: true, force: true });
mkdirSync(results);
if (!process.argv.includes("--built"))
  (await run("turbo", ["run", "build", "--output-logs=errors-only"])) || process.exit(1);
try {
  await fetchModel("gemma", { log: (line) => console.log(line) });
} catch (error) {
  const reason = `the small real model is missing (${error.message})`;
  if (process.env.CI) {
    console.error(`Error: ${reason}`);
    process.exit(1);
  }
  console.log(`Tests that need it will skip: ${reason}`);
}
try {
  await fetchMiniLm({ log: (line) => console.log(line) });
} catch (error) {
  console.log(`Tests of a real embedding model will skip: ${error.message}`);
}

let passed = 0;
let failed = 0;
let skipped = 0;
/** What went wrong, said once more at the very end: logs of CI are often cut to their tail. */
const wrong = [];
const packed = vitest(beside);
for (const suite of [...suites, beside]) {
  const first = await (suite === beside ? packed : vitest(suite));
  passed += first.passed;
  skipped += first.skipped;
  failed += first.failures.length;
  for (const failure of first.failures) wrong.push(`FAILED: ${describe(failure)}`);
  // On a shared machine a test of time may fail for want of it. Run alone it must pass, and is still named.
  const files = [...new Set(first.failures.map(({ file }) => file))].filter((file) => file !== undefined);
  if (!process.env.CI || files.length === 0 || files.length > 3) continue;
  const again = await vitest({ name: `${suite.name}-again`, args: [...suite.args, ...files] });
  const still = new Set(again.failures.map(({ name }) => name));
  for (const { name, file } of first.failures) {
    if (file === undefined || again.failures.some((failure) => failure.file === undefined) || still.has(name))
      continue;
    failed -= 1;
    passed += 1;
    wrong.push(`UNSTEADY, passed when run alone: ${name}`);
  }
}
for (const line of wrong) console.log(line);
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Runs vitest: how many tests passed and were skipped, and each failure with its file (none if vitest itself failed). */
async function vitest({ name, args, isBeside = false }) {
  const report = `${results}/${name}.json`;
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const ok = await run("vitest", ["run", ...args, ...reporters], { isBeside });
  if (!existsSync(report)) return { passed: 0, skipped: 0, failures: [{ name: `${name}: no report` }] };
  const { testResults, numPassedTests, numPendingTests } = JSON.parse(readFileSync(report, "utf8"));
  const failures = testResults.flatMap(({ name: file, status, message, assertionResults }) => {
    const tests = assertionResults
      .filter((test) => test.status === "failed")
      .map((test) => ({
        file,
        name: `${relative(root, file)} > ${test.fullName}`,
        message: test.failureMessages?.[0],
      }));
    // A file that could not even be loaded has no failed test of its own.
    return status === "failed" && tests.length === 0
      ? [{ file, name: relative(root, file), message }]
      : tests;
  });
  if (!ok && failures.length === 0) failures.push({ name: `${name}: an error outside any test` });
  return { passed: numPassedTests ?? 0, skipped: numPendingTests ?? 0, failures };
}

function describe({ name, message }) {
  return message ? `${name}\n  ${message.split("\n").slice(0, 6).join("\n  ")}` : name;
}

/**
 * @param options.isBeside  whether it gives way to all others, and says what it has to say at its end
 * @returns {Promise<boolean>} whether it ended well
 */
function run(command, args, { isBeside = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(`${root}node_modules/.bin/${command}`, args, {
      cwd: root,
      env,
      stdio: isBeside ? ["ignore", "pipe", "pipe"] : "inherit",
    });
    // A third of what the others get where there is no time to spare: none of its own limits comes near.
    if (isBeside && child.pid !== undefined) setPriority(child.pid, 5);
    const output = [];
    child.stdout?.on("data", (chunk) => output.push(chunk));
    child.stderr?.on("data", (chunk) => output.push(chunk));
    child.once("error", reject);
    child.once("close", (status) => {
      process.stdout.write(Buffer.concat(output));
      resolve(status === 0);
    });
  });
}

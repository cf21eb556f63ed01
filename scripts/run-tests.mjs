// `npm test`: builds what tests start as processes, gets the small real model, runs every suite, counts.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fetchMiniLm } from "./minilm.mjs";
import { fetchModel } from "./model-files.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const results = `${root}test-results`;
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };

/** Suites that share nothing run together; those that start real servers and models run after them, alone. */
const suites = [
  {
    name: "packages",
    args: ["--project", "@puna/*", "--project", "!@puna/tests"],
  },
  { name: "system", args: ["--project", "puna", "--project", "@puna/tests"] },
];

rmSync(results, { recursive: true, force: true });
mkdirSync(results);
run("turbo", ["run", "build", "--output-logs=errors-only"]) || process.exit(1);
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
for (const suite of suites) {
  const report = `${results}/${suite.name}.json`;
  const ok = run("vitest", [
    "run",
    ...suite.args,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ]);
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : { numFailedTests: 1 };
  passed += counts.numPassedTests ?? 0;
  failed += counts.numFailedTests ?? 0;
  skipped += counts.numPendingTests ?? 0;
  // A suite that could not even be loaded has no failed test of its own.
  if (!ok && !counts.numFailedTests) failed += 1;
}
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function run(command, args) {
  const { status } = spawnSync(`${root}node_modules/.bin/${command}`, args, {
    cwd: root,
    env,
    stdio: "inherit",
  });
  return status === 0;
}

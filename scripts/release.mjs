// `npm run release [-- --dry-run]`: publishes what changesets have versioned, with provenance.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const isDryRun = process.argv.includes("--dry-run");
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };

const url = repositoryUrl();
if (url === undefined) {
  console.error("Error: provenance names the repository; set `git remote add origin https://…` first");
  process.exit(1);
}

run("node", ["packages/engine/matmul/build.mjs", "--required"]);
run("turbo", ["run", "build", "check:package", "--output-logs=errors-only"]);
// The address is where the checkout came from, so that a fork publishes its own.
const changed = publicManifests().map(({ file, directory }) => {
  const before = readFileSync(file, "utf8");
  const manifest = JSON.parse(before);
  manifest.repository = { type: "git", url: `git+${url}.git`, directory };
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
  return { file, before };
});
try {
  if (isDryRun) run("pnpm", ["--recursive", "publish", "--dry-run", "--no-git-checks", "--access", "public"]);
  else run("changeset", ["publish"]);
} finally {
  for (const { file, before } of changed) writeFileSync(file, before);
}

/** `https://host/owner/name` of the remote, whichever way it is written. */
function repositoryUrl() {
  const { stdout } = spawnSync("git", ["remote", "get-url", "origin"], { cwd: root, encoding: "utf8" });
  const match = /^(?:https:\/\/(?:[^@/]*@)?|ssh:\/\/git@|git@)([^:/]+)[:/](.+?)(?:\.git)?\/?$/.exec(
    stdout.trim(),
  );
  return match === null ? undefined : `https://${match[1]}/${match[2]}`;
}

function publicManifests() {
  return ["packages", "apps"].flatMap((group) =>
    readdirSync(root + group).flatMap((name) => {
      const directory = `${group}/${name}`;
      const file = `${root}${directory}/package.json`;
      return JSON.parse(readFileSync(file, "utf8")).private === true ? [] : [{ file, directory }];
    }),
  );
}

function run(command, args) {
  const { status } = spawnSync(`${root}node_modules/.bin/${command}`, args, {
    cwd: root,
    env,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error(`${command} ${args[0]} failed`);
}

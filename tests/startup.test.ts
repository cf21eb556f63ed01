import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { bin } from "./support/processes.ts";

const run = (...args: string[]) => spawnSync(process.execPath, args, { encoding: "utf8" });

it("answers --version without asking a server", () => {
  const { status, stdout } = run(bin, "--version");
  expect(status).toBe(0);
  expect(stdout).toMatch(/^puna version is \d+\.\d+\.\d+\n$/);
});

it("lists its commands under --help", () => {
  const { status, stdout } = run(bin, "--help");
  expect(status).toBe(0);
  for (const command of ["run", "pull", "create", "list", "show", "ps", "stop", "cp", "rm", "serve"]) {
    expect(stdout).toMatch(new RegExp(`^\\s+${command}\\s`, "m"));
  }
});

it("fails an unknown command with exit code 1", () => {
  const { status, stderr } = run(bin, "frobnicate");
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: 'Error: unknown command "frobnicate" for "puna"\n',
  });
});

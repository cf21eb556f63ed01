import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { planLaunchdService } from "./launchd-agent.ts";
import type { PlannedCommand, ServicePlan, ServiceSetup } from "./service-plan.ts";
import { planSystemdService } from "./systemd-unit.ts";

export interface ServiceStatus {
  readonly installed: boolean;
  readonly running: boolean;
  readonly files: readonly string[];
}

/** @throws Error where the platform has no service manager that puna knows, or could not start the program */
export function planService(setup: ServiceSetup): ServicePlan {
  const { binPath, isSystem, nodePath, platform } = setup;
  // Its own user sees no home folder.
  const hidden = isSystem
    ? [nodePath, binPath].find((path) => /^\/(home|root|Users)\//.test(path))
    : undefined;
  if (hidden !== undefined && platform === "linux") {
    throw new Error(
      `a system service cannot use ${hidden}, which lies in a home folder; install Node.js and puna for the whole machine, or leave --system out`,
    );
  }
  if (platform === "linux") return planSystemdService(setup);
  if (platform === "darwin") return planLaunchdService(setup);
  throw new Error(`no services on ${platform}: let its own task scheduler start 'puna serve'`);
}

/** Writes the files, and has the service manager start `puna serve` now and from now on. @returns files left as they were */
export async function installService(plan: ServicePlan): Promise<readonly string[]> {
  // One that runs would go on with the old program and settings, and launchd refuses to start it a second time.
  if ((await serviceStatus(plan)).running) for (const command of plan.stop) await runOrFail(command);
  const kept: string[] = [];
  for (const { path, content, mode, isSettings } of plan.files) {
    if (isSettings && existsSync(path)) {
      kept.push(path);
      continue;
    }
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { mode });
    await chmod(path, mode);
  }
  for (const command of plan.start) await runOrFail(command);
  return kept;
}

/** Stops the service and removes its files; settings stay. @returns whether there was one */
export async function uninstallService(plan: ServicePlan): Promise<boolean> {
  const files = plan.files.filter(({ isSettings, path }) => !isSettings && existsSync(path));
  if (files.length === 0) return false;
  for (const command of plan.stop) await runOrFail(command);
  for (const { path } of files) await rm(path);
  for (const command of plan.forget) await runOrFail(command);
  return true;
}

export async function serviceStatus(plan: ServicePlan): Promise<ServiceStatus> {
  const files = plan.files.map(({ path }) => path).filter((path) => existsSync(path));
  const installed = plan.files.every(({ isSettings, path }) => isSettings || existsSync(path));
  const running = installed && (await run(plan.isRunning)).code === 0;
  return { installed, running, files };
}

/** Groups of this machine that may open its GPUs. */
export async function deviceGroups(groupFile = "/etc/group"): Promise<readonly string[]> {
  const text = await readFile(groupFile, "utf8").catch(() => "");
  return ["render", "video"].filter((name) => new RegExp(`^${name}:`, "m").test(text));
}

async function runOrFail(command: PlannedCommand): Promise<void> {
  const { code, output } = await run(command);
  if (code !== 0) throw new Error(`'${command.join(" ")}' failed: ${output.trim() || `exit code ${code}`}`);
}

function run([program, ...words]: PlannedCommand): Promise<{
  readonly code: number;
  readonly output: string;
}> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
    });
    child.stderr.on("data", (data) => {
      output += data;
    });
    child.once("error", (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === "ENOENT" ? "it is not here" : cause.message;
      reject(new Error(`could not run ${program}: ${reason}`, { cause }));
    });
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

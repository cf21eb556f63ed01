import type { EngineProbe } from "./ipc/messages.ts";
import { ownRunner } from "./own-runner.ts";
import { startChild } from "./runner-host/start-child.ts";

export interface ProbeOptions {
  readonly runnerEntry?: string;
  readonly execPath?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Which driver and devices this machine offers, asked in a child process: native libraries are never loaded here.
 * @throws EngineError when the child cannot be started or dies
 */
export async function probeEngine(options: ProbeOptions = {}): Promise<EngineProbe> {
  const { runnerEntry, execArgv } = ownRunner();
  const child = startChild({
    runnerEntry: options.runnerEntry ?? runnerEntry,
    execArgv,
    ...(options.execPath === undefined ? {} : { execPath: options.execPath }),
    env: options.env ?? {},
  });
  try {
    await child.requests.greeted;
    // "done" of a probe carries an EngineProbe; the versions were compared in the greeting.
    return (await child.requests.request({ type: "probe" })) as EngineProbe;
  } finally {
    await child.stop();
  }
}

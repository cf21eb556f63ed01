import type { EngineProbe } from "./ipc/messages.ts";
import { ownRunner } from "./own-runner.ts";
import { withinLimits } from "./runner-host/load-limits.ts";
import { startChild } from "./runner-host/start-child.ts";

/** The driver of a GPU may hang. */
const timeoutMs = 30_000;

export interface ProbeOptions {
  readonly runnerEntry?: string;
  readonly execPath?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Which driver and devices this machine offers, asked in a child process: native libraries are never loaded here.
 * @throws EngineError when the child cannot be started, dies, or does not answer within half a minute
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
    const work = child.requests.greeted.then(() => child.requests.request({ type: "probe" }));
    // "done" of a probe carries an EngineProbe; the versions were compared in the greeting.
    return (await withinLimits(work, { timeoutMs, onRestart: () => {} })) as EngineProbe;
  } finally {
    await child.stop();
  }
}

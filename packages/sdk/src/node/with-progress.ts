import type { ProgressResponse } from "@puna/protocol";

export type ReportProgress = (status: string, total: number, completed: number, digest?: string) => void;

/** Fast work reports thousands of times; nobody can see more than this. */
const minIntervalMs = 50;

/**
 * Runs work that reports through a callback, as a generator of its reports.
 * @returns what the work gives; reports that come faster than they are read are merged
 */
export async function* withProgress<T>(
  work: (report: ReportProgress) => Promise<T>,
): AsyncGenerator<ProgressResponse, T, undefined> {
  let latest: ProgressResponse | undefined;
  let wake = () => {};
  let finished = false;
  const result = work((status, total, completed, digest) => {
    latest = { status, ...(digest !== undefined && { digest }), total, completed };
    wake();
  }).finally(() => {
    finished = true;
    wake();
  });
  // The failure is thrown where the result is awaited; until then it must not count as unhandled.
  result.catch(() => undefined);
  while (!finished) {
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (finished || latest !== undefined) resolve();
    });
    const report = latest;
    latest = undefined;
    if (report === undefined) continue;
    yield report;
    await Promise.race([
      result.catch(() => undefined),
      new Promise((resolve) => setTimeout(resolve, minIntervalMs)),
    ]);
  }
  return await result;
}

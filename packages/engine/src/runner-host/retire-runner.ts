import type { RunnerRequests } from "./runner-requests.ts";

/** A runner has so long to write down what it knows; then it is ended all the same. */
const retireTimeoutMs = 5_000;

/** Lets a runner save its conversations before it is ended. Nothing that goes wrong here keeps it from ending. */
export async function retireRunner(requests: RunnerRequests): Promise<void> {
  if (requests.hasFailed) return;
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, retireTimeoutMs);
  const retired = requests.request({ type: "retire" }).then(
    () => {},
    () => {}, // It died: there is nothing to wait for.
  );
  await Promise.race([retired, limit.promise]);
  clearTimeout(timer);
}

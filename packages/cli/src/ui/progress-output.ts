import type { ProgressResponse } from "@puna/protocol";
import type { CliContext } from "../context.ts";
import { ProgressView } from "./progress.ts";

/** Where progress goes. */
export interface ProgressOutput extends Disposable {
  update(event: ProgressResponse): void;
}

/** Bars or lines on stderr; with `--json` each event as a line on stdout. */
export function openProgress(
  { stdout, stderr }: Pick<CliContext, "stdout" | "stderr">,
  asJson: boolean | undefined,
): ProgressOutput {
  if (asJson !== true) return new ProgressView(stderr);
  return {
    update: (event) => {
      stdout.write(`${JSON.stringify(event)}\n`);
    },
    [Symbol.dispose]: () => {},
  };
}

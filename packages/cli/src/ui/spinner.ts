import type { OutputStream } from "../context.ts";

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 100;

/** Turns on a terminal while something loads; shows nothing elsewhere. Disposing erases it, once. */
export function startSpinner(out: OutputStream): Disposable {
  if (!out.isTTY) return { [Symbol.dispose]: () => {} };
  let frame = 0;
  let isShown = false;
  const timer = setInterval(() => {
    isShown = true;
    out.write(`\r${frames[frame++ % frames.length]} `);
  }, frameMs);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      if (isShown) out.write("\r\u001b[K");
      isShown = false;
    },
  };
}

import type { OutputStream } from "../context.ts";

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** Turns on a terminal while something loads; shows nothing elsewhere. Disposing erases it. */
export function startSpinner(out: OutputStream): Disposable {
  if (!out.isTTY) return { [Symbol.dispose]: () => {} };
  let frame = 0;
  const timer = setInterval(() => {
    out.write(`\r${frames[frame++ % frames.length]} `);
  }, 100);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      out.write("\r\u001b[K");
    },
  };
}

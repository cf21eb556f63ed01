import type { OutputStream } from "../context.ts";

const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * While it lives, a signal that ends the process first puts the terminal right, by writing a text. The signal then does
 * what it does: shells and scripts see how the process ended.
 */
export function restoreOnSignal(out: OutputStream, text: string): Disposable {
  const restore = (signal: NodeJS.Signals) => {
    remove();
    out.write(text);
    process.kill(process.pid, signal);
  };
  const remove = () => {
    for (const signal of signals) process.off(signal, restore);
  };
  for (const signal of signals) process.on(signal, restore);
  return { [Symbol.dispose]: remove };
}

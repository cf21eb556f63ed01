import koffi from "koffi";

const setParentDeathSignal = 1;
const sigkill = 9;

/**
 * Asks Linux to end this process with its parent, even while native code blocks the loop on which the closed
 * channel would be noticed. Elsewhere the channel alone has to do.
 */
export function dieWithParent(): void {
  if (process.platform !== "linux") return;
  const prctl = koffi.load(null).func("int prctl(int option, unsigned long argument)");
  prctl(setParentDeathSignal, sigkill);
}

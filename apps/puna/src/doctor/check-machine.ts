import { availableParallelism } from "node:os";
import { printBinaryBytes } from "@puna/protocol";
import type { Finding } from "./finding.ts";

/** The oldest Node that has what puna uses: `engines` of package.json. */
const oldestNode = [22, 19] as const;
/** Below this the smallest useful models do not fit beside anything else. */
const scarceMemoryBytes = 2 * 2 ** 30;

export function checkNode(version: string, platform: string, architecture: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const isOldEnough = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  const facts = { version, platform, architecture };
  const summary = `Node.js ${version} on ${platform}-${architecture}`;
  if (isOldEnough) return { check: "node", status: "ok", summary, facts };
  return {
    check: "node",
    status: "problem",
    summary,
    advice: `install Node.js ${oldestNode.join(".")} or newer`,
    facts,
  };
}

/** @param memory  bytes, as this process may use them: limits of a container count */
export function checkMemory(memory: { readonly total: number; readonly available: number }): Finding {
  const processors = availableParallelism();
  const summary = `${printBinaryBytes(memory.available)} of ${printBinaryBytes(memory.total)} available, ${processors} processors`;
  const facts = { totalBytes: memory.total, availableBytes: memory.available, processors };
  if (memory.available >= scarceMemoryBytes) return { check: "memory", status: "ok", summary, facts };
  return {
    check: "memory",
    status: "note",
    summary,
    advice:
      "end other programs or unload models with 'puna stop MODEL': a model needs about as much as its file",
    facts,
  };
}

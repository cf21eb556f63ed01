import { type EngineProbe, probeEngine } from "@puna/engine";
import { printBinaryBytes } from "@puna/protocol";
import type { Config } from "../config.ts";
import type { Finding } from "./finding.ts";

/** Which driver would run models here, why, and on what. Native code is loaded in a child process only. */
export async function checkEngine(config: Pick<Config, "driver" | "runnerEnv">): Promise<Finding> {
  try {
    return describeProbe(await probeEngine({ env: config.runnerEnv }), config.driver);
  } catch (error) {
    return {
      check: "engine",
      status: "problem",
      summary: `the model runner does not start: ${error instanceof Error ? error.message : String(error)}`,
      advice: "install puna again; if it stays so, try PUNA_DRIVER=portable",
      facts: { driver: config.driver },
    };
  }
}

/** @param wanted  what PUNA_DRIVER says */
export function describeProbe(probe: EngineProbe, wanted: Config["driver"]): Finding {
  const { libraries, devices, fallbackReason } = probe;
  const driver = wanted === "portable" ? "llama/portable" : probe.driver;
  const reason = reasonOf(probe, wanted);
  const finding = { check: "engine", facts: { ...probe, driver, wanted, reason } };
  if (libraries.length === 0) {
    return {
      ...finding,
      status: "problem",
      summary: fallbackReason ?? "no llama.cpp library is installed for this platform",
      advice:
        "install puna again without leaving out optional dependencies; unset or correct PUNA_LLAMA_LIBRARIES",
    };
  }
  if (wanted === "native" && fallbackReason !== undefined) {
    return {
      ...finding,
      status: "problem",
      summary: `PUNA_DRIVER=native cannot work: ${fallbackReason}`,
      advice: "unset PUNA_DRIVER, or install puna again",
    };
  }
  if (driver === "llama/portable") {
    return {
      ...finding,
      status: "note",
      summary: `driver ${driver}: ${reason}`,
      advice:
        wanted === "portable"
          ? "unset PUNA_DRIVER for the faster native driver"
          : "models run, more slowly; installing puna again may bring the right libraries",
    };
  }
  const shown = devices.map(
    ({ name, kind, freeBytes, totalBytes }) =>
      `${name} (${kind}, ${printBinaryBytes(freeBytes)} of ${printBinaryBytes(totalBytes)} free)`,
  );
  const summary = `driver ${driver}, ${reason}; ${shown.join(", ") || "no devices"}`;
  const hasGpuLibrary = libraries.some(({ hasGpu, isLoaded }) => hasGpu && !isLoaded);
  if (hasGpuLibrary && !devices.some(({ kind }) => kind !== "cpu")) {
    const advice =
      "GPU libraries are installed but not used: install the GPU's driver if this machine has one";
    return { ...finding, status: "note", summary, advice };
  }
  return { ...finding, status: "ok", summary };
}

function reasonOf(
  { version, fallbackReason, libraries, ownMatmul }: EngineProbe,
  wanted: Config["driver"],
): string {
  if (wanted === "portable") return "PUNA_DRIVER asks for it";
  if (fallbackReason !== undefined) return fallbackReason;
  const folder = libraries.find(({ isLoaded }) => isLoaded)?.folder ?? "";
  // The package says more than the long way to it, which is among the facts.
  const from = folder.split(/[\\/]node_modules[\\/]/).at(-1);
  return `llama.cpp ${version ?? ""} from ${from}${ownMatmul === undefined ? "" : " with matrix products of puna's own"}`;
}

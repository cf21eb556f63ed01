import { EngineError } from "../errors.ts";

const signalMeanings: Readonly<Record<string, string>> = {
  SIGABRT: "a check inside llama.cpp failed",
  SIGSEGV: "it accessed memory that is not its own",
  SIGBUS: "the model file was changed or cut while it was loaded",
  SIGILL: "this processor lacks an instruction that the library uses",
  SIGKILL: "it was killed, perhaps because the machine ran out of memory",
};

/** Why a runner ended, as an error for each request that it still had. */
export function exitReason(
  code: number | null,
  signal: NodeJS.Signals | null,
  lastOutput: string,
): EngineError {
  const how =
    signal === null
      ? `exit code ${code}`
      : `${signal}: ${signalMeanings[signal] ?? "it was ended by a signal"}`;
  const output = lastOutput.trim().split("\n").slice(-3).join(" ").trim();
  return new EngineError(
    "RUNNER_CRASHED",
    `model runner has unexpectedly stopped (${how})${output === "" ? "" : `: ${output}`}`,
    { details: { exitCode: code, signal, output } },
  );
}

const telling = /error|fail|unknown|invalid|missing|unable|cannot|too (many|large|long)/i;
/** Prefixes that llama.cpp puts before what it says. */
const noise = /^(llama_\w+|ggml_\w+|gguf_\w+|error loading model|srv|common_\w+): */;

/** What llama.cpp wrote about a load that failed; empty when it said nothing of use. */
export function loadReason(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const first = lines.find((line) => telling.test(line) && !line.startsWith("load_backend"));
  if (first === undefined) return "";
  let text = first;
  while (noise.test(text)) text = text.replace(noise, "");
  return text;
}

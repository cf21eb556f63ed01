import { EngineError } from "../errors.ts";

const signalMeanings: Readonly<Record<string, string>> = {
  SIGABRT: "a check inside llama.cpp failed",
  SIGSEGV: "it accessed memory that is not its own",
  SIGBUS: "the model file was changed or cut while it was loaded",
  SIGILL: "this processor lacks an instruction that the library uses",
  SIGKILL: "it was killed, perhaps because the machine ran out of memory",
};

/**
 * Why a runner ended, as an error for each request that it still had. What it wrote is for the log: the message
 * goes to whoever asked, and has the cause only.
 */
export function exitReason(
  code: number | null,
  signal: NodeJS.Signals | null,
  lastOutput: string,
): EngineError {
  const cause = ranOutOfMemory(lastOutput)
    ? "it ran out of memory"
    : signal === null
      ? undefined
      : (signalMeanings[signal] ?? "it was ended by a signal");
  const how = [signal ?? `exit code ${code}`, cause].filter((part) => part !== undefined).join(": ");
  return new EngineError("RUNNER_CRASHED", `model runner has unexpectedly stopped (${how})`, {
    details: { exitCode: code, signal, output: lastOutput.trim() },
  });
}

const telling =
  /error|fail|unknown|invalid|missing|unable|does not|not support|require|too (many|large|long)/i;
const harmless = /^load_backend|^\.+$|enabling flash_attn|cannot be used with preferred buffer type/;
/** Prefixes that llama.cpp puts before what it says. */
const noise = /^(llama_\w+|ggml_\w+|gguf_\w+|error loading model|common_\w+|\w*create_\w+): */;
const lastLines = 6;

/** Folders of this machine are nobody's business; the file's own name tells enough. */
const folders = /(?<![^\s'"(])(?:[A-Za-z]:)?(?:[\\/][^\\/\s'"]+)*[\\/](?=[^\\/\s'"]+)/g;
const longestReason = 200;

/** What llama.cpp wrote last about a load that failed, in one line; empty when it said nothing of use. */
export function loadReason(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const last = lines.filter((line) => line !== "" && !harmless.test(line)).slice(-lastLines);
  let text = last.find((line) => telling.test(line)) ?? "";
  while (noise.test(text)) text = text.replace(noise, "");
  return text.replace(folders, "").slice(0, longestReason);
}

/** Whether it was memory that failed. */
export function ranOutOfMemory(output: string): boolean {
  return /failed to allocate|unable to allocate|out of memory|bad_alloc|cannot allocate/i.test(output);
}

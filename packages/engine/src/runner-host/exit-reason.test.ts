import { describe, expect, it } from "vitest";
import { exitReason, loadReason } from "./exit-reason.ts";

describe("exitReason", () => {
  const output = `/build/ggml/src/ggml.c:42: GGML_ASSERT(n_tokens <= n_batch) failed\nthe prompt was: secret`;

  it("tells the cause, and leaves what the runner wrote to the log", () => {
    const error = exitReason(null, "SIGABRT", output);
    expect(error.message).toBe(
      "model runner has unexpectedly stopped (SIGABRT: a check inside llama.cpp failed)",
    );
    expect(error.details["output"]).toBe(output);
  });

  it("knows memory that ran out, however the process ended", () => {
    const text = "terminate called after throwing an instance of 'std::bad_alloc'";
    expect(exitReason(null, "SIGABRT", text).message).toContain("(SIGABRT: it ran out of memory)");
    expect(exitReason(1, null, text).message).toContain("(exit code 1: it ran out of memory)");
    expect(exitReason(1, null, "whatever").message).toContain("stopped (exit code 1)");
  });
});

describe("loadReason", () => {
  it.each([
    [
      "llama_model_load: error loading model: unknown model architecture: 'nothing'",
      "unknown model architecture: 'nothing'",
    ],
    ["gguf_init_from_file: failed to open '/home/ann/models/x.gguf'", "failed to open 'x.gguf'"],
    [String.raw`llama_load: error: failed to map C:\Users\ann\x.gguf`, "error: failed to map x.gguf"],
    ["llama_load: error: 3/4 tensors fit", "error: 3/4 tensors fit"],
    ["load_backend: loaded CPU backend", ""],
  ])("makes of %j %j", (output, reason) => {
    expect(loadReason(`${output}\n`)).toBe(reason);
  });

  it("is one short line, whatever the runner wrote", () => {
    const reason = loadReason(`llama_model_load: error: ${"x".repeat(5_000)}\nfailed\n`);
    expect(reason.length).toBeLessThanOrEqual(200);
    expect(reason).not.toContain("\n");
  });
});

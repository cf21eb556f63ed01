const integers = new Set([
  "num_ctx",
  "num_batch",
  "num_gpu",
  "main_gpu",
  "num_thread",
  "draft_num_predict",
  "num_keep",
  "seed",
  "num_predict",
  "top_k",
  "repeat_last_n",
  "mirostat",
]);
const floats = new Set([
  "top_p",
  "min_p",
  "typical_p",
  "repeat_penalty",
  "presence_penalty",
  "frequency_penalty",
  "temperature",
  "mirostat_tau",
  "mirostat_eta",
]);

/** Reads the words behind `/set parameter NAME` as the type that the option has. */
export function parseParameter(
  name: string,
  words: readonly string[],
): { readonly value: unknown } | { readonly error: string } {
  const text = words.join(" ");
  if (integers.has(name)) {
    return /^[+-]?\d+$/.test(text)
      ? { value: Number(text) }
      : { error: `invalid int value [${words.join(" ")}]` };
  }
  if (floats.has(name)) {
    const value = Number(text);
    return Number.isFinite(value) ? { value } : { error: `invalid float value [${words.join(" ")}]` };
  }
  if (name === "use_mmap") {
    return text === "true" || text === "false"
      ? { value: text === "true" }
      : { error: `invalid bool value [${words.join(" ")}]` };
  }
  if (name === "stop") return { value: [...words] };
  return { error: `unknown parameter '${name}'` };
}

import { EngineError } from "../errors.ts";

const plainTypes: readonly string[] = ["", "f16", "bf16", "f32"];
/** llama.cpp switches flash attention off for them. @source llama.cpp v0.5.0 src/llama-context.cpp llama_init_from_model */
const withoutFlashAttention: readonly string[] = ["grok"];

export interface CacheWish {
  /** What the load itself asks for. */
  readonly asked: string | undefined;
  /** What the server says about every load. */
  readonly fallback: string;
  readonly flashAttention: boolean | undefined;
  readonly architecture: string;
}

/**
 * Type of keys and values. llama.cpp reads quantized values by flash attention only: where that is switched off, a
 * setting for all models gives way to f16, as it does in Ollama, and a load that asks for it is refused.
 * @throws EngineError `UNSUPPORTED`
 */
export function planCacheType({ asked, fallback, flashAttention, architecture }: CacheWish): string {
  const type = asked ?? fallback;
  const isOff = flashAttention === false || withoutFlashAttention.includes(architecture);
  if (!isOff || plainTypes.includes(type.toLowerCase())) return type;
  if (asked === undefined) return "f16";
  throw new EngineError(
    "UNSUPPORTED",
    `a KV cache of ${type} needs flash attention, which is off; switch it on or use f16`,
  );
}

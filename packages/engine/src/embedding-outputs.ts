/**
 * How many texts share one decode of an embedding model. More cost more than they save: every token is compared
 * with those of all texts, though it sees only its own.
 */
export const embeddingSequences = 16;

/** @source llama.cpp v0.5.0 llama.h enum llama_pooling_type */
export const pooling = { none: 0, last: 3, rank: 4 } as const;
/** Their rank heads read the last token. @source llama.cpp v0.5.0 src/llama-graph.cpp llm_graph_input_cls */
const lastRanks: readonly string[] = ["qwen3", "qwen3vl"];

/**
 * Whether all that a model says of a text, if anything, is read off its last token. What comes before that needs no
 * logits then, where tokens see only those before them.
 */
export function poolsLastToken(type: number, architecture: string): boolean {
  if (type === pooling.rank) return lastRanks.includes(architecture);
  return type === pooling.none || type === pooling.last;
}

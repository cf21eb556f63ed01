/** Counters of the server at one moment. */
export interface TokenCounters {
  readonly at: number;
  readonly prompt: number;
  readonly generated: number;
  readonly requests: number;
}

/** Reads what `top` shows from Prometheus text; absent counters are zero. */
export function readMetrics(text: string, at: number): TokenCounters {
  return {
    at,
    prompt: readValue(text, "puna_tokens_total", 'kind="prompt"'),
    generated: readValue(text, "puna_tokens_total", 'kind="generated"'),
    requests: readValue(text, "puna_http_requests_active", ""),
  };
}

function readValue(text: string, name: string, label: string): number {
  for (const line of text.split("\n")) {
    if (!line.startsWith(name)) continue;
    const [, labels = "", value = ""] = /^[a-z_]+(?:\{([^}]*)\})?\s+(\S+)/.exec(line) ?? [];
    if (labels.includes(label)) return Number(value);
  }
  return 0;
}

/** Tokens a second between two moments. */
export function ratesBetween(
  before: TokenCounters | undefined,
  after: TokenCounters,
): { readonly prompt: number; readonly generated: number } | undefined {
  if (before === undefined || after.at <= before.at) return undefined;
  const seconds = (after.at - before.at) / 1000;
  // A server that was started anew counts from zero.
  const rate = (from: number, to: number) => Math.max(0, to - from) / seconds;
  return { prompt: rate(before.prompt, after.prompt), generated: rate(before.generated, after.generated) };
}

/** What one request asks, and how its answer is judged. */
export interface ChaosRequest {
  readonly kind: "ask" | "repeat" | "schema" | "openai" | "gemma";
  readonly path: string;
  readonly body: object;
  /** The client's own, that the answer must hold; other clients' it must not. Absent: no number was given. */
  readonly number?: string;
}

export type Random = () => number;

export const names = { qwen: "soak-qwen", gemma: "soak-gemma" } as const;

const words =
  "harbour lantern gravel meadow copper window thunder velvet orchard ribbon saddle timber walnut anchor".split(
    " ",
  );

/** Six digits, and no two clients have a common one. */
export const numberOf = (client: number): string => String(104_729 + client * 52_361);

/** @param random  decides everything about it */
export function chaosRequest(client: number, random: Random): ChaosRequest {
  const number = numberOf(client);
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low));
  const filler = Array.from({ length: between(0, random() < 0.15 ? 700 : 60) }, () => words[between(0, 14)]);
  const said = `${filler.join(" ")}\n\nMy number is ${number}.`;
  const options = { temperature: 0, seed: 1 };
  const chat = (question: string, maxTokens: number) => ({
    model: names.qwen,
    stream: random() < 0.7,
    messages: [{ role: "user", content: `${said} ${question}` }],
    options: { ...options, num_predict: maxTokens },
  });
  const roll = random();
  if (roll < 0.2) {
    const body = {
      model: names.gemma,
      raw: true,
      stream: random() < 0.7,
      prompt: `${filler.join(" ")} Once upon a time`,
      options: { temperature: random() < 0.5 ? 0 : 1, num_predict: between(1, 120) },
    };
    return { kind: "gemma", path: "/api/generate", body };
  }
  if (roll < 0.4) {
    const schema = {
      type: "object",
      properties: { number: { type: "string", pattern: "^[0-9]{6}$" } },
      required: ["number"],
    };
    const body = { ...chat("Answer with an object that holds my number.", 60), format: schema };
    return { kind: "schema", path: "/api/chat", body, number };
  }
  if (roll < 0.6) {
    const body = chat("Write my number on each of five lines, and nothing else.", between(20, 120));
    return { kind: "repeat", path: "/api/chat", body, number };
  }
  const question = "What is my number? Answer with the number alone.";
  if (roll < 0.75) {
    const { messages, stream } = chat(question, 24);
    const body = { model: names.qwen, messages, stream, temperature: 0, seed: 1, max_tokens: 24 };
    return { kind: "openai", path: "/v1/chat/completions", body, number };
  }
  return { kind: "ask", path: "/api/chat", body: chat(question, 24), number };
}

/** @returns what is wrong with a whole answer; undefined when nothing is */
export function judge(
  request: ChaosRequest,
  answer: string,
  clients: number,
): "mixed" | "wrong" | "invalid" | undefined {
  const own = request.number;
  for (let client = 0; client < clients; client++) {
    const other = numberOf(client);
    if (other !== own && answer.includes(other)) return "mixed";
  }
  if (own === undefined) return undefined;
  if (!answer.includes(own)) return "wrong";
  if (request.kind !== "schema") return undefined;
  try {
    const value: { number?: unknown } = JSON.parse(answer);
    return value.number === own ? undefined : "wrong";
  } catch {
    return "invalid";
  }
}

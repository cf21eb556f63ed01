import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Answer, compareStep } from "./compare.ts";
import { compareEngineRequests } from "./compare-engine-requests.ts";
import type { FixtureServer } from "./fixture-server.ts";
import { onlyAnswerOf } from "./only-answer.ts";
import { readFixtures, type VectorCase, type VectorRequest, vectorsFolder } from "./vector-files.ts";

/** Plays one case. @returns what differs, step by step; undefined when its models cannot be made here */
export async function runCase(fixture: FixtureServer, vector: VectorCase): Promise<string[] | undefined> {
  for (const name of [...(vector.needs_models ?? []), ...namedModels(vector)]) {
    const isThere = await fixture.ensureModel(name);
    if (!isThere && vector.needs_models?.includes(name)) return undefined;
  }
  await fixture.uploadMentioned(JSON.stringify(vector.steps));
  fixture.scripted.scripts = vector.engine_scripts ?? {};
  const differences: string[] = [];
  for (const [index, step] of vector.steps.entries()) {
    if (step.response.body_text?.includes("missing required Host header")) continue;
    if (step.response.status === 400 && asksForWholeWindow(step.request)) continue;
    fixture.scripted.isChat = (step.engine_requests ?? []).some(
      ({ path }) => path === "/v1/chat/completions",
    );
    fixture.scripted.onlyAnswer = onlyAnswerOf(step.request);
    const callsBefore = fixture.scripted.engine.calls.length;
    const answer = await send(fixture, step.request);
    const calls = fixture.scripted.engine.calls.slice(callsBefore);
    const found = [
      ...compareStep(vector, step, answer, fixture.modelsDir),
      ...compareEngineRequests(step.engine_requests ?? [], calls, step.request),
    ];
    for (const difference of found)
      differences.push(`step ${index} ${step.request.method} ${step.request.path}: ${difference}`);
  }
  return differences;
}

/** Ollama documents -1, its stand-in engine takes it, and its own refuses it; ours takes it. */
function asksForWholeWindow(request: VectorRequest): boolean {
  return /"repeat_last_n":-1\b/.test(JSON.stringify(request.body ?? ""));
}

/** Steps may name models that the case does not list. */
function namedModels({ steps }: VectorCase): string[] {
  return steps.flatMap(({ request: { body } }) =>
    typeof body === "object" && body !== null && "model" in body && typeof body.model === "string"
      ? [body.model]
      : [],
  );
}

async function send({ server }: FixtureServer, request: VectorRequest): Promise<Answer> {
  const port = "11434";
  const headers = new Headers(request.body === undefined ? {} : { "Content-Type": "application/json" });
  for (const [name, value] of Object.entries(request.headers ?? {}))
    headers.set(name, value.replaceAll("<port>", port));
  if (!headers.has("host")) headers.set("host", `127.0.0.1:${port}`);
  const body = bodyOf(request);
  const response = await server.fetch(
    new Request(`http://127.0.0.1:${port}${request.path}`, {
      method: request.method,
      headers,
      ...(body !== undefined && request.method !== "GET" && request.method !== "HEAD" && { body }),
    }),
  );
  let pieces = 0;
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    pieces++;
    text += decoder.decode(chunk, { stream: true });
  }
  return { status: response.status, headers: response.headers, text, pieces };
}

function bodyOf(request: VectorRequest): string | Uint8Array<ArrayBuffer> | undefined {
  if (request.body !== undefined) return JSON.stringify(request.body);
  if (request.body_text !== undefined) return request.body_text;
  if (request.body_base64 !== undefined) return new Uint8Array(Buffer.from(request.body_base64, "base64"));
  if (request.body_sha256 === undefined) return undefined;
  for (const path of Object.values(readFixtures().gguf)) {
    const bytes = new Uint8Array(readFileSync(join(vectorsFolder, "http", path)));
    if (createHash("sha256").update(bytes).digest("hex") === request.body_sha256) return bytes;
  }
  throw new Error(`no fixture file has the digest ${request.body_sha256}`);
}

import { parseKeepAlive } from "@puna/protocol";
import { goStruct } from "@puna/protocol/schemas";
import * as z from "zod";
import type { Dependencies } from "../../dependencies.ts";
import { badRequest } from "../../errors.ts";
import { jsonLineReply } from "../../http/json-reply.ts";
import type { RequestContext, Route } from "../../http/route.ts";
import type { GenerateSettings } from "../../services/generation-request.ts";
import { runGenerate } from "../../services/run-generate.ts";
import { tokensToText } from "../../services/tokenize.ts";
import { goFields, integer, optional } from "../fields.ts";
import { requireEnd } from "../require-end.ts";
import { doneEvent, type SseEvent, sseReply } from "../sse-reply.ts";
import { understand } from "../understand.ts";
import { samplingShape } from "./chat-schema.ts";
import { collectAnswer, type ReplyHead, sumUsage, type Usage } from "./from-chat-events.ts";
import { toTextChunk, toTextChunks, toTextCompletion } from "./from-generate-events.ts";
import { goTypeOf } from "./go-type-of.ts";
import { newId } from "./ids.ts";
import { forRun } from "./several-runs.ts";
import { toOptions } from "./to-chat-settings.ts";

const tokens = z.array(integer(0));

export const completionSchema = goStruct(
  {
    ...samplingShape,
    prompt: optional(z.union([z.string(), z.array(z.string()), tokens, z.array(tokens)], "of type string")),
    suffix: optional(goFields.text),
    echo: optional(goFields.flag),
    logprobs: optional(goFields.count),
    best_of: optional(integer(1, 1)),
  },
  "openai.CompletionRequest",
);
type CompletionRequest = z.output<typeof completionSchema>;

/** One prompt: text, or tokens that become text once the model is loaded. */
type Prompt = string | readonly number[];

export function completionsRoute(dependencies: Dependencies): Route {
  return {
    method: "POST",
    path: "/v1/completions",
    verb: "infer",
    family: "openai",
    async handle(context) {
      const understood = await understand(context, "openai", completionSchema, (request) => ({
        request,
        prompts: toPrompts(request.prompt),
        settings: toGenerateSettings(request, context.warn),
      }));
      if (!understood.ok) return understood.reply;
      const { request, prompts, settings } = understood.value;
      context.requireModelAccess(settings.model);
      const head = {
        id: newId("cmpl"),
        created: Math.trunc(dependencies.now() / 1000),
        model: settings.model,
      };
      const runs: GenerateSettings[] = [];
      for (const prompt of prompts) {
        const text =
          typeof prompt === "string" ? prompt : await tokensToText(dependencies, settings, prompt, context);
        for (let index = 0; index < (request.n ?? 1); index++)
          runs.push({ ...forRun(settings, index), prompt: text });
      }
      const echo = request.echo ?? false;
      if (request.stream === true) {
        const withUsage = request.stream_options?.include_usage ?? false;
        return sseReply(
          context,
          streamRuns(dependencies, context, { head, runs, promptCount: prompts.length, echo, withUsage }),
          {
            family: "openai",
          },
        );
      }
      const answers = [];
      for (const run of runs) {
        const answer = await collectAnswer(runGenerate(dependencies, run, context));
        answers.push({ ...answer, prefix: echo ? run.prompt : "" });
      }
      return jsonLineReply(toTextCompletion(head, answers, sumUsage(answers, request.n ?? 1)));
    },
  };
}

async function* streamRuns(
  dependencies: Dependencies,
  context: RequestContext,
  reply: {
    readonly head: ReplyHead;
    readonly runs: readonly GenerateSettings[];
    readonly promptCount: number;
    readonly echo: boolean;
    readonly withUsage: boolean;
  },
): AsyncGenerator<SseEvent> {
  const { head, runs, promptCount, echo, withUsage } = reply;
  const usages: { usage: Usage }[] = [];
  for (const [index, run] of runs.entries()) {
    const choice = { index, prefix: echo ? run.prompt : "", withUsage };
    const events = requireEnd(runGenerate(dependencies, run, context));
    for await (const data of toTextChunks(head, choice, events, (usage) => usages.push({ usage })))
      yield { data };
  }
  if (withUsage) yield { data: toTextChunk(head, [], sumUsage(usages, runs.length / promptCount)) };
  yield doneEvent;
}

function toGenerateSettings(request: CompletionRequest, warn: (warning: string) => void): GenerateSettings {
  const { logprobs } = request;
  return {
    model: request.model ?? "",
    prompt: "",
    suffix: request.suffix,
    // Zero is what Go's decoder leaves where nothing was said.
    options: toOptions({ ...request, top_p: request.top_p || 1 }, readStop(request.stop, warn)),
    keepAliveMs: parseKeepAlive(request.keep_alive),
    renderOnly: request._debug_render_only,
    ...(logprobs !== undefined && logprobs > 0 && { logprobs: true, topLogprobs: logprobs }),
  };
}

function toPrompts(prompt: CompletionRequest["prompt"]): readonly Prompt[] {
  if (prompt === undefined) return [""];
  if (typeof prompt === "string") return [prompt];
  if (isTokens(prompt)) return [prompt];
  if (prompt.length === 0) throw badRequest("prompt: at least one is required");
  return prompt;
}

function isTokens(prompt: readonly unknown[]): prompt is readonly number[] {
  return prompt.length > 0 && prompt.every((item) => typeof item === "number");
}

/** Other than the chat route, this one refuses lists of anything but text. @throws ApiError `BAD_REQUEST` */
function readStop(stop: unknown, warn: (warning: string) => void): readonly string[] | undefined {
  if (stop === undefined || stop === null) return undefined;
  if (typeof stop === "string") return [stop];
  if (!Array.isArray(stop)) {
    warn('"stop" takes a string or strings; others have no effect');
    return undefined;
  }
  const list: unknown[] = stop;
  const wrongAt = list.findIndex((item) => typeof item !== "string");
  if (wrongAt >= 0) throw badRequest(`invalid type for 'stop' field: ${goTypeOf(list[wrongAt])}`);
  // An empty list says nothing: the model's own stop texts hold.
  return list.length === 0 ? undefined : list.filter((item) => typeof item === "string");
}

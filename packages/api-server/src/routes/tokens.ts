import { parseKeepAlive } from "@puna/protocol";
import { chatRequestSchema } from "@puna/protocol/schemas";
import * as z from "zod";
import { integer, optional } from "../compat/fields.ts";
import type { Dependencies } from "../dependencies.ts";
import { jsonReply } from "../http/json-reply.ts";
import { readRequest } from "../http/read-request.ts";
import type { Route } from "../http/route.ts";
import { applyTemplate, tokenizeText, tokensToText } from "../services/tokenize.ts";

const model = {
  model: z.string(),
  keep_alive: optional(z.union([z.number(), z.string()])),
  options: optional(z.record(z.string(), z.unknown())),
};

export const tokenizeSchema = z.object({
  ...model,
  /** Text to take apart. */
  content: z.string(),
  /** Add the tokens that the model's tokenizer puts around every text. */
  add_special: optional(z.boolean()),
  /** Give each token's text too. */
  with_pieces: optional(z.boolean()),
});

export const detokenizeSchema = z.object({ ...model, tokens: z.array(integer(0)) });

/** Text to tokens and back, and conversations to prompts, without generating. */
export function tokenRoutes(dependencies: Dependencies): Route[] {
  const post = (path: string, handle: Route["handle"]): Route => ({
    method: "POST",
    path,
    verb: "infer",
    family: "ollama",
    handle,
  });
  return [
    post("/api/tokenize", async (context) => {
      const request = await readRequest(context, tokenizeSchema);
      context.requireModelAccess(request.model);
      const settings = {
        ...toModelSettings(request),
        content: request.content,
        addSpecial: request.add_special ?? false,
      };
      const tokens = await tokenizeText(dependencies, settings, context);
      if (request.with_pieces !== true) return jsonReply({ tokens });
      const pieces = await Promise.all(
        tokens.map(async (id) => ({ id, piece: await tokensToText(dependencies, settings, [id], context) })),
      );
      return jsonReply({ tokens: pieces });
    }),
    post("/api/detokenize", async (context) => {
      const request = await readRequest(context, detokenizeSchema);
      context.requireModelAccess(request.model);
      return jsonReply({
        content: await tokensToText(dependencies, toModelSettings(request), request.tokens, context),
      });
    }),
    post("/api/apply-template", async (context) => {
      const request = await readRequest(context, chatRequestSchema);
      context.requireModelAccess(request.model);
      const { model: name, tools, think, messages = [] } = request;
      const prompt = await applyTemplate(dependencies, { model: name, tools, think, messages }, context);
      return jsonReply({ prompt });
    }),
  ];
}

function toModelSettings(request: z.output<typeof detokenizeSchema> | z.output<typeof tokenizeSchema>) {
  return { model: request.model, keepAliveMs: parseKeepAlive(request.keep_alive), options: request.options };
}

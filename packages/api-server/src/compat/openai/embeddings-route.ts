import { parseKeepAlive } from "@puna/protocol";
import { goStruct } from "@puna/protocol/schemas";
import * as z from "zod";
import type { Dependencies } from "../../dependencies.ts";
import { badRequest } from "../../errors.ts";
import { jsonLineReply } from "../../http/json-reply.ts";
import type { Route } from "../../http/route.ts";
import { embed } from "../../services/embed.ts";
import { goFields, integer, optional } from "../fields.ts";
import { understand } from "../understand.ts";

const tokens = z.array(integer(0));

export const embeddingsSchema = goStruct(
  {
    model: optional(goFields.text),
    /** Everything else is refused once the model is known, as Ollama does. */
    input: optional(z.union([z.string(), z.array(z.string()), tokens, z.array(tokens), z.unknown()])),
    dimensions: optional(goFields.count),
    encoding_format: optional(goFields.text),
    user: z.unknown().exactOptional(),
    /** Ours: Ollama's `keep_alive`. */
    keep_alive: optional(z.union([z.number(), z.string()])),
  },
  "openai.EmbedRequest",
);

export function embeddingsRoute(dependencies: Dependencies): Route {
  return {
    method: "POST",
    path: "/v1/embeddings",
    verb: "embed",
    family: "openai",
    async handle(context) {
      const understood = await understand(context, "openai", embeddingsSchema, (request) => {
        const { model = "", dimensions } = request;
        const encoding = request.encoding_format || "float";
        if (!["float", "base64"].includes(encoding.toLowerCase())) {
          throw badRequest(
            `Invalid value for 'encoding_format' = ${encoding}. Supported values: ['float', 'base64'].`,
          );
        }
        const { input } = request;
        if (input === undefined || input === null || (Array.isArray(input) && input.length === 0))
          throw badRequest("invalid input");
        // One empty text is a text here, other than on Ollama's own route.
        const texts = input === "" ? [""] : input;
        const keepAliveMs = parseKeepAlive(request.keep_alive);
        return {
          model,
          dimensions,
          input: texts,
          keepAliveMs,
          asBase64: encoding.toLowerCase() === "base64",
        };
      });
      if (!understood.ok) return understood.reply;
      const { asBase64, ...settings } = understood.value;
      context.requireModelAccess(settings.model);
      const { vectors, promptTokens } = await embed(
        dependencies,
        { ...settings, allowTokens: true },
        context,
      );
      return jsonLineReply({
        object: "list",
        data: vectors.map((vector, index) => ({
          object: "embedding",
          embedding: asBase64 ? toBase64(vector) : vector,
          index,
        })),
        model: settings.model,
        usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
      });
    },
  };
}

/** 32-bit floats, little-endian. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => {
    bytes.writeFloatLE(value, index * 4);
  });
  return bytes.toString("base64");
}

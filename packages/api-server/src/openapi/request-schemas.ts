import {
  chatRequestSchema,
  copyRequestSchema,
  createKeyRequestSchema,
  createRequestSchema,
  deleteRequestSchema,
  embeddingsRequestSchema,
  embedRequestSchema,
  generateRequestSchema,
  pruneRequestSchema,
  pullRequestSchema,
  pushRequestSchema,
  showRequestSchema,
  verifyRequestSchema,
} from "@puna/protocol/schemas";
import type * as z from "zod";
import { countTokensSchema, messagesSchema } from "../compat/anthropic/schema.ts";
import { chatCompletionSchema } from "../compat/openai/chat-schema.ts";
import { completionSchema } from "../compat/openai/completions-route.ts";
import { embeddingsSchema } from "../compat/openai/embeddings-route.ts";
import { responsesSchema } from "../compat/openai/responses/schema.ts";
import { rerankSchema } from "../compat/rerank/routes.ts";
import { detokenizeSchema, tokenizeSchema } from "../routes/tokens.ts";

/** The schema that checks the body of each route. */
export const requestSchemas: Readonly<Record<string, z.ZodType>> = {
  "POST /api/chat": chatRequestSchema,
  "POST /api/generate": generateRequestSchema,
  "POST /api/embed": embedRequestSchema,
  "POST /api/embeddings": embeddingsRequestSchema,
  "POST /api/show": showRequestSchema,
  "POST /api/create": createRequestSchema,
  "POST /api/pull": pullRequestSchema,
  "POST /api/push": pushRequestSchema,
  "POST /api/copy": copyRequestSchema,
  "DELETE /api/delete": deleteRequestSchema,
  "POST /api/tokenize": tokenizeSchema,
  "POST /api/detokenize": detokenizeSchema,
  "POST /api/apply-template": chatRequestSchema,
  "POST /api/puna/store/prune": pruneRequestSchema,
  "POST /api/puna/store/verify": verifyRequestSchema,
  "POST /api/puna/keys": createKeyRequestSchema,
  "POST /v1/chat/completions": chatCompletionSchema,
  "POST /v1/completions": completionSchema,
  "POST /v1/embeddings": embeddingsSchema,
  "POST /v1/responses": responsesSchema,
  "POST /v1/messages": messagesSchema,
  "POST /v1/messages/count_tokens": countTokensSchema,
  "POST /v1/rerank": rerankSchema,
  "POST /v2/rerank": rerankSchema,
};

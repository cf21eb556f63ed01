import { expect } from "vitest";
import type * as z from "zod";
import {
  chatRequestSchema,
  copyRequestSchema,
  createRequestSchema,
  deleteRequestSchema,
  embeddingsRequestSchema,
  embedRequestSchema,
  generateRequestSchema,
  parseRequest,
  pullRequestSchema,
  pushRequestSchema,
  showRequestSchema,
} from "../src/schemas/index.ts";
import { testVectors } from "./vectors.ts";

interface HttpCase {
  readonly id: string;
  readonly steps: readonly {
    readonly request: {
      readonly method: string;
      readonly path: string;
      readonly body?: unknown;
      readonly body_text?: string;
      readonly body_base64?: string;
    };
    readonly response: { readonly status: number; readonly body?: { readonly error?: string } };
  }[];
}

const schemas: Readonly<Record<string, z.ZodType>> = {
  "/api/chat": chatRequestSchema,
  "/api/copy": copyRequestSchema,
  "/api/create": createRequestSchema,
  "/api/delete": deleteRequestSchema,
  "/api/embed": embedRequestSchema,
  "/api/embeddings": embeddingsRequestSchema,
  "/api/generate": generateRequestSchema,
  "/api/pull": pullRequestSchema,
  "/api/push": pushRequestSchema,
  "/api/show": showRequestSchema,
};

/** Texts of Go's decoder and of the types that Ollama taught to decode themselves. */
const decoderText =
  /^(json: |missing request body|unexpected EOF|invalid character|illegal base64|Unsupported type|time: |invalid think value: "|Value looks)/;

for (const file of ["chat", "copy", "create", "delete", "embed", "generate", "malformed", "show"]) {
  let refused = 0;
  let accepted = 0;
  testVectors<HttpCase>(
    `the bodies of http/${file}.json are read or refused as recorded`,
    `http/${file}.json`,
    (vector) => {
      for (const { request, response } of vector.steps) {
        const schema = schemas[request.path];
        if (schema === undefined || request.method === "GET") continue;
        const body =
          request.body_base64 === undefined
            ? new TextEncoder().encode(request.body_text ?? JSON.stringify(request.body))
            : Buffer.from(request.body_base64, "base64");
        const result = parseRequest(schema, body);
        const error = response.body?.error ?? "";
        const title = `${vector.id} ${request.path} ${JSON.stringify(request.body ?? request.body_text)?.slice(0, 200)}`;
        if (response.status === 400 && decoderText.test(error)) {
          refused++;
          expect(result, title).toMatchObject({ ok: false, status: 400 });
          // The struct that Go names for nested types is an artefact of its decoder.
          if (!result.ok && !error.includes("Go struct field Tool")) expect(result.error, title).toBe(error);
        } else {
          accepted++;
          expect(result, title).toMatchObject({ ok: true });
        }
      }
    },
    () => `${accepted} bodies accepted, ${refused} refused`,
  );
}

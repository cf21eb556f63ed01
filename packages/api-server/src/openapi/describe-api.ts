import * as z from "zod";
import type { Family, Route } from "../http/route.ts";
import { requestSchemas } from "./request-schemas.ts";
import { responseSchemas } from "./response-schemas.ts";

/** What an error may be, by the words of the family. */
const errorSchemas: Readonly<Record<Family, object>> = {
  ollama: {
    type: "object",
    required: ["error"],
    properties: { error: { type: "string" } },
  },
  openai: {
    type: "object",
    required: ["error"],
    properties: {
      error: {
        type: "object",
        required: ["message", "type"],
        properties: {
          message: { type: "string" },
          type: { type: "string" },
          param: { type: ["string", "null"] },
          code: { type: ["string", "null"] },
        },
      },
    },
  },
  anthropic: {
    type: "object",
    required: ["type", "error"],
    properties: {
      type: { const: "error" },
      error: {
        type: "object",
        required: ["type", "message"],
        properties: { type: { type: "string" }, message: { type: "string" } },
      },
      request_id: { type: "string" },
    },
  },
};

/** Media types of successful replies where they are not plain JSON alone. */
const successTypes: Readonly<Record<string, readonly string[]>> = {
  "GET /": ["text/plain"],
  "GET /metrics": ["text/plain"],
  "POST /api/chat": ["application/json", "application/x-ndjson"],
  "POST /api/generate": ["application/json", "application/x-ndjson"],
  "POST /api/pull": ["application/json", "application/x-ndjson"],
  "POST /api/push": ["application/json", "application/x-ndjson"],
  "POST /api/create": ["application/json", "application/x-ndjson"],
  "POST /api/puna/store/verify": ["application/x-ndjson"],
  "POST /api/puna/store/import": ["application/x-ndjson"],
  "GET /api/puna/store/export": ["application/x-tar"],
  "POST /v1/chat/completions": ["application/json", "text/event-stream"],
  "POST /v1/completions": ["application/json", "text/event-stream"],
  "POST /v1/responses": ["application/json", "text/event-stream"],
  "POST /v1/messages": ["application/json", "text/event-stream"],
  "POST /v1/audio/transcriptions": ["application/json", "text/plain"],
};

/** Routes whose success has no body. */
const bodiless: ReadonlySet<string> = new Set([
  "POST /api/copy",
  "DELETE /api/delete",
  "POST /api/blobs/:digest",
]);

/** OpenAPI 3.1 of every route, from the schemas that check the requests. */
export function describeApi(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  const schemas: Record<string, unknown> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    const operations = paths[path] ?? {};
    paths[path] = operations;
    operations[route.method.toLowerCase()] = describe(route, schemas);
    if (route.withHead === true || route.head !== undefined)
      operations["head"] = describe(route, schemas, true);
  }
  return {
    openapi: "3.1.0",
    info: { title: "puna", version, license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: "/" }],
    paths,
    components: { schemas, securitySchemes: { key: { type: "http", scheme: "bearer" } } },
  };
}

function describe(route: Route, schemas: Record<string, unknown>, isHead = false): object {
  const key = `${route.method} ${route.path}`;
  const operationId = `${isHead ? "head" : route.method.toLowerCase()}${route.path.replace(/[^A-Za-z0-9]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
  const schema = requestSchemas[key];
  const parameters = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const successes = route.path.startsWith("/api/blobs") ? ["200", "201"] : ["200"];
  const errorContent = isHead
    ? {}
    : { content: { "application/json": { schema: errorSchemas[route.family] } } };
  const error = (description: string) => ({ description, ...errorContent });
  return {
    operationId,
    ...(parameters.length > 0 && { parameters }),
    ...(schema !== undefined &&
      !isHead && {
        requestBody: {
          required: true,
          content: { "application/json": { schema: toJsonSchema(schema, operationId, schemas) } },
        },
      }),
    ...(route.verb !== "open" && { security: [{}, { key: [] }] }),
    responses: {
      ...Object.fromEntries(successes.map((status) => [status, success(key, isHead)])),
      "4XX": error("The request is at fault"),
      "500": error("The server is at fault"),
      "501": error("Not possible with this engine"),
      "502": error("Another server is at fault"),
      "503": error("Too much to do"),
      "504": error("The model took too long to load"),
    },
  };
}

function success(key: string, isHead: boolean): object {
  if (isHead || bodiless.has(key)) return { description: "Done" };
  const types = successTypes[key] ?? ["application/json"];
  const bodyOf = (type: string) =>
    type === "application/json" && key in responseSchemas ? { schema: responseSchemas[key] } : {};
  return { description: "Done", content: Object.fromEntries(types.map((type) => [type, bodyOf(type)])) };
}

/** Definitions of recursive schemas become components: references are looked up in the whole document. */
function toJsonSchema(schema: z.ZodType, name: string, schemas: Record<string, unknown>): unknown {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const { $schema: _, $defs = {}, ...body } = json;
  for (const [key, value] of Object.entries($defs)) schemas[`${name}${key}`] = redirect(value, name);
  return redirect(body, name);
}

const localReference = "#/$defs/";

function redirect(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((item) => redirect(item, name));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === "$ref" && typeof inner === "string" && inner.startsWith(localReference)
        ? [key, `#/components/schemas/${name}${inner.slice(localReference.length)}`]
        : [key, redirect(inner, name)],
    ),
  );
}

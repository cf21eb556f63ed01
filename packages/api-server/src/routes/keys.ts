import { createHash, randomBytes } from "node:crypto";
import type { CreateKeyResponse, KeyInfo } from "@puna/protocol";
import { createKeyRequestSchema } from "@puna/protocol/schemas";
import { ApiError, badRequest, notFound } from "../errors.ts";
import type { ApiKeyRecord, ApiKeys } from "../http/api-keys.ts";
import { jsonReply } from "../http/json-reply.ts";
import { readRequest } from "../http/read-request.ts";
import type { Route } from "../http/route.ts";

/** Keeps the records for the next start. */
export type SaveApiKeys = (records: readonly ApiKeyRecord[]) => Promise<void>;

export interface KeyRoutesOptions {
  readonly keys: ApiKeys;
  readonly save: SaveApiKeys | undefined;
  /** Others can reach the server, which must not be left without keys. */
  readonly areRequired: boolean;
}

/** What keys there are, new ones, and their end. A key itself is told once, when it is made. */
export function keyRoutes({ keys, save, areRequired }: KeyRoutesOptions): Route[] {
  const base = { verb: "admin", family: "ollama" } as const;
  const change = async (records: readonly ApiKeyRecord[]) => {
    if (save === undefined)
      throw new ApiError("NOT_IMPLEMENTED", "the keys of this server cannot be changed");
    await save(records);
    keys.replace(records);
  };
  return [
    {
      ...base,
      method: "GET",
      path: "/api/puna/keys",
      handle: () => jsonReply({ keys: keys.records.map(toInfo) }),
    },
    {
      ...base,
      method: "POST",
      path: "/api/puna/keys",
      async handle(context) {
        const request = await readRequest(context, createKeyRequestSchema);
        const { name, scopes, models, requests_per_minute: rate } = request;
        if (keys.records.some((record) => record.name === name))
          throw new ApiError("CONFLICT", `there is a key ${JSON.stringify(name)} already`);
        if (keys.records.length === 0 && !scopes.includes("admin"))
          throw badRequest("the first key must have the scope admin, or nobody could add another");
        const key = `puna_${randomBytes(24).toString("base64url")}`;
        const record: ApiKeyRecord = {
          name,
          sha256: createHash("sha256").update(key).digest("hex"),
          scopes,
          ...(models !== undefined && { models }),
          ...(rate !== undefined && { requestsPerMinute: rate }),
        };
        await change([...keys.records, record]);
        const response: CreateKeyResponse = { ...toInfo(record), key };
        return jsonReply(response);
      },
    },
    {
      ...base,
      method: "DELETE",
      path: "/api/puna/keys/:name",
      async handle(context) {
        const name = context.params["name"] ?? "";
        const rest = keys.records.filter((record) => record.name !== name);
        if (rest.length === keys.records.length) throw notFound(`key ${JSON.stringify(name)} not found`);
        const isLocked = rest.length > 0 && !rest.some(({ scopes }) => scopes.includes("admin"));
        if (isLocked) throw badRequest("the last key with the scope admin must go last");
        if (rest.length === 0 && areRequired)
          throw badRequest("others can reach this server: the last key must stay");
        await change(rest);
        return jsonReply({});
      },
    },
  ];
}

function toInfo({ name, scopes, models, requestsPerMinute: rate }: ApiKeyRecord): KeyInfo {
  return {
    name,
    scopes,
    ...(models !== undefined && { models }),
    ...(rate !== undefined && { requests_per_minute: rate }),
  };
}

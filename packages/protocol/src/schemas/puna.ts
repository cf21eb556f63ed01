import * as z from "zod";

const optional = <T extends z.ZodType>(schema: T) => schema.exactOptional();

/** Body of POST /api/puna/store/prune. */
export const pruneRequestSchema = z.object({
  dry_run: optional(z.boolean()),
  min_age_seconds: optional(z.number().int().min(0)),
});

/** Body of POST /api/puna/store/verify. */
export const verifyRequestSchema = z.object({
  repair: optional(z.boolean()),
  insecure: optional(z.boolean()),
});

/** Body of POST /api/puna/keys. */
export const createKeyRequestSchema = z.object({
  name: z.string().regex(/^[\w.-]{1,64}$/),
  scopes: z.array(z.enum(["infer", "embed", "manage", "admin"])).min(1),
  models: optional(z.array(z.string())),
  requests_per_minute: optional(z.number().int().min(1)),
});

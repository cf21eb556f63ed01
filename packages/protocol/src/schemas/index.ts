export type { BodyLimits } from "../json/parse-body.ts";
export { embeddingsRequestSchema, embedRequestSchema, parseEmbedInput } from "./embedding.ts";
export { describeBase64Error } from "./fields.ts";
export { chatRequestSchema, generateRequestSchema } from "./generation.ts";
export { goAnyMap, goBool, goInt, goList, goMap, goNumber, goString, goStruct, goText } from "./go-types.ts";
export { parseStoredMessages } from "./message.ts";
export {
  copyRequestSchema,
  createRequestSchema,
  deleteRequestSchema,
  parseLicense,
  pullRequestSchema,
  pushRequestSchema,
  showRequestSchema,
} from "./models.ts";
export { type ParsedRequest, parseRequest } from "./parse-request.ts";
export { createKeyRequestSchema, pruneRequestSchema, verifyRequestSchema } from "./puna.ts";

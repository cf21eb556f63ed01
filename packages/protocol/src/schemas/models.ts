import * as z from "zod";
import { options, stream } from "./fields.ts";
import { goAnyMap, goBool, goMap, goString, goStruct, goText } from "./go-types.ts";
import { messages } from "./message.ts";

/** `name` is the old word for `model`. */
const named = { model: goText, name: goText };
const digests = goMap(goString, "map[string]string").exactOptional();
// Accepted and ignored, here as in Ollama.
const credentials = { username: goText, password: goText };

/** Body of POST /api/show. */
export const showRequestSchema = goStruct(
  {
    ...named,
    system: goText,
    template: goText,
    verbose: goBool.exactOptional(),
    options: options.exactOptional(),
  },
  "api.ShowRequest",
);

/** Body of POST /api/pull. */
export const pullRequestSchema = goStruct(
  { ...named, ...credentials, insecure: goBool.exactOptional(), stream: stream.exactOptional() },
  "api.PullRequest",
);

/** Body of POST /api/push. */
export const pushRequestSchema = goStruct(
  { ...named, ...credentials, insecure: goBool.exactOptional(), stream: stream.exactOptional() },
  "api.PushRequest",
);

/** Body of POST /api/create; `license` is any JSON, `parseLicense` judges it. */
export const createRequestSchema = goStruct(
  {
    ...named,
    stream: stream.exactOptional(),
    quantize: goText,
    quantization: goText,
    draft_quantize: goText,
    from: goText,
    remote_host: goText,
    files: digests,
    draft_files: digests,
    adapters: digests,
    template: goText,
    license: z.unknown().exactOptional(),
    system: goText,
    parameters: goAnyMap.exactOptional(),
    messages: messages.exactOptional(),
    renderer: goText,
    parser: goText,
    requires: goText,
    info: goAnyMap.exactOptional(),
  },
  "api.CreateRequest",
);

/** Body of POST /api/copy. */
export const copyRequestSchema = goStruct({ source: goText, destination: goText }, "api.CopyRequest");

/** Body of DELETE /api/delete. */
export const deleteRequestSchema = goStruct(named, "api.DeleteRequest");

/**
 * The texts of `license`: a string, or a list of strings; none when absent or empty.
 * @returns undefined for anything else, which Ollama answers with 500
 */
export function parseLicense(license: unknown): readonly string[] | undefined {
  if (license === undefined || license === null || license === "") return [];
  if (typeof license === "string") return [license];
  if (!Array.isArray(license)) return undefined;
  const texts: unknown[] = license;
  return texts.every((text): text is string => typeof text === "string") ? texts : undefined;
}

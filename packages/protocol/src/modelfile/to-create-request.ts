import type { CreateRequest } from "../endpoints/models.ts";
import type { Message } from "../message.ts";
import { ProtocolError } from "../protocol-error.ts";
import { type Modelfile, splitMessage } from "./modelfile.ts";
import { parseParameterValue } from "./parameter-value.ts";

/** Files that a path in a Modelfile stands for. */
export interface ResolvedFiles {
  /** The place itself, in a form that is equal for equal places; used to tell a draft model from its base. */
  readonly location: string;
  /** Path as the server shall know it → digest of the blob, `sha256:…`. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Looks up a path of a Modelfile, relative to where it lies.
 * @returns undefined when nothing is there: then `FROM` takes the text as the name of a model, `ADAPTER` and `DRAFT` fail
 */
export type ResolveFiles = (
  path: string,
  command: "from" | "adapter" | "draft",
) => Promise<ResolvedFiles | undefined>;

export interface CreateRequestPlan {
  /** Without `model`: the Modelfile does not name its result. */
  readonly request: CreateRequest;
  /** For people, one sentence each. */
  readonly warnings: readonly string[];
}

/** Options of old that Modelfiles still carry; Ollama drops them with a warning. */
const deprecatedParameters: ReadonlySet<string> = new Set([
  "penalize_newline",
  "low_vram",
  "f16_kv",
  "logits_all",
  "vocab_only",
  "use_mlock",
  "mirostat",
  "mirostat_tau",
  "mirostat_eta",
]);

/** What golang.org/x/mod/semver takes: the patch, or minor and patch, may be missing, then nothing may follow. */
const semver =
  /^(0|[1-9]\d*)(\.(0|[1-9]\d*)(\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?)?)?$/;

/**
 * Translates a Modelfile to the request that creates its model. Reads no files: `resolve` does.
 * @throws ProtocolError `INVALID_OPTION` (parameters), `INVALID_MODELFILE`; what `resolve` throws
 * @source ollama parser/parser.go CreateRequest
 */
export async function toCreateRequest(file: Modelfile, resolve: ResolveFiles): Promise<CreateRequestPlan> {
  const request: { -readonly [K in keyof CreateRequest]: CreateRequest[K] } = {};
  const parameters: Record<string, number | boolean | readonly string[]> = {};
  const messages: Message[] = [];
  const licenses: string[] = [];
  const warnings: string[] = [];
  const modelLocations = new Set<string>();
  const draftLocations = new Set<string>();

  for (const { name, args } of file.commands) {
    switch (name) {
      case "model": {
        const found = await resolve(args, "from");
        if (found === undefined) {
          request.from = args;
          break;
        }
        refuseSharedLocation(found.location, draftLocations);
        modelLocations.add(found.location);
        request.files = { ...request.files, ...found.files };
        break;
      }
      case "draft": {
        const found = (await resolve(args, "draft")) ?? notFound("DRAFT", args);
        refuseSharedLocation(found.location, modelLocations);
        draftLocations.add(found.location);
        request.draft_files = { ...request.draft_files, ...found.files };
        break;
      }
      case "adapter":
        request.adapters = ((await resolve(args, "adapter")) ?? notFound("ADAPTER", args)).files;
        break;
      case "template":
      case "system":
      case "renderer":
      case "parser":
        if (args === "") delete request[name];
        else request[name] = args;
        break;
      case "requires":
        request.requires = parseRequires(args);
        break;
      case "license":
        licenses.push(args);
        break;
      case "message":
        messages.push(splitMessage(args));
        break;
      default:
        if (deprecatedParameters.has(name)) {
          warnings.push(`parameter ${name} is deprecated`);
          break;
        }
        addParameter(parameters, name, parseParameterValue(name, args));
    }
  }
  if (request.from === "") delete request.from;
  if (Object.keys(parameters).length > 0) request.parameters = parameters;
  if (messages.length > 0) request.messages = messages;
  if (licenses.length > 0) request.license = licenses;
  return { request, warnings };
}

function addParameter(
  parameters: Record<string, number | boolean | readonly string[]>,
  name: string,
  value: number | boolean | readonly string[],
): void {
  const earlier = parameters[name];
  parameters[name] = isList(earlier) && isList(value) ? [...earlier, ...value] : value;
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}

function parseRequires(text: string): string {
  const version = text.startsWith("v") ? text.slice(1) : text;
  if (text.length > 256 || !semver.test(version)) {
    throw new ProtocolError("INVALID_MODELFILE", "requires must be a valid semver (e.g. 0.14.0)");
  }
  return version;
}

function refuseSharedLocation(location: string, others: ReadonlySet<string>): void {
  if (!others.has(location)) return;
  throw new ProtocolError(
    "INVALID_MODELFILE",
    `DRAFT must not reference the same local path as FROM: ${location}`,
  );
}

function notFound(command: string, path: string): never {
  throw new ProtocolError("INVALID_MODELFILE", `${command} ${path}: no such file or directory`, {
    details: { path },
  });
}

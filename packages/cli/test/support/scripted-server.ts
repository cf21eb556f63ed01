import type { CreateRequest, ShowResponse } from "@puna/protocol";
import { readVectors } from "./vectors.ts";

/** Pieces of text that an engine would write, and how their stream ends. */
export interface Script {
  readonly pieces?: readonly string[];
  readonly cut?: "soft" | "hard";
}

interface Recorded {
  readonly cases: readonly {
    readonly id: string;
    readonly steps: readonly {
      readonly request: { readonly body: { readonly model?: string } };
      readonly response: { readonly body: ShowResponse };
    }[];
  }[];
}

const ended = { model: "", created_at: "", done: true, done_reason: "stop" };

/**
 * Stands in for a server, as far as recorded command lines look: the models of the recorded exchanges, their state
 * kept in memory, answers made of scripts. Every text of it is known from recordings of the HTTP routes.
 */
export class ScriptedServer {
  readonly #models = new Map<string, ShowResponse>();
  readonly #layers = new Set<string>();
  readonly #loaded = new Set<string>();
  #scripts: Readonly<Record<string, Script>> = {};

  constructor() {
    for (const { steps } of readVectors<Recorded>("http/show.json").cases.filter(
      ({ steps }) => steps.length === 1,
    )) {
      const [step] = steps;
      if (step?.request.body.model !== undefined)
        this.#models.set(step.request.body.model, step.response.body);
    }
    const tiny = this.#models.get("tiny");
    if (tiny === undefined) throw new Error("no recorded answer for the model tiny");
    const { create_requests } = readVectors<{
      create_requests: readonly (CreateRequest & { model: string })[];
    }>("http/fixtures.json");
    for (const request of create_requests) {
      if (!this.#models.has(request.model)) this.#models.set(request.model, derive(tiny, request));
    }
    for (const name of ["gemma", "qwen", "tiny-jinja", "127.0.0.1:5002/library/cli-push"])
      this.#models.set(name, tiny);
  }

  /** What an engine would write for `[[name]]` in a prompt. */
  use(scripts: Readonly<Record<string, Script>> = {}): void {
    this.#scripts = scripts;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : String(input));
    if (pathname.startsWith("/api/blobs/")) {
      if (init?.body instanceof ReadableStream) for await (const _chunk of init.body);
      return new Response(null, { status: 201 });
    }
    return this.#answer(pathname, JSON.parse(typeof init?.body === "string" ? init.body : "{}"));
  };

  #answer(path: string, body: Record<string, unknown>): Response {
    const model = String(body["model"] ?? "");
    const missing = this.#models.has(model) ? undefined : failure(404, `model '${model}' not found`);
    switch (path) {
      case "/api/tags":
        return Response.json({
          models: [...this.#models.keys()].map((name) => ({
            ...listing(name),
            modified_at: new Date(Date.now() - 600_000).toISOString(),
          })),
        });
      case "/api/ps":
        return Response.json({
          models: [...this.#loaded].map((name) => ({
            ...listing(name),
            size: 0,
            size_vram: 0,
            context_length: 2048,
            expires_at: new Date(Date.now() + 299_000).toISOString(),
          })),
        });
      case "/api/show":
        if (model.includes(" ")) return failure(400, "invalid model name");
        return missing ?? Response.json(this.#models.get(model));
      case "/api/generate":
        if (missing) return missing;
        if (body["keep_alive"] === 0) this.#loaded.delete(model);
        else this.#loaded.add(model);
        return Response.json({ ...ended, response: "", done_reason: "load" });
      case "/api/chat":
        return missing ?? this.#chat(model, body);
      case "/api/embed":
        return Response.json({ model, embeddings: [[0.6, 0.8, 0]] });
      case "/api/copy":
        this.#models.set(
          String(body["destination"]),
          this.#models.get(String(body["source"])) ?? derive({} as ShowResponse, {}),
        );
        return new Response(null, { status: 200 });
      case "/api/delete":
        return this.#models.delete(model)
          ? new Response(null, { status: 200 })
          : (missing ?? failure(404, ""));
      case "/api/create":
        return this.#create(model, body);
      case "/api/pull":
        return lines({ status: "pulling manifest" }, { error: refusedPull(model) });
      case "/api/push":
        return (
          missing ??
          lines({ status: "retrieving manifest" }, { status: "pushing manifest" }, { status: "success" })
        );
      case "/api/me":
        return failure(503, "account unavailable");
      case "/api/signout":
        return failure(500, "there was an error signing out");
      default:
        return new Response("404 page not found", { status: 404 });
    }
  }

  #chat(model: string, body: Record<string, unknown>): Response {
    const can = this.#models.get(model)?.capabilities ?? [];
    if (body["think"] && !can.includes("thinking"))
      return failure(400, `"${model}" does not support thinking`);
    const name = /\[\[([^\]]+)\]\](?!.*\[\[)/s.exec(JSON.stringify(body["messages"]))?.[1] ?? "";
    const { pieces = [], cut } = this.#scripts[name] ?? {};
    const say = (message: object) => ({
      ...ended,
      done: false,
      message: { role: "assistant", content: "", ...message },
    });
    const parts = body["think"] ? splitThinking(pieces.join("")) : pieces.map((content) => ({ content }));
    const last =
      cut === "hard"
        ? { error: "an error was encountered while running the model: unexpected EOF" }
        : { ...ended, message: { role: "assistant", content: "" } };
    return lines(...parts.map(say), last);
  }

  #create(model: string, request: CreateRequest): Response {
    const { quantize, files, from = "" } = request;
    if (from !== "" && !this.#models.has(from)) return failure(400, "invalid model name");
    if (quantize === "q8_0") {
      return lines(
        { status: "parsing GGUF" },
        { error: "quantization is only supported for F16, BF16 and F32 models" },
      );
    }
    if (quantize !== undefined) {
      const types = "F32, F16, Q4_K_S, Q4_K_M, Q8_0";
      const error = `unsupported quantization type ${quantize.toUpperCase()} - supported types are ${types}`;
      return lines({ status: "parsing GGUF" }, { error });
    }
    const digest = (text: string) =>
      `sha256:${Buffer.from(text).toString("hex").padEnd(64, "0").slice(0, 64)}`;
    const layer = (text: string, known = this.#layers.has(text)) => {
      this.#layers.add(text);
      return { status: `${known ? "using existing" : "creating new"} layer ${digest(text)}` };
    };
    const steps = files
      ? [{ status: "parsing GGUF" }, { status: "verifying conversion" }, layer("file", false)]
      : [
          layer(from, true),
          ...[request.system, request.parameters]
            .filter((part) => part !== undefined)
            .map((part) => layer(JSON.stringify(part))),
        ];
    this.#models.set(model, derive(this.#models.get("tiny") as ShowResponse, request));
    return lines(...steps, { status: "writing manifest" }, { status: "success" });
  }
}

function listing(name: string) {
  return {
    name: `${name}:latest`,
    model: `${name}:latest`,
    size: 1_300_000,
    digest: "0123456789abcdef".repeat(4),
    details: {},
  };
}

/** The answer of `show` for a model made of another by a request, in the words of the recorded ones. */
function derive(
  base: ShowResponse,
  { parameters = {}, template, system, license }: CreateRequest,
): ShowResponse {
  const names = Object.entries(parameters).sort(([left], [right]) => (left < right ? -1 : 1));
  const values = names.flatMap(([name, value]) => [value].flat().map((one) => [name, one] as const));
  const capabilities = ["completion", ...(/\.Thinking/.test(template ?? "") ? ["thinking"] : [])];
  const printed = values.map(
    ([name, value]) => `${name.padEnd(30)} ${typeof value === "string" ? JSON.stringify(value) : value}`,
  );
  const from = /^FROM (?:<store>|\/).*$/m.exec(base.modelfile ?? "")?.[0] ?? "";
  const modelfile = [
    (base.modelfile ?? "").split("\n").slice(0, 2).join("\n"),
    "# FROM go-chat:latest\n",
    from,
    ...(template ? [`TEMPLATE """${template}"""`] : []),
    ...(system ? [`SYSTEM ${system}`] : []),
    ...values.map(([name, value]) => `PARAMETER ${name} ${value}`),
    "",
  ].join("\n");
  return {
    ...base,
    capabilities,
    modelfile,
    ...(template ? { template } : {}),
    ...(system ? { system } : {}),
    ...(license ? { license: [license].flat().join("\n") } : {}),
    ...(printed.length > 0 ? { parameters: printed.join("\n") } : {}),
  };
}

function splitThinking(text: string): object[] {
  const [, thinking, content] = /^<think>([\s\S]*?)<\/think>\s*([\s\S]*)$/.exec(text) ?? [];
  return thinking === undefined ? [{ content: text }] : [{ thinking }, { content }];
}

function refusedPull(model: string): string {
  const [host, ...path] = model.split("/");
  const url = `http://${host}/v2/${path.join("/")}/manifests/latest`;
  return `pull model manifest: Get "${url}": dial tcp ${host}: connect: connection refused`;
}

function failure(status: number, error: string): Response {
  return Response.json({ error }, { status });
}

function lines(...values: object[]): Response {
  return new Response(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
}

/** Nobody listens there. */
export const refusingFetch: typeof fetch = async () => {
  throw new TypeError("fetch failed", {
    cause: Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }),
  });
};

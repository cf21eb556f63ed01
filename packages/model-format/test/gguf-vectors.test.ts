import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { printCount } from "@puna/protocol";
import { afterAll, expect, test } from "vitest";
import { deriveCapabilities } from "../src/capabilities.ts";
import { bytesSource, modelInfo, quantizationLevel, readGguf } from "../src/gguf/index.ts";

interface ShowBody {
  readonly details: { readonly parameter_size: string; readonly quantization_level: string };
  readonly model_info: Readonly<Record<string, unknown>>;
  readonly tensors: readonly { readonly name: string }[];
  readonly capabilities: readonly string[];
  readonly template: string;
}

interface Step {
  readonly request: {
    readonly path: string;
    readonly headers?: object;
    readonly body?: { readonly model?: string; readonly name?: string; readonly verbose?: boolean };
  };
  readonly response: { readonly status: number; readonly body?: ShowBody };
}

const vectors = process.env["PUNA_VECTORS"] ?? join(import.meta.dirname, "../../../../shared/vectors");
const fixtures = join(vectors, "http/fixtures");
const isThere = existsSync(fixtures);
if (!isThere && process.env["CI"] === "true") throw new Error(`the vectors are missing at ${vectors}`);
if (!isThere) console.log(`skipped: no vectors at ${vectors}`);

// Every recorded show of a model that is one of the fixture files and nothing else.
const shows = isThere ? findShows() : [];
let ran = 0;
afterAll(() => console.log(`gguf show vectors: ${ran} cases ran`));

test.skipIf(!isThere)("there are recorded cases", () => expect(shows.length).toBeGreaterThan(0));

test.each(shows)("$model shows as recorded", async ({ file, body, verbose }) => {
  ran += 1;
  const gguf = await readGguf(bytesSource(readFileSync(join(fixtures, file))));
  expect(await modelInfo(gguf, { verbose })).toEqual(body.model_info);
  const tensors = gguf.tensors.map(({ name, type, shape }) => ({ name, type, shape }));
  // Import may put them into another order.
  expect(tensors.toSorted(byName)).toEqual(body.tensors.toSorted(byName));
  expect(printCount(gguf.parameterCount)).toBe(body.details.parameter_size);
  expect(quantizationLevel(gguf.metadata)).toBe(body.details.quantization_level);
  const jinja = gguf.metadata.string("tokenizer.chat_template");
  const capabilities = deriveCapabilities({
    metadata: gguf.metadata,
    ...(jinja === undefined ? {} : { template: { kind: "jinja", text: jinja } as const }),
  });
  expect(capabilities).toEqual(body.capabilities);
});

function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  return left.name < right.name ? -1 : 1;
}

function findShows() {
  // Recorded by the set's own generator; its README gives the shape.
  const { cases } = JSON.parse(readFileSync(join(vectors, "http/show.json"), "utf8")) as {
    readonly cases: readonly { readonly steps: readonly Step[] }[];
  };
  const { gguf } = JSON.parse(readFileSync(join(vectors, "http/fixtures.json"), "utf8")) as {
    readonly gguf: Readonly<Record<string, string>>;
  };
  return cases
    .flatMap(({ steps }) => steps)
    .flatMap(({ request, response }) => {
      const model = request.body?.model ?? request.body?.name ?? "";
      const file = gguf[model.toLowerCase().replace(/^registry\.ollama\.ai\/library\/|:latest$/g, "")];
      // Requests with headers of their own ask for what only the server can answer (one client gets its name echoed).
      const isShow = request.path === "/api/show" && request.headers === undefined && response.status === 200;
      if (!isShow || file === undefined || response.body === undefined) return [];
      const verbose = request.body?.verbose ?? false;
      return [{ model, file: file.replace("fixtures/", ""), body: response.body, verbose }];
    });
}

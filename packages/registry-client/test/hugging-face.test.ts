import { createHash, randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname } from "node:path";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { expect, test } from "vitest";
import { createRegistryClient } from "../src/index.ts";
import { sendBlob, startLoopbackRegistry } from "../src/testing/index.ts";
import { messageOf, outcome } from "./support.ts";

/** The Hub's answer for a sharded tag, worded as seen in public reports of August 2026. */
const refusal = JSON.stringify({
  error: "The specified tag is a sharded GGUF. Ollama does not support this yet.",
});

interface HubFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Answers as the Hub does for one repository of sharded models. */
function hub(files: readonly HubFile[], pageSize = 1000) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const url = new URL(request.url ?? "", "http://hub");
    if (url.pathname.startsWith("/v2/") && url.pathname.includes("/manifests/")) {
      response.writeHead(400).end(refusal);
      return true;
    }
    if (url.pathname === "/api/models/org/repo-GGUF/tree/main") {
      const listing = files.map(({ path, bytes }) => ({
        type: "file",
        path,
        size: bytes.length,
        oid: "0".repeat(40),
        lfs: { oid: createHash("sha256").update(bytes).digest("hex"), size: bytes.length, pointerSize: 130 },
      }));
      const all = [
        { type: "directory", path: "Q8_0", size: 0, oid: "2".repeat(40) },
        { type: "file", path: "README.md", size: 5, oid: "1".repeat(40) },
        ...listing,
      ];
      // As the Hub pages: the next page is named with a cursor, in a header.
      const start = Number(url.searchParams.get("cursor") ?? 0);
      if (start + pageSize < all.length) {
        const next = new URL(url.pathname, `http://${request.headers.host}`);
        next.search = `recursive=true&limit=${pageSize}&cursor=${start + pageSize}`;
        response.setHeader("link", `<${next.href}>; rel="next"`);
      }
      response.end(JSON.stringify(all.slice(start, start + pageSize)));
      return true;
    }
    const path = decodeURIComponent(url.pathname).replace("/org/repo-GGUF/resolve/main/", "");
    const file = files.find((candidate) => candidate.path === path);
    if (file === undefined) return false;
    sendBlob(request, response, file.bytes);
    return true;
  };
}

const shards = (stem: string, count: number): HubFile[] =>
  Array.from({ length: count }, (_, index) => ({
    path: `${stem}-0000${index + 1}-of-0000${count}.gguf`,
    bytes: randomBytes(50_000 + index),
  }));

const files = [
  ...shards("Q4_K_M/Model-Q4_K_M", 2),
  ...shards("Q8_0/Model-Q8_0", 3),
  ...shards("UD-Q4_K_XL/Model-UD-Q4_K_XL", 2),
  ...shards("UD-Q8_0/Model-UD-Q8_0", 2),
  ...shards("Broken/Model-IQ1_S", 3).slice(1),
];

async function pullTag(tag: string, pageSize?: number, hubFiles: readonly HubFile[] = files) {
  await using registry = await startLoopbackRegistry({ intercept: hub(hubFiles, pageSize) });
  await using temporary = await openTemporaryStore();
  await using client = createRegistryClient({
    store: temporary.store,
    huggingFaceHosts: [registry.host],
    retry: { attempts: 1 },
  });
  const name = ModelName.parse(`${registry.host}/org/repo-GGUF:${tag}`);
  const { error } = await outcome(client.pull(name, { insecure: true }));
  const stored = await temporary.store.manifests.read(name);
  const path = stored === undefined ? undefined : await temporary.store.modelFile(stored);
  return {
    error,
    names: stored?.manifest.layers.map((layer) => layer.name),
    kinds: stored?.manifest.layers.map((layer) => layer.mediaType.split(".").at(-1)),
    laidOut: path === undefined ? [] : await readdir(dirname(path)),
  };
}

test.each([
  ["Q8_0", "Model-Q8_0", 3],
  ["q4_k_m", "Model-Q4_K_M", 2],
  ["UD-Q4_K_XL", "Model-UD-Q4_K_XL", 2],
  ["latest", "Model-Q4_K_M", 2],
  ["Model-Q8_0-00002-of-00003.gguf", "Model-Q8_0", 3],
])(
  "hf.co/org/repo:%s fetches all parts of the set, and lays them out for the engine",
  async (tag, stem, count) => {
    const { error, names, laidOut } = await pullTag(tag);
    expect(error).toBeUndefined();
    expect(names).toEqual(
      Array.from({ length: count }, (_, index) => `${stem}-0000${index + 1}-of-0000${count}.gguf`),
    );
    expect(laidOut.toSorted()).toEqual(names);
  },
);

test.each([
  ["at the top", ["mmproj-BF16.gguf", "mmproj-F16.gguf", "mmproj-Q8_0.gguf"], "mmproj-F16.gguf"],
  ["in the set's own folder first", ["mmproj-F16.gguf", "Q8_0/mmproj-Q8_0.gguf"], "mmproj-Q8_0.gguf"],
  ["not that of another set", ["Q4_K_M/mmproj-F16.gguf", "model.mmproj-bf16.gguf"], "model.mmproj-bf16.gguf"],
])("a set comes with its projector: %s", async (_, paths, wanted) => {
  const projectors = paths.map((path) => ({ path, bytes: randomBytes(3000) }));
  const { error, names, kinds, laidOut } = await pullTag("Q8_0", undefined, [...files, ...projectors]);
  expect(error).toBeUndefined();
  expect(kinds).toEqual(["model", "model", "model", "projector"]);
  expect(names?.at(-1)).toBe(wanted);
  expect(laidOut.length).toBe(3);
});

test.each(["Q4_K", "IQ1_S", "Q2_K"])("tag %s has no complete set, and says so", async (tag) => {
  const { error } = await pullTag(tag);
  expect(messageOf(error)).toBe(`org/repo-GGUF has no complete set of GGUF parts for the tag ${tag}`);
});

test("a listing of several pages is read to its end", async () => {
  const { error, names } = await pullTag("UD-Q4_K_XL", 3);
  expect(error).toBeUndefined();
  expect(names?.length).toBe(2);
});

test("a listing that goes on at another host is not followed there", async () => {
  const answer = hub(files);
  await using registry = await startLoopbackRegistry({
    intercept: (request, response) => {
      if (request.url?.startsWith("/api/models/") === true)
        response.setHeader("link", '<http://127.0.0.1:1/api/models/x>; rel="next"');
      return answer(request, response);
    },
  });
  await using temporary = await openTemporaryStore();
  const options = { store: temporary.store, huggingFaceHosts: [registry.host], retry: { attempts: 1 } };
  await using client = createRegistryClient(options);
  const name = ModelName.parse(`${registry.host}/org/repo-GGUF:Q8_0`);
  expect((await outcome(client.pull(name, { insecure: true }))).error).toBeUndefined();
});

test.each([
  [401, '{"error":"Invalid username or password."}'],
  [403, '{"error":"Access to model org/repo-GGUF is restricted."}'],
])("a gated or private model answers %i, and the text says what to do", async (status, body) => {
  await using registry = await startLoopbackRegistry({
    intercept: (_request, response) => {
      response.writeHead(status, { "content-type": "application/json" }).end(body);
      return true;
    },
  });
  await using temporary = await openTemporaryStore();
  const options = { store: temporary.store, huggingFaceHosts: [registry.host], retry: { attempts: 1 } };
  await using client = createRegistryClient(options);
  const name = ModelName.parse(`${registry.host}/org/repo-GGUF:Q8_0`);
  const { error } = await outcome(client.pull(name, { insecure: true }));
  expect(error).toMatchObject({ code: "UNAUTHORIZED" });
  expect(messageOf(error)).toBe(
    `pull model manifest: ${status}: ${body}; for a gated model ask for access on its page, and add the public key of this machine (id_ed25519.pub) to the SSH keys of your Hugging Face account`,
  );
});

test("elsewhere the registry's refusal is the answer", async () => {
  await using registry = await startLoopbackRegistry({ intercept: hub(files) });
  await using temporary = await openTemporaryStore();
  await using client = createRegistryClient({ store: temporary.store });
  const { error } = await outcome(
    client.pull(ModelName.parse(`${registry.host}/org/repo-GGUF:Q8_0`), { insecure: true }),
  );
  expect(messageOf(error)).toBe(`pull model manifest: 400: ${refusal}`);
});

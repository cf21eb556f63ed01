import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createFromModelfile, hashFile, Puna, uploadBlob } from "../src/node/index.ts";
import { sendJson, sendLines, startServer, toArray } from "./server.ts";

const digestOf = (content: string) => `sha256:${createHash("sha256").update(content).digest("hex")}`;

async function createWorld() {
  const folder = await mkdtemp(join(tmpdir(), "puna-sdk-"));
  const blobs = new Map<string, string>();
  const server = await startServer((request, response) => {
    const digest = request.path.replace("/api/blobs/", "");
    if (request.method === "HEAD") response.writeHead(blobs.has(digest) ? 200 : 404).end();
    else if (request.path.startsWith("/api/blobs/")) {
      if (digestOf(request.body) !== digest) return sendJson(response, { error: "digest mismatch" }, 400);
      blobs.set(digest, request.body);
      response.writeHead(201).end();
    } else if (request.path === "/api/create")
      sendLines(response, [{ status: "writing manifest" }, { status: "success" }]);
    else sendJson(response, { message: { role: "assistant", content: "" }, response: "", done: true });
  });
  return {
    folder,
    blobs,
    server,
    client: new Puna({ host: server.url }),
    write: async (name: string, content: string) => {
      await mkdir(join(folder, name, ".."), { recursive: true });
      await writeFile(join(folder, name), content);
    },
    created: () => server.seen.filter(({ path }) => path === "/api/create").map(({ json }) => json),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

describe("createFromModelfile", () => {
  test("uploads the files it names, each once, and creates with their names below the common folder", async () => {
    await using world = await createWorld();
    await world.write("weights/a.gguf", "GGUF base");
    await world.write("weights/vision/mmproj.gguf", "GGUF projector");
    await world.write("lora.gguf", "GGUF adapter");
    const modelfile = `FROM weights/a.gguf\nFROM ./weights/vision/mmproj.gguf\nADAPTER ${join(world.folder, "lora.gguf")}\nSYSTEM hi\nPARAMETER temperature 0.5\nPARAMETER mirostat 1\n`;
    const warnings: string[] = [];
    const create = () =>
      toArray(
        createFromModelfile(world.client, {
          model: "m",
          modelfile,
          directory: world.folder,
          quantize: "Q8_0",
          onWarning: (warning) => warnings.push(warning),
        }),
      );
    const events = await create();
    expect(world.created()).toEqual([
      {
        model: "m",
        files: { "a.gguf": digestOf("GGUF base"), "vision/mmproj.gguf": digestOf("GGUF projector") },
        adapters: { "lora.gguf": digestOf("GGUF adapter") },
        system: "hi",
        parameters: { temperature: 0.5 },
        quantize: "Q8_0",
        stream: true,
      },
    ]);
    expect([...world.blobs.values()].sort()).toEqual(["GGUF adapter", "GGUF base", "GGUF projector"]);
    expect(warnings).toEqual(["parameter mirostat is deprecated"]);
    expect(events[0]).toEqual({ status: "gathering model components" });
    expect(events).toContainEqual({
      status: `copying file ${digestOf("GGUF base")}`,
      digest: digestOf("GGUF base"),
      total: 9,
      completed: 9,
    });
    expect(events.slice(-2)).toEqual([{ status: "writing manifest" }, { status: "success" }]);

    await create();
    const uploads = world.server.seen.filter(
      ({ method, path }) => method === "POST" && path.startsWith("/api/blobs"),
    );
    expect(uploads).toHaveLength(3);
  });

  test("takes what is not a file for the name of a model", async () => {
    await using world = await createWorld();
    for (const from of ["llama3", "hf.co/org/repo:Q4_K_M", "x".repeat(5000)]) {
      await toArray(
        createFromModelfile(world.client, { model: "m", modelfile: `FROM ${from}`, directory: world.folder }),
      );
    }
    expect(world.created()).toMatchObject([
      { from: "llama3" },
      { from: "hf.co/org/repo:Q4_K_M" },
      { from: "x".repeat(5000) },
    ]);
  });

  test("takes a folder for the weights of one kind and what belongs to them", async () => {
    await using world = await createWorld();
    for (const name of [
      "model-1.safetensors",
      "model-2.safetensors",
      "old.bin",
      "other.gguf",
      "config.json",
      "tokenizer.model",
      "1_Pooling/config.json",
      "notes.txt",
      ".git/x.json",
    ]) {
      await world.write(`repo/${name}`, name);
    }
    await toArray(
      createFromModelfile(world.client, { model: "m", modelfile: "FROM ./repo", directory: world.folder }),
    );
    const names = [
      "model-1.safetensors",
      "model-2.safetensors",
      "config.json",
      "tokenizer.model",
      "1_Pooling/config.json",
    ];
    expect(world.created()).toEqual([
      { model: "m", stream: true, files: Object.fromEntries(names.map((name) => [name, digestOf(name)])) },
    ]);
  });

  test("refuses folders without weights, links that leave the folder, and Git LFS pointers", async () => {
    await using world = await createWorld();
    const create = () =>
      toArray(
        createFromModelfile(world.client, { model: "m", modelfile: "FROM ./repo", directory: world.folder }),
      );
    await world.write("repo/readme.txt", "x");
    await expect(create()).rejects.toThrow("no Modelfile or safetensors files found");
    await world.write("repo/a.gguf", "version https://git-lfs.github.com/spec/v1\noid sha256:x");
    await expect(create()).rejects.toThrow("git lfs pull");
    await rm(join(world.folder, "repo/a.gguf"));
    await world.write("secret", "x");
    await symlink(join(world.folder, "secret"), join(world.folder, "repo/a.gguf"));
    await expect(create()).rejects.toThrow("insecure path: ../secret");
    expect(world.created()).toEqual([]);
  });

  test("finds homes: the given one for ~, the system's for ~user", async () => {
    await using world = await createWorld();
    await world.write("a.gguf", "GGUF");
    await toArray(
      createFromModelfile(world.client, {
        model: "m",
        modelfile: "FROM ~/a.gguf",
        directory: "/",
        home: world.folder,
      }),
    );
    expect(world.created()).toMatchObject([{ files: { "a.gguf": digestOf("GGUF") } }]);
    const path = join("x", `${userInfo().username}`);
    await toArray(
      createFromModelfile(world.client, {
        model: "m",
        modelfile: `FROM ~${userInfo().username}/no-such/${path}`,
        directory: "/",
      }),
    );
    await expect(
      toArray(
        createFromModelfile(world.client, { model: "m", modelfile: "FROM ~no-such-user/a", directory: "/" }),
      ),
    ).rejects.toThrow("unknown user no-such-user");
  });

  test("reports a broken Modelfile, a missing adapter and a draft that is the base itself", async () => {
    await using world = await createWorld();
    await world.write("a.gguf", "GGUF");
    await symlink(join(world.folder, "a.gguf"), join(world.folder, "b.gguf"));
    const create = (modelfile: string) =>
      toArray(createFromModelfile(world.client, { model: "m", modelfile, directory: world.folder }));
    await expect(create("FROM x\nBOGUS y\n")).rejects.toThrow("(line 2): command must be one of");
    await expect(create("FROM x\nADAPTER no.gguf\n")).rejects.toThrow("no.gguf: no such file or directory");
    await expect(create("FROM a.gguf\nDRAFT b.gguf\n")).rejects.toThrow(
      "DRAFT must not reference the same local path as FROM",
    );
  });

  test("stops reading when the signal says so", async () => {
    await using world = await createWorld();
    await world.write("a.gguf", "GGUF".repeat(1_000_000));
    const options = {
      model: "m",
      modelfile: "FROM a.gguf",
      directory: world.folder,
      signal: AbortSignal.abort(),
    };
    await expect(toArray(createFromModelfile(world.client, options))).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});

test("hashes and uploads a file of many pieces while reading it, and says how far it is", async () => {
  await using world = await createWorld();
  const content = "0123456789abcdef".repeat(200_000);
  await world.write("big", content);
  const path = join(world.folder, "big");
  const seen: number[] = [];
  expect(await hashFile(path, { onProgress: (completed) => seen.push(completed) })).toBe(digestOf(content));
  expect(seen.length).toBeGreaterThan(2);
  expect(seen.at(-1)).toBe(content.length);
  expect(await uploadBlob(world.client, path)).toBe(digestOf(content));
  expect(world.blobs.get(digestOf(content))).toBe(content);
  expect(world.server.seen.at(-1)?.headers["content-length"]).toBeUndefined();
  await expect(uploadBlob(world.client, path, digestOf("other"))).rejects.toMatchObject({
    code: "BAD_REQUEST",
  });
});

test("takes pictures as bytes, as base64 and as paths", async () => {
  await using world = await createWorld();
  await world.write("picture.png", "hi");
  const images = [new Uint8Array([104, 105]), "aGk=", join(world.folder, "picture.png")];
  await world.client.generate({ model: "m", images });
  expect(world.server.seen[0]?.json).toMatchObject({ images: ["aGk=", "aGk=", "aGk="] });
});

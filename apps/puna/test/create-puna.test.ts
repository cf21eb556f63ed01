import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { createPuna } from "../src/create-puna.ts";

const folders: string[] = [];
afterEach(() => Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true }))));

/** A home whose server has a key already. */
async function homeWithKey(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "puna-home-"));
  folders.push(home);
  const sha256 = createHash("sha256").update("secret").digest("hex");
  const keys = [{ name: "mine", sha256, scopes: ["admin"] }];
  await writeFile(join(home, "keys.json"), JSON.stringify({ keys }));
  return home;
}

it("trusts the program that embeds it, and asks those for keys who come through its app", async () => {
  const home = await homeWithKey();
  await using puna = await createPuna({ home, modelsDir: join(home, "models") });
  expect((await puna.fetch("http://localhost/api/tags")).status).toBe(200);
  expect((await puna.app.request("http://localhost/api/tags")).status).toBe(401);
  const headers = { authorization: "Bearer secret" };
  expect((await puna.app.request("http://localhost/api/tags", { headers })).status).toBe(200);
});

it("asks everybody for keys when told so", async () => {
  const home = await homeWithKey();
  await using puna = await createPuna({ home, modelsDir: join(home, "models"), requireKeys: true });
  expect((await puna.fetch("http://localhost/api/tags")).status).toBe(401);
});

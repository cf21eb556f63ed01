import { createHash } from "node:crypto";
import type { CreateKeyResponse, DevicesResponse, KeysResponse, SlotsResponse } from "@puna/protocol";
import { describe, expect, it } from "vitest";
import { openTestServer } from "./support/test-server.ts";

const sha256 = (key: string) => createHash("sha256").update(key).digest("hex");

const probeDevices = async () => ({
  driver: "llama/native" as const,
  version: "b10488",
  devices: [
    { name: "CPU", kind: "cpu" as const, freeBytes: 10, totalBytes: 20 },
    { name: "GPU0", kind: "gpu" as const, freeBytes: 30, totalBytes: 40 },
  ],
});

async function json<T>(response: Response | Promise<Response>): Promise<T> {
  // The tests say what comes; the assertions check it.
  return (await (await response).json()) as T;
}

describe("/api/puna/devices", () => {
  it("tells driver, backend, devices and what loaded models take of them", async () => {
    await using test = await openTestServer({}, { probeDevices });
    await test.post("/api/generate", { model: "m", keep_alive: -1 });
    const devices = await json<DevicesResponse>(test.server.request("/api/puna/devices"));
    expect(devices).toMatchObject({
      driver: "llama/native",
      version: "b10488",
      backend: "gpu",
      devices: [
        { name: "CPU", kind: "cpu", free: 10, total: 20 },
        { name: "GPU0", kind: "gpu", free: 30, total: 40 },
      ],
    });
    const { models } = await json<SlotsResponse>(test.server.request("/api/puna/slots"));
    expect(devices.used.size).toBe(models.reduce((sum, { size }) => sum + size, 0));
    expect(models).toHaveLength(1);
  });

  it("asks the machine once in five seconds, and again after a failure", async () => {
    let [asked, nowMs] = [0, 0];
    const probe = async () => {
      asked += 1;
      if (asked === 1) throw new Error("no");
      return probeDevices();
    };
    await using test = await openTestServer({}, { probeDevices: probe, now: () => nowMs });
    const ask = async () => (await test.server.request("/api/puna/devices")).status;
    expect([await ask(), await ask(), await ask(), asked]).toEqual([500, 200, 200, 2]);
    nowMs += 5001;
    expect([await ask(), asked]).toEqual([200, 3]);
  });

  it("is 501 where nobody can tell", async () => {
    await using test = await openTestServer();
    expect((await test.server.request("/api/puna/devices")).status).toBe(501);
  });
});

describe("scopes of the own routes", () => {
  const apiKeys = [
    { name: "boss", sha256: sha256("boss"), scopes: ["admin"] as const },
    { name: "keeper", sha256: sha256("keeper"), scopes: ["manage"] as const },
    { name: "user", sha256: sha256("user"), scopes: ["infer", "embed"] as const },
  ];

  it.each([
    ["GET", "/api/puna/devices", 200],
    ["GET", "/api/puna/slots", 200],
    ["GET", "/api/puna/store/df", 200],
    ["POST", "/api/puna/store/verify", 200],
    ["GET", "/api/puna/keys", 403],
  ])("%s %s is for manage (or admin) alone", async (method, path, keeper) => {
    await using test = await openTestServer({}, { apiKeys, probeDevices });
    const ask = async (key: string | undefined) => {
      const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
      const body = method === "POST" ? "{}" : undefined;
      const response = await test.server.request(path, {
        method,
        headers,
        ...(body !== undefined && { body }),
      });
      await response.text();
      return response.status;
    };
    expect([await ask(undefined), await ask("user"), await ask("keeper"), await ask("boss")]).toEqual([
      401,
      403,
      keeper,
      200,
    ]);
  });
});

describe("requests of the program itself", () => {
  it("need no key, while those who come through the app do", async () => {
    await using test = await openTestServer({}, { saveApiKeys: async () => {} });
    const created = await json<CreateKeyResponse>(
      test.post("/api/puna/keys", { name: "first", scopes: ["admin"] }),
    );
    expect(created.key).toMatch(/^puna_/);
    const request = () => new Request("http://localhost/api/puna/keys");
    expect((await test.server.fetch(request())).status).toBe(401);
    const { keys } = await json<KeysResponse>(test.server.trustedFetch(request()));
    expect(keys).toEqual([{ name: "first", scopes: ["admin"] }]);
  });
});

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { generate } from "selfsigned";
import { afterEach, describe, expect, it } from "vitest";
import { createCliContext, ownFetch } from "../src/cli-context.ts";
import { readConfig } from "../src/config.ts";
import { checkAddress } from "../src/doctor/check-address.ts";

const source = new URL("../src/", import.meta.url).href;
const program = `
  const { runServer } = await import("${source}run-server.ts");
  const { readConfig } = await import("${source}config.ts");
  await runServer(readConfig(process.env), "1.0.0");
`;

const children: ChildProcess[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A server process with a home of its own. @returns once it listens */
async function serve(env: Record<string, string> = {}) {
  const home = mkdtempSync(join(tmpdir(), "puna-serve-"));
  folders.push(home);
  const args = ["--conditions=@puna/source", "--input-type=module", "-e", program];
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env["PATH"], HOME: home, OLLAMA_HOST: "127.0.0.1:0", ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  children.push(child);
  const log = { text: "" };
  child.stderr?.on("data", (data: Buffer) => {
    log.text += data.toString();
  });
  const listening = () => /"url":"([^"]+)".*"listening"/.exec(log.text)?.[1] ?? "";
  await expect.poll(listening, { timeout: 40_000 }).not.toBe("");
  const url = new URL(listening());
  return { child, home, url, port: Number(url.port), log };
}

describe("the server process", () => {
  it("answers HTTP/1.0 without a Host header, writes a log without prompts, and ends in peace", async () => {
    const { child, home, port, log } = await serve({ OLLAMA_SCHED_SPREAD: "1" });
    const socket = connect(port, "127.0.0.1");
    socket.end("GET /api/version HTTP/1.0\r\n\r\n");
    expect(await text(socket)).toMatch(/^HTTP\/1\.[01] 200/);
    const body = JSON.stringify({ model: "none", prompt: "a secret of mine" });
    const refused = await fetch(`http://127.0.0.1:${port}/api/generate`, { method: "POST", body });
    expect(refused.status).toBe(404);
    const id = refused.headers.get("x-request-id") ?? "";
    await refused.text();
    child.kill("SIGTERM");
    expect((await once(child, "exit"))[0]).toBe(0);
    const lines = readFileSync(join(home, ".ollama", "logs", "server.log"), "utf8");
    expect(lines).toContain(id);
    expect(lines).toContain("OLLAMA_SCHED_SPREAD is set and has no effect here");
    expect(lines).toContain('"stopping"');
    expect(`${lines}${log.text}`).not.toContain("secret");
    for (const line of lines.trim().split("\n")) expect(() => JSON.parse(line)).not.toThrow();
  });

  it("speaks HTTPS with the certificate and key that it is given, and its own commands trust it", async () => {
    const [own, other] = [await certificate(), await certificate()];
    const { url, home } = await serve({ PUNA_TLS_CERT: own.cert, PUNA_TLS_KEY: own.key });
    expect(url.href).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/$/);
    const answer = await new Promise<string>((resolve, reject) => {
      const options = {
        host: "127.0.0.1",
        servername: "models.example",
        port: url.port,
        path: "/api/version",
      };
      const request = httpsRequest({ ...options, ca: readFileSync(own.cert) }, (response) =>
        resolve(text(response)),
      );
      request.on("error", reject).end();
    });
    expect(JSON.parse(answer)).toMatchObject({ puna: "1.0.0" });

    // Another name than the address, and signed by nobody: it is the one of the server all the same.
    const contextOf = (env: Record<string, string>) =>
      createCliContext(readConfig({ HOME: home, ...env }), "1.0.0", "none");
    for (const address of [url.host, url.href, `http://${url.host}`]) {
      const context = contextOf({ OLLAMA_HOST: address, PUNA_TLS_CERT: own.cert });
      expect(context.serverUrl).toBe(`https://${url.host}`);
      await context.ensureServer();
      expect(await context.client.list()).toEqual({ models: [] });
    }
    const options = { scheme: "https", hostname: "127.0.0.1", port: Number(url.port) } as const;
    for (const [file, answers] of [
      [own.cert, "puna"],
      [other.cert, "untrusted"],
    ] as const) {
      const config = readConfig({ OLLAMA_HOST: url.host, PUNA_TLS_CERT: file });
      const checked = { host: options, allowUnauthenticated: false, hasKeys: false, version: "1.0.0" };
      expect(await checkAddress({ ...checked, ...ownFetch(config) })).toMatchObject({ facts: { answers } });
    }
    const distrusted = contextOf({ OLLAMA_HOST: url.host, PUNA_TLS_CERT: other.cert }).client.list();
    await expect(distrusted).rejects.toMatchObject({ code: "CONNECTION_FAILED" });
    const unreadable = contextOf({ OLLAMA_HOST: url.host, PUNA_TLS_CERT: join(home, "none.pem") });
    await expect(unreadable.ensureServer()).rejects.toThrow(/PUNA_TLS_CERT cannot be read: .*none\.pem/);
  });
});

/** Files of a certificate for a name that is not ours, and of its key. */
async function certificate(): Promise<{ readonly cert: string; readonly key: string }> {
  const names = [{ name: "commonName", value: "models.example" }];
  const made = await generate(names, {
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "models.example" }] }],
  });
  const folder = mkdtempSync(join(tmpdir(), "puna-tls-"));
  folders.push(folder);
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  writeFileSync(cert, made.cert);
  writeFileSync(key, made.private);
  return { cert, key };
}

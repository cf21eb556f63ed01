import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { generate } from "selfsigned";
import { afterEach, describe, expect, it } from "vitest";

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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** A server process with a home of its own. @returns once it listens */
async function serve(env: Record<string, string> = {}) {
  const home = mkdtempSync(join(tmpdir(), "puna-serve-"));
  folders.push(home);
  const port = await freePort();
  const args = ["--conditions=@puna/source", "--input-type=module", "-e", program];
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env["PATH"], HOME: home, OLLAMA_HOST: `127.0.0.1:${port}`, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  children.push(child);
  const log = { text: "" };
  child.stderr?.on("data", (data: Buffer) => {
    log.text += data.toString();
  });
  await expect.poll(() => log.text, { timeout: 20_000 }).toContain('"listening"');
  return { child, home, port, log };
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

  it("speaks HTTPS with the certificate and key that it is given", async () => {
    const names = [{ name: "commonName", value: "localhost" }];
    const made = await generate(names, {
      extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
    });
    const folder = mkdtempSync(join(tmpdir(), "puna-tls-"));
    folders.push(folder);
    writeFileSync(join(folder, "cert.pem"), made.cert);
    writeFileSync(join(folder, "key.pem"), made.private);
    const { port, log } = await serve({
      PUNA_TLS_CERT: join(folder, "cert.pem"),
      PUNA_TLS_KEY: join(folder, "key.pem"),
    });
    expect(log.text).toContain(`https://127.0.0.1:${port}`);
    const answer = await new Promise<string>((resolve, reject) => {
      const request = httpsRequest(
        { host: "127.0.0.1", servername: "localhost", port, path: "/api/version", ca: made.cert },
        (response) => resolve(text(response)),
      );
      request.on("error", reject).end();
    });
    expect(JSON.parse(answer)).toMatchObject({ puna: "1.0.0" });
  });
});

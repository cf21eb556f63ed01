import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { afterAll, describe, expect, it } from "vitest";
import { freePort, isAlive, puna, startServer, untilTrue } from "./support/processes.ts";
import { gemmaPath, hasGemma } from "./support/required-parts.ts";

/** Process ids of servers that were told to listen at this address. */
function serversAt(url: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return (
          command.includes("\0serve\0") &&
          readFileSync(`/proc/${pid}/environ`, "utf8").includes(`OLLAMA_HOST=${url}`)
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

describe.skipIf(!hasGemma || process.platform !== "linux")("a server nobody started", () => {
  const dir = mkdtempSync(join(tmpdir(), "puna-auto-"));

  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const settings = (home: string, host: string) => ({
    PATH: process.env["PATH"],
    HOME: dir,
    PUNA_HOME: join(dir, home),
    OLLAMA_MODELS: join(dir, "models"),
    OLLAMA_HOST: host,
  });

  it("is started by run, answers, and ends without leaving a runner", async () => {
    {
      await using server = await startServer(dir);
      writeFileSync(
        join(dir, "Modelfile"),
        `FROM ${gemmaPath}\nPARAMETER num_ctx 512\nPARAMETER num_predict 4\n`,
      );
      expect(await puna(["create", "m", "-f", join(dir, "Modelfile")], server.env)).toMatchObject({
        code: 0,
      });
    }
    const url = `http://127.0.0.1:${await freePort()}`;
    const env = settings("home", url);
    const answer = await puna(["run", "m"], env, { stdin: "1 2 3" });
    const servers = serversAt(url);
    try {
      expect(answer).toMatchObject({ code: 0 });
      expect(answer.stdout).toMatch(/\S/);
      expect(servers).toHaveLength(1);
      await untilTrue(() =>
        readFileSync(join(dir, "home", "logs", "server.log"), "utf8").includes("listening"),
      );
    } finally {
      for (const pid of servers) process.kill(pid, "SIGTERM");
    }
    await untilTrue(() => servers.every((pid) => !isAlive(pid)));
    expect(serversAt(url)).toEqual([]);
  });

  it("is started with a certificate, too, and reached by it", async () => {
    const made = await generate([{ name: "commonName", value: "models.example" }]);
    const files = { PUNA_TLS_CERT: join(dir, "cert.pem"), PUNA_TLS_KEY: join(dir, "key.pem") };
    writeFileSync(files.PUNA_TLS_CERT, made.cert);
    writeFileSync(files.PUNA_TLS_KEY, made.private);
    const host = `127.0.0.1:${await freePort()}`;
    const env = { ...settings("tls-home", host), ...files };
    const answer = await puna(["run", "m", "1 2 3"], env);
    try {
      expect(answer).toMatchObject({ code: 0, stderr: "" });
      expect(answer.stdout).toMatch(/\S/);
      expect((await puna(["ps"], env)).stdout).toMatch(/^m:latest /m);
      expect((await puna(["df", "--json"], env)).code).toBe(0);
      const foreign = await puna(["ps"], { PATH: env.PATH, HOME: dir, OLLAMA_HOST: `https://${host}` });
      expect(foreign.stderr).toMatch(
        /^Error: the certificate of https:.* is not trusted \(.*NODE_EXTRA_CA_CERTS\n$/,
      );
    } finally {
      for (const pid of serversAt(host)) process.kill(pid, "SIGTERM");
    }
    await untilTrue(() => serversAt(host).length === 0);
  });

  it("is not started by commands that only ask", async () => {
    const env = { PATH: process.env["PATH"], HOME: dir, OLLAMA_HOST: `http://127.0.0.1:${await freePort()}` };
    expect(await puna(["list"], env)).toEqual({
      code: 1,
      stdout: "",
      stderr: "Error: could not connect to puna server, run 'puna serve' to start it\n",
    });
  });
});

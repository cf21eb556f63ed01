import { spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { proportionalMemory } from "./engine-memory.ts";
import type { BenchmarkSetup, Subject } from "./engine-subject.ts";

/** A llama-server with the same threads, slots and context. */
export function llamaServerSubject(path: string, { model, threads, parallel }: BenchmarkSetup): Subject {
  return {
    name: "llama-server",
    start: async () => {
      const port = await freePort();
      const context = 4096 * parallel;
      const child = spawn(
        path,
        `-m ${model} --host 127.0.0.1 --port ${port} -c ${context} -np ${parallel} -t ${threads || 2} -tb ${threads || 2} --offline`.split(
          " ",
        ),
        { env: { ...process.env, LD_LIBRARY_PATH: dirname(path) }, stdio: "ignore" },
      );
      const exited = once(child, "exit");
      while (!(await isReady(port))) {
        if (child.exitCode !== null) throw new Error(`llama-server ended with ${child.exitCode}`);
        await sleep(5);
      }
      return {
        generate: ({ prompt, maxTokens, onPiece }) => {
          const body = {
            prompt,
            n_predict: maxTokens,
            temperature: 0,
            ignore_eos: true,
            stream: true,
            cache_prompt: true,
          };
          return complete(port, body, onPiece);
        },
        memoryBytes: () => proportionalMemory(child.pid ?? 0),
        [Symbol.asyncDispose]: async () => {
          child.kill("SIGKILL");
          await exited;
        },
      };
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const ask = request({ host: "127.0.0.1", port, path: "/health", agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ask.once("error", () => resolve(false));
    ask.end();
  });
}

/** @returns tokens written */
function complete(port: number, body: object, onPiece: () => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path: "/completion", method: "POST", agent: false };
    const post = request({ ...options, headers: { "content-type": "application/json" } }, (response) => {
      let rest = "";
      let tokens = 0;
      response.on("data", (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          if (!line.startsWith("data: ")) continue;
          const event: { content?: string; stop?: boolean; tokens_predicted?: number } = JSON.parse(
            line.slice(6),
          );
          if (event.stop) tokens = event.tokens_predicted ?? 0;
          else if (event.content !== "") onPiece();
        }
      });
      response.once("end", () => resolve(tokens));
      response.once("error", reject);
    });
    post.once("error", reject);
    post.end(JSON.stringify(body));
  });
}

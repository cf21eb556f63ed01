import { request } from "node:http";

export interface Post {
  readonly port: number;
  readonly path: string;
  readonly body: object;
  /** Called with each line of the answer that is not empty. */
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Posts JSON and reads an answer of lines. Settles at its end, or when it was cancelled. */
export function post({ port, path, body, onLine, signal }: Post): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const options = { host: "127.0.0.1", port, path, method: "POST", agent: false, headers };
    const ask = request(options, (response) => {
      let rest = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (line !== "") onLine(line);
      });
      response.once("end", () => {
        if (rest !== "") onLine(rest);
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${path} answered ${response.statusCode}: ${rest.slice(0, 300)}`));
      });
      response.once("error", (error) => (signal?.aborted ? resolve() : reject(error)));
    });
    ask.once("error", (error) => (signal?.aborted ? resolve() : reject(error)));
    signal?.addEventListener("abort", () => ask.destroy(), { once: true });
    ask.end(JSON.stringify(body));
  });
}

/** Whether a path answers 200. */
export function isReady(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ask = request({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ask.once("error", () => resolve(false));
    ask.end();
  });
}

import {
  createServer,
  request as forwardRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** What goes wrong with one exchange; undefined: nothing. */
export type Fault =
  /** no answer at all */
  | { readonly act: "swallow" }
  /** the proxy answers in the registry's place */
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** only so many bytes of the body pass; then silence, a byte now and then, a clean end, or a reset */
  | { readonly afterBytes: number; readonly act: "stall" | "drip" | "end" | "reset" }
  /** a byte of the body is another one */
  | { readonly act: "corrupt" }
  /** the head says something else */
  | { readonly act: "pass"; readonly headers: Readonly<Record<string, string>> };

export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  fault: (request: IncomingMessage) => Fault | undefined;
  /** told after a fault began to work */
  onFault: () => void;
}

/** Stands before a registry on this machine, and breaks what it is told to break. */
export async function startFaultProxy(target: number, fault: FaultProxy["fault"]): Promise<FaultProxy> {
  const timers: NodeJS.Timeout[] = [];
  const state = { fault, onFault: () => {} };
  const server = createServer((request, response) => {
    response.on("error", () => {});
    const found = state.fault(request);
    if (found !== undefined) queueMicrotask(() => state.onFault());
    if (found === undefined || !("status" in found)) {
      if (found?.act === "swallow") return;
      forward(target, request, response, found, timers);
      return;
    }
    request.resume();
    response.writeHead(found.status, found.headers).end(found.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(state, {
    // Listening on a port, so the address is an object.
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function forward(
  target: number,
  request: IncomingMessage,
  response: ServerResponse,
  fault: Exclude<Fault, { readonly status: number }> | undefined,
  timers: NodeJS.Timeout[],
): void {
  const { method, url: path, headers } = request;
  const upstream = forwardRequest({ host: "127.0.0.1", port: target, method, path, headers }, (answer) => {
    const head = { ...answer.headers, ...(fault?.act === "pass" ? fault.headers : {}) };
    if (fault?.act === "end") {
      // The same head without a length: the client cannot tell from the end of the body that it came early.
      delete head["content-length"];
    }
    response.writeHead(answer.statusCode ?? 502, head);
    if (fault === undefined || fault.act === "pass") {
      answer.pipe(response);
      return;
    }
    let passed = 0;
    answer.on("data", (chunk: Buffer) => {
      if (fault.act === "corrupt") {
        const copy = Buffer.from(chunk);
        copy[0] = (copy[0] ?? 0) ^ 1;
        response.write(copy);
        return;
      }
      if (!("afterBytes" in fault) || passed >= fault.afterBytes) return;
      const piece = chunk.subarray(0, fault.afterBytes - passed);
      passed += piece.length;
      const isLast = passed === fault.afterBytes;
      response.write(piece, () => {
        if (isLast) stop(chunk.subarray(piece.length));
      });
    });
    answer.on("end", () => {
      if (!("afterBytes" in fault) || passed < fault.afterBytes) response.end();
    });
    const stop = (rest: Buffer) => {
      answer.removeAllListeners("data");
      answer.resume();
      if (fault.act === "end") response.end();
      // Late enough that what was written has left.
      if (fault.act === "reset") setTimeout(() => response.destroy(), 10);
      let at = 0;
      if (fault.act === "drip" && rest.length > 0)
        timers.push(setInterval(() => response.write(rest.subarray(at, ++at)), 20));
    };
  });
  upstream.on("error", () => response.destroy());
  response.on("close", () => upstream.destroy());
  request.pipe(upstream);
}

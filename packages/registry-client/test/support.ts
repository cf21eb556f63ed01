import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { ProgressEvent } from "../src/index.ts";

/** All events of a transfer, and the error that ended it, if one did. */
export async function outcome(
  events: AsyncIterable<ProgressEvent>,
): Promise<{ readonly events: readonly ProgressEvent[]; readonly error: unknown }> {
  const all: ProgressEvent[] = [];
  try {
    for await (const event of events) all.push(event);
    return { events: all, error: undefined };
  } catch (error) {
    return { events: all, error };
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export interface TestServer extends AsyncDisposable {
  readonly port: number;
}

export async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestServer> {
  const server: Server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    // Listening on a port, so the address is an object.
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const vectorsFolder =
  process.env["PUNA_VECTORS"] ?? fileURLToPath(new URL("../../../../shared/vectors", import.meta.url));

/** Whether recordings are at hand; without them tests skip, but under CI they fail. */
export function haveVectors(): boolean {
  if (existsSync(vectorsFolder)) return true;
  const text = `No recordings in ${vectorsFolder}; set PUNA_VECTORS to their folder`;
  if (process.env["CI"] === "true") throw new Error(text);
  console.log(`skipped: ${text}`);
  return false;
}

/** One file of recordings, or an empty one where there are none. */
export function readVectors<T>(file: string): { readonly cases: readonly T[] } {
  const path = `${vectorsFolder}/${file}`;
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { cases: [] };
}

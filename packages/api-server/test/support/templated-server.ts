import type { CompletionRequest } from "@puna/engine";
import { openTestServer, type TestServer } from "./test-server.ts";

export interface TemplatedServer extends TestServer {
  /** What reached the engine. */
  readonly requests: readonly CompletionRequest[];
}

/** A server whose models answer with these pieces; `m` has no template, `t` is made of it with these layers. */
export async function openTemplatedServer(
  pieces: readonly string[],
  layers: { readonly template: string; readonly parameters?: object },
): Promise<TemplatedServer> {
  const requests: CompletionRequest[] = [];
  const test = await openTestServer({
    answer(request) {
      requests.push(request);
      return { pieces };
    },
  });
  const response = await test.post("/api/create", { model: "t", from: "m", ...layers, stream: false });
  if (!response.ok) throw new Error(await response.text());
  return { ...test, requests };
}

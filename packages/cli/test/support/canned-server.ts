import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Question {
  readonly model: string;
  readonly messages: readonly {
    readonly role: string;
    readonly content: string;
    readonly images?: readonly string[];
  }[];
  readonly [field: string]: unknown;
}

/** What a server answers: pieces of text with pauses between them, or an error. */
export interface CannedAnswers {
  /** Pieces of the answer to a conversation. */
  readonly chat?: (question: Question) => readonly (string | { readonly thinking: string })[];
  readonly pauseMs?: number;
  readonly show?: object;
  /** More routes: the lines of their answer, or one object. */
  readonly texts?: Readonly<Record<string, () => string>>;
  readonly routes?: Readonly<Record<string, (body: Record<string, unknown>) => object | readonly object[]>>;
}

/** A server on a port of this machine that gives canned answers and remembers what it was asked. */
export class CannedServer implements AsyncDisposable {
  readonly asked: { readonly path: string; readonly body: Record<string, unknown> }[] = [];
  /** Answers that the client left before their end. */
  abandoned = 0;
  readonly #server: Server;
  readonly #answers: CannedAnswers;

  private constructor(answers: CannedAnswers) {
    this.#answers = answers;
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const path = request.url ?? "/";
      const body = JSON.parse(Buffer.concat(chunks).toString() || "{}");
      this.asked.push({ path, body });
      response.on("close", () => {
        if (!response.writableEnded) this.abandoned++;
      });
      const text = answers.texts?.[path];
      if (text !== undefined) return void response.end(text());
      const lines = this.#answer(path, body);
      if (lines === undefined) return void response.writeHead(404).end('{"error":"not found"}');
      response.writeHead(200, {
        "content-type": Array.isArray(lines) ? "application/x-ndjson" : "application/json",
      });
      if (!Array.isArray(lines)) return void response.end(JSON.stringify(lines));
      for (const line of lines) {
        response.write(`${JSON.stringify(line)}\n`);
        if (answers.pauseMs) await sleep(answers.pauseMs);
        if (response.destroyed) return;
      }
      response.end();
    });
  }

  static async start(answers: CannedAnswers = {}): Promise<CannedServer> {
    const server = new CannedServer(answers);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    // A server that listens on a port has such an address.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  questions(): readonly Question[] {
    return this.asked
      .filter(({ path }) => path === "/api/chat")
      .map(({ body }) => body as unknown as Question);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(path: string, body: Record<string, unknown>): object | readonly object[] | undefined {
    const { chat, routes = {}, show } = this.#answers;
    const own = routes[path];
    if (own !== undefined) return own(body);
    switch (path) {
      case "/api/show":
        return {
          details: {},
          model_info: {},
          capabilities: ["completion"],
          template: "{{ .Prompt }}",
          ...show,
        };
      case "/api/generate":
        return { response: "", done: true, done_reason: "load" };
      case "/api/chat": {
        const pieces = chat?.(body as unknown as Question) ?? ["Hello", " wor", "ld", "!"];
        const message = (piece: string | { readonly thinking: string }) =>
          typeof piece === "string"
            ? { role: "assistant", content: piece }
            : { role: "assistant", content: "", ...piece };
        return [
          ...pieces.map((piece) => ({ message: message(piece), done: false })),
          {
            message: { role: "assistant", content: "" },
            done: true,
            done_reason: "stop",
            eval_count: 4,
            eval_duration: 1e9,
          },
        ];
      }
      default:
        return undefined;
    }
  }
}

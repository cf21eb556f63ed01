import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import type { ChaosRequest } from "./chaos-requests.ts";

export type Outcome =
  | { readonly type: "answer"; readonly text: string }
  | { readonly type: "failure"; readonly text: string }
  /** It gave up itself. */
  | { readonly type: "left" }
  | { readonly type: "stuck" };

export interface SendOptions {
  readonly port: number;
  /** Gives up after so many ms, or after so many pieces. */
  readonly leaveAfter?: { readonly ms?: number; readonly pieces?: number };
  readonly deadlineMs: number;
}

/** One request on a connection of its own. */
export function send(request: ChaosRequest, options: SendOptions): Promise<Outcome> {
  const { port, leaveAfter = {}, deadlineMs } = options;
  return new Promise((resolve) => {
    let left = false;
    const settle = (outcome: Outcome) => {
      clearTimeout(deadline);
      clearTimeout(leaving);
      resolve(left ? { type: "left" } : outcome);
    };
    const leave = () => {
      left = true;
      post.destroy();
      settle({ type: "left" });
    };
    const deadline = setTimeout(() => {
      settle({ type: "stuck" });
      post.destroy();
    }, deadlineMs);
    const leaving = leaveAfter.ms === undefined ? undefined : setTimeout(leave, leaveAfter.ms);
    const post = httpRequest(
      { host: "127.0.0.1", port, path: request.path, method: "POST", agent: false },
      (response) => {
        let body = "";
        let pieces = 0;
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          body += chunk;
          if (++pieces === leaveAfter.pieces) leave();
        });
        response.once("end", () => settle(readBody(request, response.statusCode ?? 0, body)));
        response.once("error", (error) => settle({ type: "failure", text: error.message }));
      },
    );
    post.once("error", (error) => settle({ type: "failure", text: error.message }));
    post.setHeader("content-type", "application/json");
    post.end(JSON.stringify(request.body));
  });
}

/** Cuts the line in the middle of its own request, or before it reads anything. */
export function disconnect(request: ChaosRequest, port: number, part: number): Promise<void> {
  const body = JSON.stringify(request.body);
  const head = `POST ${request.path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  const text = head + body;
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(text.slice(0, Math.ceil(text.length * Math.min(1, part))), () => {
        setTimeout(() => socket.destroy(), part * 100);
      });
    });
    socket.on("error", () => {});
    socket.once("close", () => resolve());
  });
}

function readBody(request: ChaosRequest, status: number, body: string): Outcome {
  if (status !== 200) return { type: "failure", text: `${status} ${body.trim()}` };
  let text = "";
  let isDone = false;
  try {
    for (const line of body.split("\n")) {
      const data = line.startsWith("data: ") ? line.slice(6) : line;
      if (data === "[DONE]") isDone = true;
      if (data.trim() === "" || data === "[DONE]") continue;
      const part: Part = JSON.parse(data);
      if (part.error !== undefined) return { type: "failure", text: JSON.stringify(part.error) };
      const [choice] = part.choices ?? [];
      text +=
        part.message?.content ?? part.response ?? choice?.delta?.content ?? choice?.message?.content ?? "";
      if (part.done || choice?.message !== undefined) isDone = true;
    }
  } catch {
    return { type: "failure", text: `not JSON: ${body.slice(-200)}` };
  }
  return isDone
    ? { type: "answer", text }
    : { type: "failure", text: `${request.kind} ended without its end` };
}

interface Part {
  readonly error?: unknown;
  readonly done?: boolean;
  readonly response?: string;
  readonly message?: { readonly content?: string };
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string };
    readonly message?: { readonly content?: string };
  }[];
}

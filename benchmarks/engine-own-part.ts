import { connect, type Socket } from "node:net";
import { median } from "./engine-ratio.ts";

const rounds = 60;

/**
 * What passes between a request and the first byte of its answer beside making tokens of the prompt, reading it and
 * sampling, as the runner counts them. By a bare socket: an HTTP client has a part of its own, which is not asked for.
 * @param bodyOf  of a request to `/api/generate` for a few tokens
 * @returns ms, the median of many short prompts
 */
export async function ownPart(port: number, bodyOf: (prompt: string) => object): Promise<number> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const body = JSON.stringify(bodyOf(`Round ${round} of a short prompt`));
    const { firstMs, answer } = await exchange(socket, body);
    const [, promptNs] = /"prompt_eval_duration":(\d+)/.exec(answer) ?? [];
    if (promptNs === undefined) throw new Error(`the answer tells no prompt_eval_duration: ${answer}`);
    times.push(firstMs - Number(promptNs) / 1e6);
  }
  socket.destroy();
  return median(times);
}

/** The first byte comes with the first token: headers and the first piece are one write. */
function exchange(
  socket: Socket,
  body: string,
): Promise<{ readonly firstMs: number; readonly answer: string }> {
  const head = [
    "POST /api/generate HTTP/1.1",
    "Host: 127.0.0.1",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return new Promise((resolve, reject) => {
    let answer = "";
    let firstMs: number | undefined;
    const begun = performance.now();
    const take = (chunk: Buffer) => {
      firstMs ??= performance.now() - begun;
      answer += chunk.toString();
      if (!answer.endsWith("\r\n0\r\n\r\n")) return;
      socket.off("data", take).off("error", reject);
      resolve({ firstMs, answer });
    };
    socket.on("data", take).once("error", reject);
    socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  });
}

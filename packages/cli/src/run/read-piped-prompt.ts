/** Everything on standard input when it is a pipe or a file; nothing when it is a terminal. */
export async function readPipedPrompt(stdin: NodeJS.ReadStream): Promise<string> {
  if (stdin.isTTY) return "";
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { cosineSimilarity, Puna, PunaError } from "@puna/sdk";
import { hashFile } from "@puna/sdk/node";

const server = createServer((request, response) => {
  if (request.url !== "/api/chat") {
    response.writeHead(404, { "content-type": "application/json" }).end('{"error":"model \'m\' not found"}');
    return;
  }
  const part = (content: string, done: boolean) =>
    `${JSON.stringify({ model: "m", created_at: "", message: { role: "assistant", content }, done })}\n`;
  response.write(part("H", false));
  response.end(part("i!", true));
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = server.address();
assert(typeof address === "object" && address !== null);

const puna = new Puna({ host: `http://127.0.0.1:${address.port}` });
let text = "";
const messages = [{ role: "user", content: "Say hi." }];
for await (const { message } of await puna.chat({ model: "m", messages, stream: true }))
  text += message.content;
assert.equal(text, "Hi!");
await assert.rejects(puna.show({ model: "m" }), (error) => PunaError.is(error) && error.code === "NOT_FOUND");
assert.equal(cosineSimilarity([1, 0], [2, 0]), 1);
assert.match(await hashFile(import.meta.filename), /^sha256:[0-9a-f]{64}$/);
server.closeAllConnections();
server.close();
console.log("ok");

// Serves a model under /llm of a bare node:http server. `node main.ts`
import { createServer } from "node:http";
import { createPuna } from "puna";

const puna = await createPuna();
const server = createServer((request, response) => {
  if (!request.url?.startsWith("/llm/")) return response.end("my own service");
  request.url = request.url.slice("/llm".length);
  return puna.app.nodeListener(request, response);
});

const port = Number(process.env["PORT"] ?? 3000);
server.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/llm/api/tags`));

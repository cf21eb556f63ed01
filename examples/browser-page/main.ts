// A page that talks to a model from the browser, without a bundler. `node main.ts`
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createPuna } from "puna";

const puna = await createPuna();
/** What the page may import; its import map has the same names. */
const folders = new Map([
  ["sdk", new URL(".", import.meta.resolve("@puna/sdk"))],
  ["protocol", new URL(".", import.meta.resolve("@puna/protocol"))],
]);

const server = createServer(async (request, response) => {
  const path = request.url ?? "/";
  if (path.startsWith("/llm/")) {
    request.url = path.slice("/llm".length);
    return puna.app.nodeListener(request, response);
  }
  const [, folder = "", file = ""] = /^\/modules\/(\w+)\/([\w-]+\.js)$/.exec(path) ?? [];
  const base = folders.get(folder);
  const url = path === "/" ? new URL("index.html", import.meta.url) : base && new URL(file, base);
  const content = url && (await readFile(url).catch(() => undefined));
  response.setHeader("content-type", path === "/" ? "text/html; charset=utf-8" : "text/javascript");
  response.writeHead(content === undefined ? 404 : 200).end(content);
});

const port = Number(process.env["PORT"] ?? 3000);
server.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/`));

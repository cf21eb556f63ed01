// Serves a model under /llm of a Fastify service that has routes of its own. `node main.ts`
import fastify from "fastify";
import { createPuna } from "puna";

const puna = await createPuna();
const app = fastify();
app.get("/", () => "my own service");
await app.register(
  (scope, _options, ready) => {
    // The models' routes read their bodies themselves.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
    scope.all("/*", (request, reply) => {
      reply.hijack();
      request.raw.url = request.raw.url?.replace(/^\/llm/, "") || "/";
      puna.app.nodeListener(request.raw, reply.raw);
    });
    ready();
  },
  { prefix: "/llm" },
);

const port = Number(process.env["PORT"] ?? 3000);
await app.listen({ port, host: "127.0.0.1" });
console.log(`http://127.0.0.1:${port}/llm/api/tags`);

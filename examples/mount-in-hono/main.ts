// Serves a model under /llm of a Hono service that has routes of its own. `node main.ts`
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { createPuna } from "puna";

const puna = await createPuna();
const app = new Hono();
app.get("/", (context) => context.text("my own service"));
app.mount("/llm", puna.app.fetch);

serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.env["PORT"] ?? 3000) }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}/llm/api/tags`);
});

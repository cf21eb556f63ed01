// Serves a model under /llm of an Express service that has routes of its own. `node main.ts`
import express from "express";
import { createPuna } from "puna";

const puna = await createPuna();
const app = express();
app.get("/", (_request, response) => {
  response.send("my own service");
});
// Before any body parser: the models' routes read their bodies themselves.
app.use("/llm", puna.app.nodeListener);

const port = Number(process.env["PORT"] ?? 3000);
app.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/llm/api/tags`));

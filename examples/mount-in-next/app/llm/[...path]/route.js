// Serves the models under /llm of a Next application; runs in its Node server, not on the edge.
import { createPuna } from "puna";

// One for the process: in development this module is loaded again after each change.
globalThis.puna ??= createPuna();

async function handle(request) {
  const puna = await globalThis.puna;
  const url = new URL(request.url);
  url.pathname = url.pathname.replace(/^\/llm/, "");
  // `puna.fetch` would trust whoever asks; `app` asks for API keys where there are some.
  return puna.app.fetch(new Request(url, request));
}

export { handle as DELETE, handle as GET, handle as HEAD, handle as POST };

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ApiServer, apiSubject } from "./engine-api.ts";
import type { BenchmarkSetup, Subject } from "./engine-subject.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Our server as built. */
export function punaProgram(setup: BenchmarkSetup): Pick<ApiServer, "command" | "env"> {
  if (!existsSync(path("../apps/puna/dist/main.js")))
    throw new Error("the server is not built: npm run build");
  return {
    command: [process.execPath, path("../apps/puna/bin/puna.js"), "serve"],
    env: {
      PUNA_DRAFT_TOKENS: setup.drafts,
      PUNA_LLAMA_LIBRARIES: process.env["PUNA_LLAMA_LIBRARIES"],
    },
  };
}

export function punaSubject(setup: BenchmarkSetup, version: string): Subject {
  const program = punaProgram(setup);
  return apiSubject({ name: "puna", version, ...program, importer: program }, setup);
}

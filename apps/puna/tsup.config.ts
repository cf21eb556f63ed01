import { library } from "../../tooling/tsup.base.ts";

const requireBanner = `import { createRequire as __createRequire } from "node:module";
import { fileURLToPath as __fileURLToPath } from "node:url";
import { dirname as __pathDirname } from "node:path";
const require = __createRequire(import.meta.url);
const __filename = __fileURLToPath(import.meta.url);
const __dirname = __pathDirname(__filename);`;

// The command line is bundled with oclif: start-up is file reads, and main and commands must share one copy.
export default library(
  { main: "src/main.ts", commands: "src/commands.ts", index: "src/index.ts" },
  {
    dts: { entry: { index: "src/index.ts" } },
    noExternal: [
      /^(?!@puna\/(api-server|blob-store|engine|registry-client)|pino|hono|@hono\/|undici|typescript)/,
    ],
    external: ["typescript", "undici"],
    banner: { js: requireBanner },
  },
);

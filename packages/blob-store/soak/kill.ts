// The store's crash soak pulls from a registry, so it lives one layer up; this starts it.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const soak = fileURLToPath(new URL("../../registry-client/soak/kill.ts", import.meta.url));
const run = spawnSync(process.execPath, ["--conditions=@puna/source", soak, ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exit(run.status ?? 1);

// Does one operation and kills itself with SIGKILL at one place: kill-child.ts OPERATION MODELS_DIR HOST FOLDER [PLACE OCCURRENCE]
// It prints how often each place was passed, as JSON.
import { writeSync } from "node:fs";
import { openStore } from "@puna/blob-store";
import { operations, perform } from "./kill-operations.ts";

const [operationText, modelsDir = "", host = "", folder = "", place, occurrence] = process.argv.slice(2);
const operation = operations.find((candidate) => candidate === operationText);
if (operation === undefined) throw new Error(`unknown operation ${operationText}`);
const passed: Record<string, number> = {};
await using store = openStore({
  modelsDir,
  trace: (name) => {
    const count = (passed[name] ?? 0) + 1;
    passed[name] = count;
    if (name !== place || count !== Number(occurrence)) return;
    writeSync(1, JSON.stringify(passed));
    process.kill(process.pid, "SIGKILL");
  },
});
await perform(operation, { store, host, folder });
console.log(JSON.stringify(passed));

// One pull in a process of its own: `node pull-once.ts NAME MODELS_DIR`. Prints its figures as JSON.
import { openStore } from "@puna/blob-store";
import { ModelName } from "@puna/protocol";
import { pull } from "@puna/registry-client";

const [nameText = "", modelsDir = ""] = process.argv.slice(2);
await using store = openStore({ modelsDir });
const before = process.memoryUsage.rss();
const begun = performance.now();
for await (const _event of pull({ name: ModelName.parse(nameText), store, insecure: true })) {
  // Only the time counts.
}
const seconds = (performance.now() - begun) / 1000;
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
const processorSeconds = (userCPUTime + systemCPUTime) / 1e6;
console.log(JSON.stringify({ seconds, processorSeconds, growthBytes: maxRSS * 1024 - before }));

// Pulls a model into a folder: `node main.ts gemma3:270m ./models`
import { openStore } from "@puna/blob-store";
import { ModelName } from "@puna/protocol";
import { pull } from "@puna/registry-client";

const [name = "gemma3:270m", modelsDir = "models"] = process.argv.slice(2);
await using store = openStore({ modelsDir });
for await (const event of pull({
  name: ModelName.parse(name),
  store,
  insecure: name.startsWith("127.0.0.1"),
})) {
  console.log(
    event.type === "transfer" ? `${event.status} ${event.completedBytes}/${event.totalBytes}` : event.status,
  );
}

import { fetchMiniLm } from "./minilm.mjs";
import { fetchModel, models } from "./model-files.mjs";

const log = (line) => console.log(line);
const names = process.argv.slice(2);
for (const name of names.length > 0 ? names : ["gemma"]) {
  if (name === "minilm") {
    console.log(await fetchMiniLm({ log }));
    continue;
  }
  if (!(name in models)) {
    console.error(`unknown model ${name}; there are: ${Object.keys(models).join(", ")}, minilm`);
    process.exit(1);
  }
  console.log(await fetchModel(name, { log }));
}

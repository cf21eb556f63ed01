import { fetchModel, models } from "./model-files.mjs";

const names = process.argv.slice(2);
for (const name of names.length > 0 ? names : ["gemma"]) {
  if (!(name in models)) {
    console.error(`unknown model ${name}; there are: ${Object.keys(models).join(", ")}`);
    process.exit(1);
  }
  console.log(await fetchModel(name, { log: (line) => console.log(line) }));
}

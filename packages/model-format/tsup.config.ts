import { library } from "../../tooling/tsup.base.ts";

export default library({
  index: "src/index.ts",
  gguf: "src/gguf/index.ts",
  "go-template": "src/go-template/index.ts",
  grammar: "src/grammar/index.ts",
  testing: "src/testing/index.ts",
});

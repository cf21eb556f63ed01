import { library } from "../../tooling/tsup.base.ts";

export default library({
  index: "src/index.ts",
  runner: "src/runner-child/main.ts",
  testing: "src/testing/index.ts",
});

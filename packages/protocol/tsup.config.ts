import { library } from "../../tooling/tsup.base.ts";

export default library({
  index: "src/index.ts",
  errors: "src/errors.ts",
  framing: "src/framing/index.ts",
  modelfile: "src/modelfile/index.ts",
  schemas: "src/schemas/index.ts",
});

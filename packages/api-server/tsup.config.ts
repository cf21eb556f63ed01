import { library } from "../../tooling/tsup.base.ts";

export default library(
  {
    index: "src/index.ts",
    // Files of their own, so that a bundle that catches errors has no server in it.
    errors: "src/errors.ts",
    "create-server": "src/create-server.ts",
  },
  { dts: { entry: { index: "src/index.ts" } } },
);

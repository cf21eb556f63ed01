import { library } from "../../tooling/tsup.base.ts";

export default library(
  {
    index: "src/index.ts",
    // Files of their own, so that a bundle that catches errors has no command line in it.
    errors: "src/errors.ts",
    main: "src/main.ts",
    commands: "src/commands.ts",
  },
  { dts: { entry: { index: "src/index.ts" } } },
);

import { library } from "../../tooling/tsup.base.ts";

export default library(
  {
    index: "src/index.ts",
    testing: "src/testing/index.ts",
    // Files of their own, so that a bundle that catches errors has no HTTP client in it.
    errors: "src/errors.ts",
    "registry-client": "src/registry-client.ts",
    "docker-credentials": "src/http/docker-credentials.ts",
  },
  { dts: { entry: { index: "src/index.ts", testing: "src/testing/index.ts" } } },
);

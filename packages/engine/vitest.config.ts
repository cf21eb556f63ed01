import { compileCache } from "../../tooling/compile-ahead.ts";
import { packageTests } from "../../tooling/vitest.base.ts";

export default packageTests({
  env: { NODE_COMPILE_CACHE: compileCache },
  globalSetup: ["test/support/compiled-runner.setup.ts"],
});

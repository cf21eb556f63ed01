import { packageTests } from "../tooling/vitest.base.ts";

export default packageTests({
  include: ["**/*.test.ts"],
  fileParallelism: false,
  globalSetup: ["support/client-models.setup.ts"],
  testTimeout: 240_000,
  hookTimeout: 240_000,
});

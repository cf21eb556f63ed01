import { packageTests } from "../tooling/vitest.base.ts";

export default packageTests({
  include: ["**/*.test.ts"],
  fileParallelism: false,
  testTimeout: 120_000,
  hookTimeout: 180_000,
});

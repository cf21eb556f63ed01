import { packageTests } from "../../tooling/vitest.base.ts";

// Pure, so that files may follow each other in one process: starting another costs more than most of them take.
export default packageTests({ isolate: false });

import { library } from "../../tooling/tsup.base.ts";

export default library({
  index: "src/index.ts",
  testing: "src/testing/index.ts",
  // Loaded by file name as a worker thread; its name must stay.
  "writer-thread": "src/blobs/writer-thread.ts",
});

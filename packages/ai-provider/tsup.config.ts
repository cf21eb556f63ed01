import { library } from "../../tooling/tsup.base.ts";

export default library({ index: "src/index.ts" });

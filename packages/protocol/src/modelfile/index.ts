export type { Modelfile, ModelfileCommand } from "./modelfile.ts";
export { parseParameterValue } from "./parameter-value.ts";
export { parseModelfile } from "./parse.ts";
export { type PrintOptions, printModelfile, printModelfileCommand } from "./print.ts";
export {
  type CreateRequestPlan,
  type ResolvedFiles,
  type ResolveFiles,
  toCreateRequest,
} from "./to-create-request.ts";

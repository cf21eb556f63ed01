export type { AnyNode, ListNode } from "./ast.ts";
export { FunctionFailure } from "./errors.ts";
export type { Parameter, TemplateFunction, TemplateFunctions } from "./functions.ts";
export { goJson } from "./go-json.ts";
export { GoTemplate, type GoTemplateOptions } from "./go-template.ts";
export type { TemplateLimits } from "./limits.ts";
export type { Value } from "./run-state.ts";
export {
  fromJson,
  GoByte,
  GoBytes,
  GoComplex,
  GoFloat,
  GoMap,
  type GoMapType,
  GoSlice,
  GoStruct,
  GoStructType,
  type GoType,
  type GoValue,
} from "./values.ts";

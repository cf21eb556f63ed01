export type { AnyNode, ListNode } from "./ast.ts";
export { FunctionFailure } from "./errors.ts";
export type { TemplateFunction, TemplateFunctions } from "./functions.ts";
export { goJson } from "./go-json.ts";
export { GoTemplate, type GoTemplateOptions } from "./go-template.ts";
export type { TemplateLimits } from "./limits.ts";
export { GoComplex, GoMap, GoSlice, GoStruct, type GoValue } from "./values.ts";

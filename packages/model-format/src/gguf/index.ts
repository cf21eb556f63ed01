export { GgufError, type GgufErrorCode } from "../errors.ts";
export { GgufArray, type GgufElement } from "./array.ts";
export type { ByteSource } from "./byte-source.ts";
export { bytesSource } from "./bytes-source.ts";
export {
  type CompatibilityPlan,
  type NativeOverride,
  planCompatibility,
  toNativeOverride,
} from "./compat-overrides.ts";
export { editGgufHeader, type GgufEdits } from "./edit-header.ts";
export { fileTypeCode, fileTypeName, quantizationLevel } from "./file-types.ts";
export { type Gguf, type ReadGgufOptions, readGguf } from "./header.ts";
export { type GgufKind, kindOf } from "./kind.ts";
export type { GgufLimits } from "./limits.ts";
export { type GgufEntry, GgufMetadata, type GgufValue } from "./metadata.ts";
export { kvCacheBytesPerToken, type ModelDimensions, modelDimensions } from "./model-dimensions.ts";
export { type ModelInfoValue, modelInfo } from "./model-info.ts";
export type { GgufRule } from "./refuse.ts";
export {
  type GgufSplit,
  joinSplitParts,
  parseSplitFileName,
  printSplitFileName,
  type SplitFileName,
  splitOf,
} from "./split.ts";
export { type GgufTensorType, tensorTypeByCode, tensorTypeByName } from "./tensor-types.ts";
export type { GgufTensor } from "./tensors.ts";
export type { GgufTypedArray } from "./typed-array.ts";
export type { GgufNumberType, GgufValueType } from "./value-types.ts";
export {
  encodeGguf,
  encodeGgufHeader,
  type GgufFormat,
  type GgufWriteEntry,
  type GgufWriteTensor,
} from "./write-gguf.ts";

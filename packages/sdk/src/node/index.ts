import { Puna } from "./puna.ts";

export type * from "../index.ts";
export { AbortableAsyncIterator, cosineSimilarity, defineTool, findNearest, PunaError } from "../index.ts";
export { type CreateFromModelfileOptions, createFromModelfile } from "./create-from-modelfile.ts";
export { type FileReadOptions, hashFile } from "./hash-file.ts";
export { Puna, Puna as Ollama } from "./puna.ts";
export { uploadBlob } from "./upload-blob.ts";

/** A client of the server on this machine, as the default export of `ollama` is one. */
export default /* @__PURE__ */ new Puna();

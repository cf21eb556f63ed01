import { createPunaProvider } from "./puna-provider.ts";

export type { PunaChatModel } from "./chat-model.ts";
export type { PunaEmbeddingModel } from "./embedding-model.ts";
export type { PunaModelSettings } from "./model-settings.ts";
export { createPunaProvider, type PunaProvider, type PunaProviderOptions } from "./puna-provider.ts";

/** The models of the server on this machine (port 11434). */
export const puna = /* @__PURE__ */ createPunaProvider();

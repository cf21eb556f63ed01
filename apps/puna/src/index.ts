export { createPuna, type EmbeddedPuna, type EmbedOptions } from "./create-puna.ts";

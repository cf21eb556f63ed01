export {
  type LoopbackRegistry,
  type LoopbackRegistryOptions,
  type SeenRequest,
  sendBlob,
  startLoopbackRegistry,
} from "./loopback-registry.ts";
export { type PublishedModel, publishModel } from "./publish-model.ts";

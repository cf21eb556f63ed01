const layerPrefix = "application/vnd.ollama.image.";

/** Media types of a model's parts, as Ollama names them. */
export const mediaTypes = {
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
  model: `${layerPrefix}model`,
  adapter: `${layerPrefix}adapter`,
  projector: `${layerPrefix}projector`,
  draft: `${layerPrefix}draft`,
  template: `${layerPrefix}template`,
  /** what older models call their template */
  prompt: `${layerPrefix}prompt`,
  system: `${layerPrefix}system`,
  license: `${layerPrefix}license`,
  params: `${layerPrefix}params`,
  messages: `${layerPrefix}messages`,
  tensor: `${layerPrefix}tensor`,
  json: `${layerPrefix}json`,
} as const;

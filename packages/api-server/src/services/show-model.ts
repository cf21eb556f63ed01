import { type Gguf, modelInfo, readGguf } from "@puna/model-format/gguf";
import type { ShowResponse, TensorInfo } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";
import { badRequest, notFound } from "../errors.ts";
import { BoundedCache } from "../models/bounded-cache.ts";
import { fileSource } from "../models/file-source.ts";
import { cloudDisabled, findModel } from "../models/find-model.ts";
import type { KnownModel } from "../models/model-catalog.ts";
import { toDetails } from "../models/model-details.ts";
import { printModelfileOf } from "./print-modelfile-of.ts";
import { printParameters } from "./print-parameters.ts";

export interface ShowSettings {
  readonly model: string;
  /** Shown in place of the model's own. */
  readonly system: string;
  readonly verbose: boolean;
  /** Stand in the Modelfile, before the model's own. */
  readonly options: Readonly<Record<string, unknown>>;
}

type ShownFile = Pick<ShowResponse, "model_info" | "tensors" | "projector_info">;

/** What the files say does not change; reading it again for every `show` would cost. */
const shownFiles = new BoundedCache<ShownFile>(64);

/** Everything there is to know about one model. @throws ApiError `BAD_REQUEST`, `NOT_FOUND` */
export async function showModel(dependencies: Dependencies, settings: ShowSettings): Promise<ShowResponse> {
  if (settings.model.trim() === "") throw badRequest("model is required");
  const { name, stored } = await findModel(
    dependencies.store,
    settings.model,
    "remote model details are unavailable",
  );
  if (stored === undefined) throw notFound(`model '${name.toShortString()}' not found`);
  const known = await dependencies.catalog.know(stored);
  const { model } = known;
  if (model.config.remote_host !== undefined) throw cloudDisabled("remote model details are unavailable");
  const system = settings.system || model.system;
  const { parameters } = model;
  const file = await shownFiles.get(`${stored.digest} ${settings.verbose}`, () =>
    readFile(known, settings.verbose),
  );
  return {
    ...(model.licenses.length > 0 && { license: model.licenses.join("\n") }),
    modelfile: printModelfileOf(known, {
      name: name.toShortString(),
      system,
      parameters: { ...parameters, ...settings.options },
    }),
    ...(Object.keys(parameters).length > 0 && { parameters: printParameters(parameters) }),
    template: known.shownTemplate,
    ...(system !== "" && { system }),
    details: toDetails(model, { withParent: true }),
    ...(model.messages.length > 0 && {
      messages: model.messages.map(({ role, content }) => ({ role, content })),
    }),
    ...file,
    capabilities: known.capabilities,
    modified_at: stored.modifiedAt.toISOString(),
    ...(model.config.requires !== undefined && { requires: model.config.requires }),
  };
}

async function readFile({ model, gguf }: KnownModel, verbose: boolean): Promise<ShownFile> {
  const [projectorPath] = model.projectorPaths;
  const projector = projectorPath === undefined ? undefined : await readGguf(await fileSource(projectorPath));
  const tensors = gguf === undefined ? [] : gguf.tensors.map(toTensorInfo);
  return {
    model_info: gguf === undefined ? {} : await modelInfo(gguf, { verbose }),
    ...(projector !== undefined && { projector_info: await modelInfo(projector, { verbose }) }),
    ...(tensors.length > 0 && { tensors }),
  };
}

function toTensorInfo(tensor: Gguf["tensors"][number]): TensorInfo {
  return { name: tensor.name, type: tensor.type, shape: tensor.shape };
}

import { ModelName } from "@puna/protocol";
import type { Dependencies } from "../../dependencies.ts";
import { notFound } from "../../errors.ts";
import type { ApiRequest } from "../../http/api-request.ts";
import { errorReply } from "../../http/error-reply.ts";
import { jsonLineReply } from "../../http/json-reply.ts";
import type { Route } from "../../http/route.ts";
import { cloudDisabled, findModel } from "../../models/find-model.ts";
import { toAnthropicModel, toAnthropicModels, wantsAnthropic } from "../anthropic/models.ts";
import { isCloudModel } from "../understand.ts";

interface ListedName {
  readonly id: string;
  readonly name: ModelName;
  readonly modifiedAt: Date;
}

const familyOf = (request: ApiRequest) => (wantsAnthropic(request) ? "anthropic" : "openai");

/** Shared by OpenAI's and Anthropic's clients; the latter say so by a header. */
export function modelsRoute({ store, logger }: Dependencies): Route {
  return {
    method: "GET",
    path: "/v1/models",
    verb: "infer",
    family: "openai",
    familyOf,
    async handle(context) {
      const manifests = await store.manifests.list({
        onInvalid: (path, error) =>
          logger.warn("manifest left out of the list", { path, error: String(error) }),
      });
      const names = manifests.map(({ name, modifiedAt }) => {
        const full = new ModelName(name);
        return { id: full.toShortString(), name: full, modifiedAt };
      });
      if (wantsAnthropic(context.request))
        return jsonLineReply(toAnthropicModels(names, context.request.search));
      return jsonLineReply({ object: "list", data: names.map(toModel) });
    },
  };
}

export function modelRoute({ store }: Dependencies): Route {
  return {
    method: "GET",
    path: "/v1/models/:model",
    verb: "infer",
    family: "openai",
    familyOf,
    async handle(context) {
      const id = context.params["model"] ?? "";
      if (isCloudModel(id))
        return errorReply(cloudDisabled("remote model details are unavailable"), "ollama", context.id);
      const { name, stored } = await findModel(store, id);
      if (stored === undefined) throw notFound(`model '${name.toShortString()}' not found`);
      const found = { id, name, modifiedAt: stored.modifiedAt };
      return jsonLineReply(wantsAnthropic(context.request) ? toAnthropicModel(found) : toModel(found));
    },
  };
}

function toModel({ id, name, modifiedAt }: ListedName) {
  const created = Math.trunc(modifiedAt.getTime() / 1000);
  return { id, object: "model", created, owned_by: name.namespace };
}

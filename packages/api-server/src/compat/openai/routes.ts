import type { Dependencies } from "../../dependencies.ts";
import type { Route } from "../../http/route.ts";
import { chatCompletionsRoute } from "./chat-completions-route.ts";
import { completionsRoute } from "./completions-route.ts";
import { embeddingsRoute } from "./embeddings-route.ts";
import { modelRoute, modelsRoute } from "./models-routes.ts";
import { responsesRoutes } from "./responses/routes.ts";
import { transcriptionsRoute } from "./transcriptions-route.ts";

export function openAiRoutes(dependencies: Dependencies): Route[] {
  return [
    chatCompletionsRoute(dependencies),
    completionsRoute(dependencies),
    embeddingsRoute(dependencies),
    modelsRoute(dependencies),
    modelRoute(dependencies),
    transcriptionsRoute(dependencies),
    ...responsesRoutes(dependencies),
  ];
}

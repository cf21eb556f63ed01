/** What a template can express, as far as choosing between two of them goes. */
export type TemplateAbility = "tools" | "thinking" | "insert";

export interface TemplateAbilities {
  readonly abilities: readonly TemplateAbility[];
  /** It writes both a call that the model made and the result that came back. */
  readonly roundTripsTools: boolean;
}

/** `auto`: take the better template. `always`, `never`: what the user demands of Go templates. */
export type GoTemplateSetting = "auto" | "always" | "never";

/** What a model brings along for its prompts. */
export interface PathFacts {
  /** `model_format` of its configuration. */
  readonly format?: string;
  /** `model_family` of its configuration. */
  readonly family?: string;
  readonly renderer?: string;
  readonly parser?: string;
  /** Its template layer, when it has one. */
  readonly goTemplate?: TemplateAbilities & { readonly text: string };
  /** `tokenizer.chat_template` of its GGUF file, when there is one. */
  readonly chatTemplate?: TemplateAbilities;
  readonly goTemplates: GoTemplateSetting;
}

export type PromptPath =
  | { readonly type: "renderer"; readonly renderer: string; readonly parser?: string }
  /** Without a template layer, the default template `{{ .Prompt }}` is meant. */
  | { readonly type: "go-template"; readonly parser?: string }
  /** The GGUF's own Jinja template; ChatML where it has none. */
  | { readonly type: "native" };

/**
 * How a model's conversations become prompts.
 * @source ollama server/images.go, server/routes.go: renderer and parser first, then harmony, then templates
 */
export function choosePath(facts: PathFacts): PromptPath {
  const { renderer, parser } = facts;
  const withParser = parser ? { parser } : {};
  if (renderer) return { type: "renderer", renderer, ...withParser };
  if (parser || facts.format === "safetensors") return { type: "go-template", ...withParser };
  if (usesHarmony(facts)) return { type: "go-template", parser: "harmony" };
  return takesGoTemplate(facts) ? { type: "go-template" } : { type: "native" };
}

const harmonyFamilies: readonly (string | undefined)[] = ["gptoss", "gpt-oss"];

function usesHarmony({ family, goTemplate }: PathFacts): boolean {
  const text = goTemplate?.text ?? "";
  return harmonyFamilies.includes(family) && text.includes("<|start|>") && text.includes("<|end|>");
}

function takesGoTemplate({ goTemplate, chatTemplate, goTemplates }: PathFacts): boolean {
  if (goTemplate === undefined || goTemplates === "never") return false;
  if (goTemplates === "always" || chatTemplate === undefined) return true;
  return !prefersChatTemplate(chatTemplate, goTemplate);
}

/** More abilities win, unless that would lose the tool round trip; with equal tools the round trip decides. */
function prefersChatTemplate(chat: TemplateAbilities, go: TemplateAbilities): boolean {
  const gainsRoundTrip = chat.roundTripsTools && !go.roundTripsTools;
  if (chat.abilities.length > go.abilities.length) return chat.roundTripsTools || !go.roundTripsTools;
  const same =
    chat.abilities.length === go.abilities.length &&
    chat.abilities.every((ability) => go.abilities.includes(ability));
  return same && chat.abilities.includes("tools") && gainsRoundTrip;
}

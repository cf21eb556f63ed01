import type { Capability } from "@puna/protocol";
import type { GgufMetadata } from "./gguf/metadata.ts";

/** The template that a model's conversations go through, reduced to what it says about the model. */
export type TemplateFacts =
  | {
      readonly kind: "go";
      /** Names of variables, lower case. */
      readonly variables: readonly string[];
      /** The template has an opening and a closing tag around `.Thinking`. */
      readonly hasThinkingTags: boolean;
    }
  | { readonly kind: "jinja"; readonly text: string };

export interface CapabilityFacts {
  /** Metadata of the model file. */
  readonly metadata: GgufMetadata;
  readonly template?: TemplateFacts;
  /** The built-in output parser, where the model names one. */
  readonly parser?: { readonly hasTools: boolean; readonly hasThinking: boolean };
  /** Metadata of the first projector. */
  readonly projector?: GgufMetadata;
  /** The list in the model's configuration. */
  readonly declared?: readonly string[];
  /** `model_family` of the configuration. */
  readonly family?: string;
}

// Families whose templates think without tags that could be found.
const thinkingFamilies: readonly (string | undefined)[] = ["gptoss", "gpt-oss"];
// Hears only through a part that llama.cpp does not have.
const deafFamilies: readonly (string | undefined)[] = ["nemotron_h_omni"];

/**
 * What a model can do, in the order in which `show` lists it: declared ones first, a Jinja template's abilities before
 * the model's own, those of Go templates and built-in parsers after them.
 * @source Ollama's `Capabilities`, and recorded `/api/show` answers
 */
export function deriveCapabilities(facts: CapabilityFacts): readonly Capability[] {
  const { metadata, template, parser, projector } = facts;
  const found = new Set<Capability>();
  const add = (capability: Capability, isThere: boolean) => {
    if (isThere) found.add(capability);
  };
  for (const capability of facts.declared ?? []) add(capability, true);
  if (template?.kind === "jinja") {
    add("tools", jinjaOffersTools(template.text));
    add("thinking", jinjaThinks(template.text));
  }
  const embeds = metadata.architectureEntry("pooling_type") !== undefined;
  add(embeds ? "embedding" : "completion", true);
  add("vision", metadata.architectureEntry("vision.block_count") !== undefined);
  add("audio", metadata.architectureEntry("audio.block_count") !== undefined);
  const variables = template?.kind === "go" ? template.variables : [];
  add("tools", variables.includes("tools") || parser?.hasTools === true);
  add("insert", variables.includes("suffix"));
  add("vision", projector !== undefined);
  add("audio", projector !== undefined && projectorHears(projector));
  const hasTags = template?.kind === "go" && template.hasThinkingTags;
  add("thinking", hasTags || parser?.hasThinking === true || thinkingFamilies.includes(facts.family));
  if (deafFamilies.includes(facts.family)) found.delete("audio");
  return [...found];
}

/** Whether a Jinja chat template has a place for tools. */
export function jinjaOffersTools(text: string): boolean {
  return text.includes("tools") || text.includes("tool_call");
}

/** Whether a Jinja chat template writes thinking, or cuts it out of earlier answers. */
export function jinjaThinks(text: string): boolean {
  if (text.includes("<think>") && text.includes("</think>")) return true;
  const splits = /\.split\(\s*(['"])<\/think>\1/.test(text);
  return splits && !text.includes("reasoning_content");
}

// The projector of Gemma 3n names an audio encoder that nothing runs.
function projectorHears(projector: GgufMetadata): boolean {
  return (
    projector.boolean("clip.has_audio_encoder") === true &&
    projector.string("clip.projector_type") !== "gemma3nv"
  );
}

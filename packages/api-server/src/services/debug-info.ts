import type { GenerationEvent } from "./generation-event.ts";

/** What `_debug_render_only` shows. */
export interface DebugInfo {
  readonly rendered_template: string;
  readonly image_count?: number;
}

export function toDebugInfo(event: Extract<GenerationEvent, { type: "prompt-render" }>): DebugInfo {
  return {
    rendered_template: event.prompt,
    ...(event.imageCount > 0 && { image_count: event.imageCount }),
  };
}

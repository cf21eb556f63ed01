import type { ListNode } from "./ast.ts";
import { toWellFormedText } from "./bytes.ts";
import { compileList } from "./compile.ts";
import type { Run } from "./compiled.ts";
import { FunctionFailure } from "./errors.ts";
import { builtinFunctions, type TemplateFunctions } from "./functions.ts";
import { defaultTemplateLimits, type TemplateLimits } from "./limits.ts";
import { parseGoTemplate, type TemplateTrees } from "./parser.ts";
import { RunState } from "./run-state.ts";
import type { GoValue } from "./values.ts";

export interface GoTemplateOptions {
  /** Functions beside Go's own. */
  readonly functions?: TemplateFunctions;
  readonly limits?: Partial<TemplateLimits>;
  /** What a missing key of a map is: nil, as the value of type `any` (`zero`), or nothing at all. Default `zero`. */
  readonly missingKey?: "zero" | "default";
}

/**
 * A compiled template of Go's text/template.
 * @example
 * GoTemplate.parse("Hello {{ .Name }}").execute(GoMap.of({ Name: "you" }))  // "Hello you"
 */
export class GoTemplate {
  readonly source: string;
  readonly trees: TemplateTrees;
  readonly #options: GoTemplateOptions;
  readonly #limits: TemplateLimits;
  readonly #run: Run;

  private constructor(source: string, trees: TemplateTrees, options: GoTemplateOptions) {
    this.source = source;
    this.trees = trees;
    this.#options = options;
    this.#limits = { ...defaultTemplateLimits, ...options.limits };
    const compiled = new Map<string, Run>();
    const scope = {
      functions: new Map([...builtinFunctions, ...(options.functions ?? [])]),
      trees: compiled,
      missingKeyIsNil: options.missingKey !== "default",
    };
    for (const [name, tree] of trees) compiled.set(name, compileList(tree, scope));
    this.#run = compiled.get("") ?? (() => 0);
  }

  /** @throws PromptError `TEMPLATE_INVALID` with the line, `TEMPLATE_LIMIT` */
  static parse(source: string, options: GoTemplateOptions = {}): GoTemplate {
    const isFunction = (name: string) => builtinFunctions.has(name) || options.functions?.has(name) === true;
    const limits = { ...defaultTemplateLimits, ...options.limits };
    return new GoTemplate(source, parseGoTemplate(source, isFunction, limits), options);
  }

  /** The tree of the text itself. */
  get root(): ListNode {
    return this.trees.get("") ?? { type: "list", nodes: [], position: 0 };
  }

  /** A template that runs another tree in place of the text's own. */
  withRoot(root: ListNode): GoTemplate {
    return new GoTemplate(this.source, new Map([...this.trees, ["", root]]), this.#options);
  }

  /** A template that runs another tree alone, with neither definitions nor functions beside Go's own. */
  bare(root: ListNode): GoTemplate {
    const { limits = {} } = this.#options;
    return new GoTemplate(this.source, new Map([["", root]]), { limits, missingKey: "default" });
  }

  /**
   * Fills the template with data.
   * @throws PromptError `TEMPLATE_FAILED` with line and column, `TEMPLATE_LIMIT`
   */
  execute(data: GoValue): string {
    const state = new RunState(this.source, this.#limits, this.root, data);
    try {
      this.#run(state, data);
    } catch (error) {
      if (!(error instanceof FunctionFailure)) throw error;
      state.failCall(error);
    }
    return toWellFormedText(state.output);
  }
}

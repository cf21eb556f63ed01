import type { ListNode } from "./ast.ts";
import { evaluate } from "./evaluate.ts";
import { builtinFunctions, type TemplateFunctions } from "./functions.ts";
import { defaultTemplateLimits, type TemplateLimits } from "./limits.ts";
import { parseGoTemplate, type TemplateTrees } from "./parser.ts";
import type { GoValue } from "./values.ts";

export interface GoTemplateOptions {
  /** Functions beside Go's own. */
  readonly functions?: TemplateFunctions;
  readonly limits?: Partial<TemplateLimits>;
}

/**
 * A compiled template of Go's text/template, with missing keys as zero values.
 * @example
 * GoTemplate.parse("Hello {{ .Name }}").execute(new GoMap(new Map([["Name", "you"]])))  // "Hello you"
 */
export class GoTemplate {
  readonly source: string;
  readonly trees: TemplateTrees;
  readonly #functions: TemplateFunctions;
  readonly #limits: TemplateLimits;

  private constructor(source: string, trees: TemplateTrees, functions: TemplateFunctions, limits: TemplateLimits) {
    this.source = source;
    this.trees = trees;
    this.#functions = functions;
    this.#limits = limits;
  }

  /** @throws PromptError `TEMPLATE_INVALID` with the line, `TEMPLATE_LIMIT` */
  static parse(source: string, options: GoTemplateOptions = {}): GoTemplate {
    const functions = new Map([...builtinFunctions, ...(options.functions ?? [])]);
    const limits = { ...defaultTemplateLimits, ...options.limits };
    const trees = parseGoTemplate(source, (name) => functions.has(name), limits);
    return new GoTemplate(source, trees, functions, limits);
  }

  /** The tree of the text itself. */
  get root(): ListNode {
    return this.trees.get("") ?? { type: "list", nodes: [], position: 0 };
  }

  /** A template that runs another tree in place of the text's own, with or without its definitions. */
  withRoot(root: ListNode, definitions: TemplateTrees = this.trees): GoTemplate {
    return new GoTemplate(this.source, new Map([...definitions, ["", root]]), this.#functions, this.#limits);
  }

  /** @throws PromptError `TEMPLATE_FAILED` with line and column, `TEMPLATE_LIMIT` */
  execute(data: GoValue): string {
    const program = { source: this.source, trees: this.trees, functions: this.#functions, limits: this.#limits };
    return evaluate(program, this.root, data);
  }
}

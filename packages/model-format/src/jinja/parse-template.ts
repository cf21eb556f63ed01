import { PromptError } from "../errors.ts";
import type { IterableNode, PrintNode } from "./chat-interpreter.ts";
import { parse, type TemplateNode, tokenize } from "./library.ts";

/** The longest templates in use have some 60 000 characters. */
const maxChars = 256 * 1024;
// The library looks for tags with a pattern that is quadratic in a run of blanks.
const maxBlanks = 2048;

/**
 * Reads a chat template.
 * @throws PromptError `TEMPLATE_LIMIT` when it is too long, `TEMPLATE_INVALID` when it is no Jinja that we know
 */
export function parseTemplate(text: string): TemplateNode {
  if (text.length > maxChars) throw tooLarge("is longer than", maxChars);
  if (new RegExp(`\\s{${maxBlanks + 1}}`).test(text))
    throw tooLarge("has a run of blanks longer than", maxBlanks);
  try {
    const program = parse(
      tokenize(withoutDo(text.replace(/\r\n?/g, "\n")), { lstrip_blocks: true, trim_blocks: true }),
    );
    markNodes(program, Object.getPrototypeOf(program));
    return program;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PromptError("TEMPLATE_INVALID", `The chat template cannot be read: ${reason}`, { cause });
  }
}

function tooLarge(what: string, limit: number): PromptError {
  return new PromptError("TEMPLATE_LIMIT", `The chat template ${what} ${limit} characters`, {
    details: { limit },
  });
}

/** `{% do … %}` is an assignment that nobody reads: the library knows only the latter. */
function withoutDo(text: string): string {
  return text.replace(/\{%([-+]?)\s*do\s/g, "{%$1 set __done = ");
}

const statements: readonly string[] = [
  "StringLiteral",
  "Comment",
  "Set",
  "If",
  "For",
  "Break",
  "Continue",
  "Macro",
  "CallStatement",
  "FilterStatement",
];

/** Marks the expressions that print, and those that loops run over. Text between tags is a literal and stays one. */
function markNodes(node: object, prototype: object): void {
  if (isNode(node) && node.type === "For") markIterable(node, prototype);
  for (const name of ["body", "alternate", "defaultBlock"]) {
    const block: unknown = Reflect.get(node, name);
    if (!Array.isArray(block)) continue;
    for (const [index, child] of block.entries()) {
      if (!isNode(child)) continue;
      if (statements.includes(child.type)) markNodes(child, prototype);
      else block[index] = marked<PrintNode>({ type: "Print", printed: child }, prototype);
    }
  }
}

/** The library looks at the type of a condition after the expression, so that one stays outside. */
function markIterable(loop: object, prototype: object): void {
  const iterable: unknown = Reflect.get(loop, "iterable");
  if (!isNode(iterable)) return;
  const [holder, key] = iterable.type === "SelectExpression" ? [iterable, "lhs"] : [loop, "iterable"];
  const iterated: unknown = Reflect.get(holder, key);
  if (isNode(iterated))
    Reflect.set(holder, key, marked<IterableNode>({ type: "Iterable", iterated }, prototype));
}

function isNode(value: unknown): value is TemplateNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

/** With the prototype of a node of the library, whose search for macro arguments looks into nothing else. */
function marked<TNode extends TemplateNode>(node: TNode, prototype: object): TNode {
  return Object.assign(Object.create(prototype), node);
}

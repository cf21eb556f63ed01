import type { AnyNode, BranchNode, ListNode, TemplateNode, TextNode } from "../go-template/ast.ts";
import { visit } from "../go-template/reflect.ts";
import { trimSpace } from "../prompt/renderers/trim-space.ts";

export interface ThinkingTags {
  readonly opening: string;
  readonly closing: string;
}

/**
 * The texts around `{{ .Thinking }}` inside a loop over the messages: how the model was taught to think.
 * Empty where the template does not show them.
 * @source ollama thinking/template.go
 */
export function inferThinkingTags(root: ListNode): ThinkingTags {
  let opening = "";
  let closing = "";
  visit(root, (node, ancestors) => {
    if (node.type !== "field" || node.names[0] !== "Thinking" || isInChain(ancestors)) return;
    const range = ancestors.findLast((ancestor) => ancestor.type === "range");
    if (range?.type !== "range" || !readsField(range, "Messages")) return;
    const list = ancestors.findLast((ancestor) => ancestor.type === "list");
    if (list?.type !== "list") return;
    const first = list.nodes[0];
    const last = list.nodes.at(-1);
    if (first?.type === "text") opening = trimSpace(first.text);
    if (last?.type === "text") closing = trimSpace(last.text);
  });
  return { opening, closing };
}

function readsField(branch: BranchNode, name: string): boolean {
  let found = false;
  visit(branch.pipe, (node, ancestors) => {
    if (node.type === "field" && node.names[0] === name && !isInChain(ancestors)) found = true;
  });
  return found;
}

/** Ollama does not look into parentheses that a field follows. */
function isInChain(ancestors: readonly AnyNode[]): boolean {
  return ancestors.some(({ type }) => type === "chain");
}

/**
 * What the model writes before a tool call: the first text in the template's `{{ if .ToolCalls }}`, up to the
 * call's own `{`. `{` where there is none, so that any JSON object is tried.
 * @source ollama tools/template.go
 */
export function inferToolCallTag(root: ListNode): string {
  const block = findToolCallBlock(root.nodes);
  const text = block === undefined ? undefined : findText(block.list.nodes);
  const tag = trimSpace(text?.text.replaceAll("\r\n", "\n").split("{", 1)[0] ?? "");
  return tag === "" ? "{" : tag;
}

function findToolCallBlock(nodes: readonly TemplateNode[]): BranchNode | undefined {
  for (const node of nodes) {
    if (node.type !== "if" && node.type !== "range" && node.type !== "with") continue;
    if (node.type === "if" && namesToolCalls(node)) return node;
    const found = findToolCallBlock(node.list.nodes) ?? findToolCallBlock(node.elseList?.nodes ?? []);
    if (found !== undefined) return found;
  }
  return undefined;
}

function namesToolCalls(node: BranchNode): boolean {
  return node.pipe.commands.some((command) =>
    command.args.some((arg) => arg.type === "field" && arg.names.includes("ToolCalls")),
  );
}

/** The first text that is not blank; anything the template computes before it ends the search. */
function findText(nodes: readonly TemplateNode[]): TextNode | undefined {
  for (const node of nodes) {
    switch (node.type) {
      case "text":
        if (trimSpace(node.text) !== "") return node;
        break;
      case "if":
      case "range":
      case "with":
        return findText(node.list.nodes) ?? findText(node.elseList?.nodes ?? []);
      case "action":
        return undefined;
      default:
        break;
    }
  }
  return undefined;
}

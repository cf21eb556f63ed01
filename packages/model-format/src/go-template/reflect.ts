import { PromptError } from "../errors.ts";
import type {
  AnyNode,
  ArgumentNode,
  BranchNode,
  CommandNode,
  ListNode,
  PipeNode,
  TemplateNode,
} from "./ast.ts";
import { compareBytes } from "./bytes.ts";
import type { TemplateTrees } from "./parser.ts";

/**
 * Every field and variable a template reads, lower-cased and sorted. Variables that are only declared, and what
 * stands in parentheses before a field, do not count.
 * @throws PromptError `TEMPLATE_INVALID` for a template clause without data
 * @source ollama template/template.go Vars
 */
export function variablesOf(trees: TemplateTrees): readonly string[] {
  const names = new Set<string>();
  for (const list of trees.values()) for (const node of list.nodes) collect(node, names);
  return [...names].sort(compareBytes);
}

function collect(node: TemplateNode | ListNode | PipeNode | ArgumentNode, names: Set<string>): void {
  switch (node.type) {
    case "list":
      for (const child of node.nodes) collect(child, names);
      return;
    case "action":
      collect(node.pipe, names);
      return;
    case "template":
      if (node.pipe === undefined) throw new PromptError("TEMPLATE_INVALID", "undefined template specified");
      collect(node.pipe, names);
      return;
    case "if":
    case "with":
    case "range":
      collect(node.pipe, names);
      collect(node.list, names);
      if (node.elseList !== undefined) collect(node.elseList, names);
      return;
    case "pipe":
      for (const command of node.commands) for (const arg of command.args) collect(arg, names);
      return;
    case "field":
    case "variable":
      for (const name of node.names) names.add(name.toLowerCase());
      return;
    default:
      return;
  }
}

/**
 * The template up to its first `{{ .Response }}`: what a prompt ends with when the model is to answer.
 * Conditions are not searched, and a pipeline keeps what stands before the field.
 * @source ollama template/template.go deleteNode
 */
export function cutAtResponse(root: ListNode): ListNode {
  let cut = false;

  const keepList = (list: ListNode): ListNode => ({
    ...list,
    nodes: list.nodes.flatMap((node) => keepNode(node) ?? []),
  });

  const keepNode = (node: TemplateNode): TemplateNode | undefined => {
    if (cut) return undefined;
    switch (node.type) {
      case "if":
      case "with":
      case "range":
        return keepBranch(node);
      case "action": {
        const pipe = keepPipe(node.pipe);
        return pipe === undefined ? undefined : { ...node, pipe };
      }
      default:
        return node;
    }
  };

  const keepBranch = (node: BranchNode): BranchNode => {
    const list = keepList(node.list);
    const elseList = node.elseList === undefined ? undefined : keepList(node.elseList);
    return { ...node, list, elseList };
  };

  const keepPipe = (pipe: PipeNode): PipeNode | undefined => {
    const commands: CommandNode[] = [];
    for (const command of pipe.commands) {
      const args = command.args.flatMap((arg) => keepArgument(arg) ?? []);
      if (args.length === 0) return undefined;
      commands.push({ ...command, args });
    }
    return { ...pipe, commands };
  };

  const keepArgument = (node: ArgumentNode): ArgumentNode | undefined => {
    if (node.type === "field" && node.names.includes("Response")) {
      cut = true;
      return node;
    }
    if (cut) return undefined;
    return node.type === "pipe" ? keepPipe(node) : node;
  };

  return keepList(root);
}

/** Walks every node with the nodes above it, outermost first. */
export function visit(node: AnyNode, enter: (node: AnyNode, ancestors: readonly AnyNode[]) => void): void {
  const ancestors: AnyNode[] = [];
  const walk = (current: AnyNode): void => {
    ancestors.push(current);
    enter(current, ancestors);
    for (const child of childrenOf(current)) walk(child);
    ancestors.pop();
  };
  walk(node);
}

/** The nodes right below a node. */
export function childrenOf(node: AnyNode): readonly AnyNode[] {
  switch (node.type) {
    case "list":
      return node.nodes;
    case "action":
      return [node.pipe];
    case "template":
      return node.pipe === undefined ? [] : [node.pipe];
    case "if":
    case "with":
    case "range":
      return node.elseList === undefined ? [node.pipe, node.list] : [node.pipe, node.list, node.elseList];
    case "pipe":
      return node.commands;
    case "command":
      return node.args;
    case "chain":
      return [node.node];
    default:
      return [];
  }
}

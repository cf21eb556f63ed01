import { quote } from "./quote.ts";
import type { GoValue } from "./values.ts";

/** Position of a node: index into the template's text, in UTF-16 units. */
interface Positioned {
  readonly position: number;
}

export interface TextNode extends Positioned {
  readonly type: "text";
  readonly text: string;
}
export interface ListNode extends Positioned {
  readonly type: "list";
  readonly nodes: readonly TemplateNode[];
}
export interface ActionNode extends Positioned {
  readonly type: "action";
  readonly pipe: PipeNode;
}
export interface PipeNode extends Positioned {
  readonly type: "pipe";
  /** `=` rather than `:=`. */
  readonly isAssign: boolean;
  readonly declarations: readonly VariableNode[];
  readonly commands: readonly CommandNode[];
}
export interface CommandNode extends Positioned {
  readonly type: "command";
  readonly args: readonly ArgumentNode[];
}
export interface FieldNode extends Positioned {
  readonly type: "field";
  readonly names: readonly string[];
}
export interface VariableNode extends Positioned {
  readonly type: "variable";
  /** The variable with its `$`, then fields of it. */
  readonly names: readonly string[];
}
export interface ChainNode extends Positioned {
  readonly type: "chain";
  readonly node: ArgumentNode;
  readonly names: readonly string[];
}
export interface IdentifierNode extends Positioned {
  readonly type: "identifier";
  readonly name: string;
}
export interface DotNode extends Positioned {
  readonly type: "dot";
}
export interface NilNode extends Positioned {
  readonly type: "nil";
}
export interface BoolNode extends Positioned {
  readonly type: "bool";
  readonly value: boolean;
}
export interface NumberNode extends Positioned {
  readonly type: "number";
  readonly text: string;
  /** Undefined for a whole number that is too large for an int. */
  readonly value: GoValue | undefined;
}
export interface StringNode extends Positioned {
  readonly type: "string";
  readonly quoted: string;
  readonly text: string;
}
export interface BranchNode extends Positioned {
  readonly type: "if" | "with" | "range";
  readonly pipe: PipeNode;
  readonly list: ListNode;
  readonly elseList: ListNode | undefined;
}
export interface CallTemplateNode extends Positioned {
  readonly type: "template";
  readonly name: string;
  readonly pipe: PipeNode | undefined;
}
export interface JumpNode extends Positioned {
  readonly type: "break" | "continue";
}

export type ArgumentNode =
  | FieldNode
  | VariableNode
  | ChainNode
  | IdentifierNode
  | DotNode
  | NilNode
  | BoolNode
  | NumberNode
  | StringNode
  | PipeNode;

export type TemplateNode = TextNode | ActionNode | BranchNode | CallTemplateNode | JumpNode;

export type AnyNode = TemplateNode | ListNode | PipeNode | CommandNode | ArgumentNode;

/** A node as Go's text/template/parse prints it, for error texts. */
export function printNode(node: AnyNode): string {
  switch (node.type) {
    case "text":
      return node.text;
    case "list":
      return node.nodes.map(printNode).join("");
    case "action":
      return `{{${printNode(node.pipe)}}}`;
    case "pipe": {
      const names = node.declarations.map(printNode).join(", ");
      const head = names === "" ? "" : `${names} ${node.isAssign ? "=" : ":="} `;
      return head + node.commands.map(printNode).join(" | ");
    }
    case "command":
      return node.args.map((arg) => (arg.type === "pipe" ? `(${printNode(arg)})` : printNode(arg))).join(" ");
    case "field":
      return node.names.map((name) => `.${name}`).join("");
    case "variable":
      return node.names.join(".");
    case "chain": {
      const inner = node.node.type === "pipe" ? `(${printNode(node.node)})` : printNode(node.node);
      return inner + node.names.map((name) => `.${name}`).join("");
    }
    case "identifier":
      return node.name;
    case "dot":
      return ".";
    case "nil":
      return "nil";
    case "bool":
      return String(node.value);
    case "number":
      return node.text;
    case "string":
      return node.quoted;
    case "if":
    case "with":
    case "range": {
      const otherwise = node.elseList === undefined ? "" : `{{else}}${printNode(node.elseList)}`;
      return `{{${node.type} ${printNode(node.pipe)}}}${printNode(node.list)}${otherwise}{{end}}`;
    }
    case "template":
      return `{{template ${quote(node.name)}${node.pipe === undefined ? "" : ` ${printNode(node.pipe)}`}}}`;
    case "break":
    case "continue":
      return `{{${node.type}}}`;
    default:
      return node satisfies never;
  }
}

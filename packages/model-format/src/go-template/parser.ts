import { trimSpace } from "../prompt/renderers/trim-space.ts";
import type {
  ArgumentNode,
  BranchNode,
  CallTemplateNode,
  CommandNode,
  ListNode,
  PipeNode,
  TemplateNode,
  VariableNode,
} from "./ast.ts";
import { printNode } from "./ast.ts";
import { limitReached } from "./errors.ts";
import type { TokenType } from "./lexer.ts";
import { defaultTemplateLimits, type TemplateLimits } from "./limits.ts";
import { NumberFailure, parseNumber } from "./parse-number.ts";
import { quote } from "./quote.ts";
import { TokenReader } from "./token-reader.ts";
import { unescapeGo } from "./unquote.ts";

/** The named trees of one template text; the text itself is named "". */
export type TemplateTrees = ReadonlyMap<string, ListNode>;

/**
 * Parses Go's text/template.
 * @param isFunction  which identifiers are functions; others are refused
 * @throws PromptError `TEMPLATE_INVALID` with the line, in Go's words; `TEMPLATE_LIMIT`
 */
export function parseGoTemplate(
  source: string,
  isFunction: (name: string) => boolean,
  limits: TemplateLimits = defaultTemplateLimits,
): TemplateTrees {
  if (source.length > limits.maxSourceLength) throw limitReached("its text is too long");
  return new Parser(source, isFunction, limits).parse();
}

/** What ends a list of nodes. */
type Ending = "end" | "else" | "eof";
type Parsed = { readonly list: ListNode; readonly ending: Ending };
type Control = BranchNode["type"];

class Parser {
  readonly #tokens: TokenReader;
  readonly #isFunction: (name: string) => boolean;
  readonly #maxDepth: number;
  readonly #trees = new Map<string, ListNode>();
  #variables = new DeclaredVariables();
  #rangeDepth = 0;
  #depth = 0;

  constructor(source: string, isFunction: (name: string) => boolean, limits: TemplateLimits) {
    this.#tokens = new TokenReader(source);
    this.#isFunction = isFunction;
    this.#maxDepth = limits.maxDepth;
  }

  parse(): TemplateTrees {
    const { list, ending } = this.#list(true);
    if (ending !== "eof") this.#tokens.fail(`unexpected {{${ending}}}`);
    this.#add("", list);
    return this.#trees;
  }

  /** An empty definition never replaces one with content, and two with content clash. */
  #add(name: string, list: ListNode): void {
    const known = this.#trees.get(name);
    if (known === undefined || isEmpty(known)) this.#trees.set(name, list);
    else if (!isEmpty(list)) this.#tokens.fail(`template: multiple definition of template ${quote(name)}`);
  }

  #list(isTop: boolean): Parsed {
    this.#enter();
    const { position } = isTop ? this.#tokens.peek() : this.#tokens.peekNonSpace();
    const nodes: TemplateNode[] = [];
    for (;;) {
      const token = this.#tokens.nextNonSpace();
      if (token.type === "eof") {
        if (!isTop) this.#tokens.fail("unexpected EOF");
        return this.#leave({ list: { type: "list", nodes, position }, ending: "eof" });
      }
      if (token.type === "text") {
        nodes.push({ type: "text", text: token.text, position: token.position });
        continue;
      }
      if (token.type !== "leftDelimiter") this.#tokens.unexpected(token, "input");
      if (isTop && this.#define()) continue;
      this.#tokens.beginAction(token);
      const node = this.#action();
      this.#tokens.endAction();
      if (typeof node === "string")
        return this.#leave({ list: { type: "list", nodes, position }, ending: node });
      nodes.push(node);
    }
  }

  #enter(): void {
    if (++this.#depth > this.#maxDepth) throw limitReached("it is nested too deeply");
  }

  #leave<TResult>(result: TResult): TResult {
    this.#depth--;
    return result;
  }

  /** What stands between two delimiters: a node, or what ends the list. */
  #action(): TemplateNode | Exclude<Ending, "eof"> {
    const token = this.#tokens.nextNonSpace();
    const { position } = token;
    if (token.type === "keyword") {
      switch (token.text) {
        case "if":
        case "with":
        case "range":
          return this.#branch(token.text);
        case "template":
          return this.#callTemplate();
        case "block":
          return this.#block();
        case "break":
        case "continue":
          return this.#jump(token.text, position);
        case "end":
          this.#expectRight("end");
          return "end";
        case "else":
          if (!this.#peeksControl("if") && !this.#peeksControl("with")) this.#expectRight("else");
          return "else";
        default:
          break;
      }
    }
    this.#tokens.back();
    return { type: "action", pipe: this.#pipeline("command", "rightDelimiter"), position };
  }

  #peeksControl(type: Control): boolean {
    const token = this.#tokens.peekNonSpace();
    return token.type === "keyword" && token.text === type;
  }

  #jump(type: "break" | "continue", position: number): TemplateNode {
    this.#expectRight(`{{${type}}}`);
    if (this.#rangeDepth === 0) this.#tokens.fail(`{{${type}}} outside {{range}}`);
    return { type, position };
  }

  #branch(type: Control): BranchNode {
    const scope = this.#variables.size;
    const pipe = this.#pipeline(type, "rightDelimiter");
    if (type === "range") this.#rangeDepth++;
    const { list, ending } = this.#list(false);
    if (type === "range") this.#rangeDepth--;
    const elseList = ending === "else" ? this.#otherwise(type) : undefined;
    this.#variables.leave(scope);
    return { type, pipe, list, elseList, position: pipe.position };
  }

  /** Behind `else`: a list up to `end`, or the next `if` or `with`, which shares the `end`. */
  #otherwise(type: Control): ListNode {
    const { position } = this.#tokens.peek();
    if (type !== "range" && this.#peeksControl(type)) {
      this.#tokens.next();
      this.#enter();
      return this.#leave({ type: "list", nodes: [this.#branch(type)], position });
    }
    const { list, ending } = this.#list(false);
    if (ending !== "end") this.#tokens.fail(`expected end; found {{${ending}}}`);
    return list;
  }

  #callTemplate(): CallTemplateNode {
    const { name, position } = this.#templateName("template clause");
    if (this.#tokens.nextNonSpace().type === "rightDelimiter")
      return { type: "template", name, pipe: undefined, position };
    this.#tokens.back();
    return { type: "template", name, pipe: this.#pipeline("template clause", "rightDelimiter"), position };
  }

  #block(): CallTemplateNode {
    const { name, position } = this.#templateName("block clause");
    const pipe = this.#pipeline("block clause", "rightDelimiter");
    // Go names the line of the block, not that of the misplaced `else`.
    this.#definition(name, "block clause", this.#tokens.furthest);
    return { type: "template", name, pipe, position };
  }

  /** @returns whether a definition stood here, which leaves nothing behind */
  #define(): boolean {
    const token = this.#tokens.peekNonSpace();
    if (token.type !== "keyword" || token.text !== "define") return false;
    this.#tokens.nextNonSpace();
    const { name } = this.#templateName("define clause");
    this.#expectRight("define clause");
    this.#definition(name, "define clause");
    return true;
  }

  /** A body of its own: neither variables nor loops of the text around it reach inside. */
  #definition(name: string, context: string, blamed?: number): void {
    const outer = { variables: this.#variables, rangeDepth: this.#rangeDepth };
    this.#variables = new DeclaredVariables();
    this.#rangeDepth = 0;
    const { list, ending } = this.#list(false);
    if (ending !== "end") this.#tokens.fail(`unexpected {{${ending}}} in ${context}`, blamed);
    this.#add(name, list);
    this.#variables = outer.variables;
    this.#rangeDepth = outer.rangeDepth;
  }

  #templateName(context: string): { readonly name: string; readonly position: number } {
    const token = this.#tokens.nextNonSpace();
    if (token.type !== "string" && token.type !== "rawString") this.#tokens.unexpected(token, context);
    return { name: this.#unquote(token.text), position: token.position };
  }

  #pipeline(context: string, end: TokenType): PipeNode {
    this.#enter();
    const { position } = this.#tokens.peekNonSpace();
    const { declarations, isAssign } = this.#declarations(context);
    const commands: CommandNode[] = [];
    for (;;) {
      const token = this.#tokens.nextNonSpace();
      if (token.type === end) break;
      if (!startsOperand.has(token.type)) this.#tokens.unexpected(token, context);
      this.#tokens.back();
      commands.push(this.#command());
    }
    if (commands.length === 0) this.#tokens.fail(`missing value for ${context}`);
    for (const [index, command] of commands.entries()) {
      if (index > 0 && constants.has(command.args[0]?.type ?? "")) {
        this.#tokens.fail(`non executable command in pipeline stage ${index + 1}`);
      }
    }
    return this.#leave({ type: "pipe", isAssign, declarations, commands, position });
  }

  #declarations(context: string): { declarations: VariableNode[]; isAssign: boolean } {
    const declarations: VariableNode[] = [];
    for (;;) {
      const start = this.#tokens.mark();
      const token = this.#tokens.nextNonSpace();
      const next = token.type === "variable" ? this.#tokens.peekNonSpace() : token;
      const isComma = next.type === "character" && next.text === ",";
      const declares = next.type === "declare" || next.type === "assign";
      if (token.type !== "variable" || !(declares || isComma)) {
        this.#tokens.reset(start);
        return { declarations, isAssign: false };
      }
      this.#tokens.nextNonSpace();
      declarations.push({ type: "variable", names: [token.text], position: token.position });
      this.#variables.declare(token.text);
      if (declares) return { declarations, isAssign: next.type === "assign" };
      if (context !== "range" || declarations.length > 1)
        this.#tokens.fail(`too many declarations in ${context}`);
      const { type } = this.#tokens.peekNonSpace();
      if (type !== "variable" && type !== "rightDelimiter" && type !== "rightParen") {
        this.#tokens.fail("range can only initialize variables");
      }
    }
  }

  #command(): CommandNode {
    const { position } = this.#tokens.peekNonSpace();
    const args: ArgumentNode[] = [];
    for (;;) {
      this.#tokens.peekNonSpace();
      const operand = this.#operand();
      if (operand !== undefined) args.push(operand);
      const token = this.#tokens.next();
      if (token.type === "space") continue;
      if (token.type === "rightDelimiter" || token.type === "rightParen") this.#tokens.back();
      else if (token.type !== "pipe") this.#tokens.unexpected(token, "operand");
      break;
    }
    if (args.length === 0) this.#tokens.fail("empty command");
    return { type: "command", args, position };
  }

  /** A term with the fields written behind it. */
  #operand(): ArgumentNode | undefined {
    const node = this.#term();
    if (node === undefined || this.#tokens.peek().type !== "field") return node;
    const { position } = this.#tokens.peek();
    const names: string[] = [];
    while (this.#tokens.peek().type === "field") names.push(this.#tokens.next().text.slice(1));
    switch (node.type) {
      case "field":
      case "variable":
        // Go counts the joined node from its second part on.
        return { ...node, names: [...node.names, ...names], position };
      case "bool":
      case "string":
      case "number":
      case "nil":
      case "dot":
        return this.#tokens.fail(`unexpected . after term ${quote(printNode(node))}`);
      default:
        return { type: "chain", node, names, position };
    }
  }

  #term(): ArgumentNode | undefined {
    const token = this.#tokens.nextNonSpace();
    const { position, text } = token;
    switch (token.type) {
      case "identifier":
        if (!this.#isFunction(text)) this.#tokens.fail(`function ${quote(text)} not defined`);
        return { type: "identifier", name: text, position };
      case "dot":
        return { type: "dot", position };
      case "nil":
        return { type: "nil", position };
      case "variable":
        if (!this.#variables.has(text)) this.#tokens.fail(`undefined variable ${quote(text)}`);
        return { type: "variable", names: [text], position };
      case "field":
        return { type: "field", names: [text.slice(1)], position };
      case "bool":
        return { type: "bool", value: text === "true", position };
      case "number":
        return this.#number(text, position);
      case "leftParen":
        return this.#pipeline("parenthesized pipeline", "rightParen");
      case "string":
      case "rawString":
        return { type: "string", quoted: text, text: this.#unquote(text), position };
      default:
        this.#tokens.back();
        return undefined;
    }
  }

  #number(text: string, position: number): ArgumentNode {
    try {
      return { type: "number", text, value: parseNumber(text), position };
    } catch (error) {
      if (!(error instanceof NumberFailure)) throw error;
      return this.#tokens.fail(error.message);
    }
  }

  #unquote(text: string): string {
    const body = text.slice(1, -1);
    if (text.startsWith("`")) return body.replaceAll("\r", "");
    return unescapeGo(body, '"') ?? this.#tokens.fail("invalid syntax");
  }

  #expectRight(context: string): void {
    const token = this.#tokens.nextNonSpace();
    if (token.type !== "rightDelimiter") this.#tokens.unexpected(token, context);
  }
}

const startsOperand: ReadonlySet<TokenType> = new Set([
  "bool",
  "dot",
  "field",
  "identifier",
  "number",
  "nil",
  "rawString",
  "string",
  "variable",
  "leftParen",
]);

const constants: ReadonlySet<string> = new Set(["bool", "dot", "nil", "number", "string"]);

/** Only blanks, which do not replace a template that has content. */
function isEmpty(list: ListNode): boolean {
  return list.nodes.every((node) => node.type === "text" && trimSpace(node.text) === "");
}

/** Which variables there are at one place; blocks forget what was declared in them. */
class DeclaredVariables {
  readonly #names = ["$"];
  readonly #counts = new Map([["$", 1]]);

  get size(): number {
    return this.#names.length;
  }

  has(name: string): boolean {
    return (this.#counts.get(name) ?? 0) > 0;
  }

  declare(name: string): void {
    this.#names.push(name);
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  leave(size: number): void {
    for (const name of this.#names.splice(size)) this.#counts.set(name, (this.#counts.get(name) ?? 1) - 1);
  }
}

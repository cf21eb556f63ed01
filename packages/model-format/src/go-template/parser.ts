import type {
  ActionNode,
  ArgumentNode,
  BranchNode,
  CallTemplateNode,
  CommandNode,
  ListNode,
  PipeNode,
  TemplateNode,
  VariableNode,
} from "./ast.ts";
import { limitReached, locate, parseFailure } from "./errors.ts";
import { type Token, type TokenType, tokenize } from "./lexer.ts";
import { defaultTemplateLimits, type TemplateLimits } from "./limits.ts";
import { parseNumber } from "./parse-number.ts";
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

type Ending = { readonly type: "end" | "else"; readonly token: Token } | { readonly type: "eof" };

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  readonly #isFunction: (name: string) => boolean;
  readonly #maxDepth: number;
  readonly #trees = new Map<string, ListNode>();
  #at = 0;
  #variables: string[] = ["$"];
  #rangeDepth = 0;
  #depth = 0;

  constructor(source: string, isFunction: (name: string) => boolean, limits: TemplateLimits) {
    this.#source = source;
    this.#tokens = tokenize(source);
    this.#isFunction = isFunction;
    this.#maxDepth = limits.maxDepth;
  }

  parse(): TemplateTrees {
    const { list, ending } = this.#list(true);
    if (ending.type !== "eof") this.#fail(`unexpected {{${ending.type}}}`, ending.token);
    this.#add("", list);
    return this.#trees;
  }

  /** An empty definition never replaces one with content, and two with content clash, unless the first is the text's own. */
  #add(name: string, list: ListNode): void {
    const known = this.#trees.get(name);
    if (known !== undefined && !isEmpty(known)) {
      if (!isEmpty(list)) this.#fail(`multiple definition of template ${JSON.stringify(name)}`, this.#peek());
      return;
    }
    this.#trees.set(name, list);
  }

  #list(isTop: boolean): { readonly list: ListNode; readonly ending: Ending } {
    if (++this.#depth > this.#maxDepth) throw limitReached("it is nested too deeply");
    const position = this.#peek().position;
    const nodes: TemplateNode[] = [];
    for (;;) {
      const token = this.#next();
      if (token.type === "eof") {
        if (!isTop) this.#fail("unexpected EOF", token);
        this.#depth--;
        return { list: { type: "list", nodes, position }, ending: { type: "eof" } };
      }
      if (token.type === "text") {
        nodes.push({ type: "text", text: token.text, position: token.position });
        continue;
      }
      if (token.type !== "leftDelimiter") this.#unexpected(token, "input");
      const result = this.#action(isTop);
      if (result === undefined) continue;
      if ("token" in result) {
        this.#depth--;
        return { list: { type: "list", nodes, position }, ending: result };
      }
      nodes.push(result);
    }
  }

  /** What stands between two delimiters; undefined for a definition, which leaves nothing behind. */
  #action(isTop: boolean): TemplateNode | Exclude<Ending, { type: "eof" }> | undefined {
    const token = this.#nextNonSpace();
    if (token.type !== "keyword") {
      this.#at--;
      const pipe = this.#pipeline("command", "rightDelimiter");
      return { type: "action", pipe, position: token.position } satisfies ActionNode;
    }
    switch (token.text) {
      case "if":
      case "with":
      case "range":
        return this.#branch(token.text, token.position);
      case "template":
        return this.#callTemplate();
      case "block":
        return this.#block();
      case "define":
        if (!isTop) this.#unexpected(token, "command");
        this.#define();
        return undefined;
      case "end":
        this.#expectRight("end");
        return { type: "end", token };
      case "else":
        return { type: "else", token };
      default:
        return this.#jump(token);
    }
  }

  #jump(token: Token): TemplateNode {
    const type = token.text === "break" ? "break" : "continue";
    const next = this.#nextNonSpace();
    if (next.type !== "rightDelimiter") this.#unexpected(next, `{{${type}}}`);
    if (this.#rangeDepth === 0) this.#fail(`{{${type}}} outside {{range}}`, token);
    return { type, position: token.position };
  }

  #branch(type: BranchNode["type"], position: number): BranchNode {
    const scope = this.#variables.length;
    const pipe = this.#pipeline(type, "rightDelimiter");
    if (type === "range") this.#rangeDepth++;
    const { list, ending } = this.#list(false);
    if (type === "range") this.#rangeDepth--;
    let elseList: ListNode | undefined;
    if (ending.type === "else") elseList = this.#otherwise(type);
    this.#variables.length = scope;
    return { type, pipe, list, elseList, position };
  }

  /** Behind `else`: a list up to `end`, or the next `if` or `with`, which shares the `end`. */
  #otherwise(type: BranchNode["type"]): ListNode {
    const token = this.#nextNonSpace();
    if (token.type === "keyword" && token.text === type && type !== "range") {
      if (++this.#depth > this.#maxDepth) throw limitReached("it is nested too deeply");
      const nested = this.#branch(type, token.position);
      this.#depth--;
      return { type: "list", nodes: [nested], position: token.position };
    }
    if (token.type !== "rightDelimiter") this.#unexpected(token, "else");
    const { list, ending } = this.#list(false);
    if (ending.type !== "end") this.#fail(`expected end; found {{else}}`, ending.type === "else" ? ending.token : token);
    return list;
  }

  #callTemplate(): CallTemplateNode {
    const { name, position } = this.#templateName("template clause");
    const next = this.#nextNonSpace();
    if (next.type === "rightDelimiter") return { type: "template", name, pipe: undefined, position };
    this.#at--;
    const pipe = this.#pipeline("template clause", "rightDelimiter");
    return { type: "template", name, pipe, position };
  }

  #block(): CallTemplateNode {
    const { name, position } = this.#templateName("block clause");
    const pipe = this.#pipeline("block clause", "rightDelimiter");
    this.#definition(name, "block clause");
    return { type: "template", name, pipe, position };
  }

  #define(): void {
    const { name } = this.#templateName("define clause");
    this.#expectRight("define clause");
    this.#definition(name, "define clause");
  }

  /** A body of its own: neither variables nor loops of the text around it reach inside. */
  #definition(name: string, context: string): void {
    const outer = { variables: this.#variables, rangeDepth: this.#rangeDepth };
    this.#variables = ["$"];
    this.#rangeDepth = 0;
    const { list, ending } = this.#list(false);
    if (ending.type !== "end") this.#fail(`unexpected {{else}} in ${context}`, this.#peek());
    this.#add(name, list);
    this.#variables = outer.variables;
    this.#rangeDepth = outer.rangeDepth;
  }

  #templateName(context: string): { readonly name: string; readonly position: number } {
    const token = this.#nextNonSpace();
    if (token.type !== "string" && token.type !== "rawString") this.#unexpected(token, context);
    return { name: this.#text(token), position: token.position };
  }

  #pipeline(context: string, end: TokenType): PipeNode {
    if (++this.#depth > this.#maxDepth) throw limitReached("it is nested too deeply");
    const position = this.#peekNonSpace().position;
    const { declarations, isAssign } = this.#declarations(context);
    const commands: CommandNode[] = [];
    for (;;) {
      const token = this.#nextNonSpace();
      if (token.type === end) {
        this.#checkPipeline(commands, context, token);
        this.#depth--;
        return { type: "pipe", isAssign, declarations, commands, position };
      }
      if (!startsOperand.has(token.type)) this.#unexpected(token, context);
      this.#at--;
      commands.push(this.#command());
    }
  }

  #checkPipeline(commands: readonly CommandNode[], context: string, token: Token): void {
    if (commands.length === 0) this.#fail(`missing value for ${context}`, token);
    for (const [index, command] of commands.entries()) {
      if (index > 0 && constants.has(command.args[0]?.type ?? "")) {
        this.#fail(`non executable command in pipeline stage ${index + 1}`, token);
      }
    }
  }

  #declarations(context: string): { declarations: VariableNode[]; isAssign: boolean } {
    const declarations: VariableNode[] = [];
    for (;;) {
      const start = this.#at;
      const token = this.#nextNonSpace();
      if (token.type !== "variable") {
        this.#at = start;
        return { declarations, isAssign: false };
      }
      const next = this.#nextNonSpace();
      const node: VariableNode = { type: "variable", names: [token.text], position: token.position };
      if (next.type === "declare" || next.type === "assign") {
        declarations.push(node);
        this.#variables.push(token.text);
        return { declarations, isAssign: next.type === "assign" };
      }
      if (next.type !== "comma") {
        this.#at = start;
        return { declarations, isAssign: false };
      }
      declarations.push(node);
      this.#variables.push(token.text);
      if (context === "range" && declarations.length < 2) {
        const after = this.#peekNonSpace();
        if (after.type === "variable" || after.type === "rightDelimiter" || after.type === "rightParen") continue;
        this.#fail("range can only initialize variables", after);
      }
      this.#fail(`too many declarations in ${context}`, next);
    }
  }

  #command(): CommandNode {
    const position = this.#peekNonSpace().position;
    const args: ArgumentNode[] = [];
    for (;;) {
      this.#skipSpace();
      const operand = this.#operand();
      if (operand !== undefined) args.push(operand);
      const token = this.#next();
      if (token.type === "space") continue;
      if (token.type === "rightDelimiter" || token.type === "rightParen") this.#at--;
      else if (token.type !== "pipe") this.#unexpected(token, "operand");
      break;
    }
    if (args.length === 0) this.#fail("empty command", this.#peek());
    return { type: "command", args, position };
  }

  /** A term with the fields written behind it. */
  #operand(): ArgumentNode | undefined {
    const node = this.#term();
    if (node === undefined || this.#peek().type !== "field") return node;
    const position = this.#peek().position;
    const names: string[] = [];
    while (this.#peek().type === "field") names.push(this.#next().text.slice(1));
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
        return this.#fail(`unexpected . after term ${JSON.stringify(this.#source.slice(node.position, position))}`, this.#peek());
      default:
        return { type: "chain", node, names, position };
    }
  }

  #term(): ArgumentNode | undefined {
    const token = this.#nextNonSpace();
    const { position, text } = token;
    switch (token.type) {
      case "identifier":
        if (!this.#isFunction(text)) this.#fail(`function ${JSON.stringify(text)} not defined`, token);
        return { type: "identifier", name: text, position };
      case "dot":
        return { type: "dot", position };
      case "nil":
        return { type: "nil", position };
      case "variable":
        if (!this.#variables.includes(text)) this.#fail(`undefined variable ${JSON.stringify(text)}`, token);
        return { type: "variable", names: [text], position };
      case "field":
        return { type: "field", names: [text.slice(1)], position };
      case "bool":
        return { type: "bool", value: text === "true", position };
      case "char":
      case "number": {
        const value = parseNumber(text);
        if (value === undefined) return this.#fail(`bad number syntax: ${JSON.stringify(text)}`, token);
        if (typeof value === "bigint" && (value < -(2n ** 63n) || value >= 2n ** 64n)) {
          return this.#fail(`integer overflow: ${JSON.stringify(text)}`, token);
        }
        return { type: "number", text, value, position };
      }
      case "leftParen":
        return this.#pipeline("parenthesized pipeline", "rightParen");
      case "string":
      case "rawString":
        return { type: "string", quoted: text, text: this.#text(token), position };
      default:
        this.#at--;
        return undefined;
    }
  }

  #text(token: Token): string {
    const body = token.text.slice(1, -1);
    if (token.type === "rawString") return body.replaceAll("\r", "");
    return unescapeGo(body, '"') ?? this.#fail("invalid syntax", token);
  }

  #expectRight(context: string): void {
    const token = this.#nextNonSpace();
    if (token.type !== "rightDelimiter") this.#unexpected(token, context);
  }

  #peek(): Token {
    // The list always ends with eof or error, and neither is ever stepped over.
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] ?? { type: "eof", text: "", position: 0 };
  }

  #next(): Token {
    const token = this.#peek();
    this.#at++;
    if (token.type === "error") this.#fail(token.text, token);
    return token;
  }

  #skipSpace(): void {
    while (this.#peek().type === "space") this.#at++;
  }

  #nextNonSpace(): Token {
    this.#skipSpace();
    return this.#next();
  }

  #peekNonSpace(): Token {
    this.#skipSpace();
    return this.#peek();
  }

  #unexpected(token: Token, context: string): never {
    const shown = token.type === "eof" ? "EOF" : token.type === "keyword" ? `<${token.text}>` : JSON.stringify(token.text);
    this.#fail(`unexpected ${shown} in ${context}`, token);
  }

  #fail(message: string, token: Token): never {
    throw parseFailure(locate(this.#source, token.position).line, message);
  }
}

const startsOperand: ReadonlySet<TokenType> = new Set([
  "bool", "char", "dot", "field", "identifier", "number", "nil", "rawString", "string", "variable", "leftParen",
]);

const constants: ReadonlySet<string> = new Set(["bool", "dot", "nil", "number", "string"]);

/** Only blanks and definitions, which do not replace a template that has content. */
function isEmpty(list: ListNode): boolean {
  return list.nodes.every((node) => node.type === "text" && node.text.trim() === "");
}

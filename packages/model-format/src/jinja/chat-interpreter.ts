import { type FilterCall, filters } from "./filters.ts";
import { type Environment, Interpreter, type RuntimeValue, type TemplateNode } from "./library.ts";
import {
  elementsOf,
  isNone,
  isUndefined,
  joinedText,
  noteNumberKeys,
  printedText,
  pythonEquals,
  pythonText,
  runtimeFunction,
  runtimeList,
  toRuntime,
} from "./runtime-values.ts";
import { listMethods, textMethods } from "./text-methods.ts";
import type { WorkBudget } from "./work-budget.ts";

interface BinaryNode extends TemplateNode {
  readonly operator: { readonly value: string };
  readonly left: TemplateNode;
  readonly right: TemplateNode;
}

interface MemberNode extends TemplateNode {
  readonly object: TemplateNode;
  readonly property: TemplateNode & { readonly value?: unknown };
  readonly computed: boolean;
}

interface FilterNode extends TemplateNode {
  readonly operand: TemplateNode;
  /** A name, or a call of one. */
  readonly filter: TemplateNode & {
    readonly value?: unknown;
    readonly callee?: TemplateNode & { readonly value?: unknown };
    readonly args?: readonly TemplateNode[];
  };
}

interface TupleNode extends TemplateNode {
  readonly value: readonly TemplateNode[];
}

interface ObjectNode extends TemplateNode {
  readonly value: ReadonlyMap<TemplateNode, TemplateNode>;
}

interface NamedArgumentNode extends TemplateNode {
  readonly key: { readonly value: string };
  readonly value: TemplateNode;
}

/** `{{ … }}`: an expression whose value is printed. The library has no node for it, `parseTemplate` adds it. */
export interface PrintNode extends TemplateNode {
  readonly type: "Print";
  readonly printed: TemplateNode;
}

/** What stands after `in` of a loop; added by `parseTemplate` as well. */
export interface IterableNode extends TemplateNode {
  readonly type: "Iterable";
  readonly iterated: TemplateNode;
}

/** The library finds out by an exception that there is no variable of a name, which takes as long as this many nodes. */
const unknownNameCost = 10;

/**
 * The library's interpreter with a budget, with Python's printing and equality, and with the methods and filters
 * that chat templates in the wild use and the library lacks.
 */
export class ChatInterpreter extends Interpreter {
  readonly #budget: WorkBudget;

  constructor(environment: Environment, budget: WorkBudget) {
    super(environment);
    this.#budget = budget;
  }

  override evaluate(node: TemplateNode | undefined, environment: Environment): RuntimeValue {
    this.#budget.spend(1);
    const own = node === undefined ? undefined : this.#evaluateOwn(node, environment);
    const value = own ?? super.evaluate(node, environment);
    this.#budget.inspect(value);
    if (isUndefined(value) && node?.type === "Identifier") this.#budget.spend(unknownNameCost);
    return value;
  }

  #evaluateOwn(node: TemplateNode, environment: Environment): RuntimeValue | undefined {
    if (isPrint(node)) return toRuntime(printedText(this.evaluate(node.printed, environment)));
    if (isObjectLiteral(node)) return this.#object(node, environment);
    // The library unpacks lists only.
    if (isTuple(node)) return runtimeList(node.value.map((item) => this.evaluate(item, environment)));
    if (isBinary(node)) return this.#binary(node, environment);
    if (isMember(node)) return this.#member(node, environment);
    if (isIterable(node)) return this.#iterable(node, environment);
    return isFilter(node) ? this.#filter(node, environment) : undefined;
  }

  #binary({ operator, left, right }: BinaryNode, environment: Environment): RuntimeValue | undefined {
    const repeats = operator.value === "*" && left.type === "StringLiteral";
    if (!repeats && !["==", "!=", "~", "+", "in", "not in"].includes(operator.value)) return undefined;
    const a = this.evaluate(left, environment);
    const b = this.evaluate(right, environment);
    if (repeats) return this.#repeated(a, b);
    if (operator.value === "~") return toRuntime(joinedText(a) + joinedText(b));
    if (operator.value === "+") return sum(a, b);
    if (operator.value.endsWith("in")) return toRuntime(isIn(a, b) === (operator.value === "in"));
    return toRuntime(pythonEquals(a, b) === (operator.value === "=="));
  }

  #repeated({ value: text }: RuntimeValue, { value: count }: RuntimeValue): RuntimeValue {
    if (typeof text !== "string" || typeof count !== "number")
      throw new Error("cannot repeat a text so often");
    this.#budget.reserveText(text.length * count);
    return toRuntime(text.repeat(Math.max(0, Math.floor(count))));
  }

  /** Keys that are no texts are kept as one: the library knows no others. */
  #object({ value }: ObjectNode, environment: Environment): RuntimeValue {
    const object = toRuntime({});
    if (!(object.value instanceof Map)) return object;
    for (const [keyNode, item] of value) {
      const key = this.evaluate(keyNode, environment);
      if (typeof key.value === "number") noteNumberKeys(object.value);
      object.value.set(pythonText(key), this.evaluate(item, environment));
    }
    return object;
  }

  /** What a loop runs over. To Python, a text has characters and what is undefined has nothing. */
  #iterable({ iterated }: IterableNode, environment: Environment): RuntimeValue {
    const value = this.evaluate(iterated, environment);
    // The library sets up every round before the first one runs.
    if (Array.isArray(value.value)) this.#budget.spend(2 * value.value.length);
    if (isUndefined(value) || isNone(value)) return runtimeList([]);
    return typeof value.value === "string" ? runtimeList(elementsOf(value)) : value;
  }

  #member(node: MemberNode, environment: Environment): RuntimeValue | undefined {
    if (!node.computed) return this.#method(node, environment);
    if (node.property.type === "SliceExpression") return undefined;
    const object = this.evaluate(node.object, environment);
    const key = this.evaluate(node.property, environment).value;
    if (typeof key === "number" && (Array.isArray(object.value) || typeof object.value === "string")) {
      const element = object.value.at(key);
      return typeof element === "object" ? element : toRuntime(element);
    }
    // As in Python's Jinja, a key that is not there is undefined, whatever it is.
    const isKey = typeof key === "string" || typeof key === "number";
    const entry = object.value instanceof Map && isKey ? object.value.get(String(key)) : undefined;
    return entry ?? (typeof key === "string" ? object.builtins.get(key) : undefined) ?? toRuntime(undefined);
  }

  /** A method bound to its object, when we have one of that name for it. */
  #method({ object, property, computed }: MemberNode, environment: Environment): RuntimeValue | undefined {
    const name = property.value;
    if (computed || typeof name !== "string") return undefined;
    const textMethod = textMethods.get(name);
    const listMethod = listMethods.get(name);
    const isObjectMethod = objectMethods.includes(name);
    if (textMethod === undefined && listMethod === undefined && !isObjectMethod) return undefined;
    const { value, type, builtins } = this.evaluate(object, environment);
    if (isObjectMethod) return type === "ObjectValue" ? builtins.get(name) : undefined;
    if (typeof value === "string" && textMethod) {
      return runtimeFunction((args) => textMethod(value, args, this.#budget));
    }
    if (Array.isArray(value) && listMethod) {
      return runtimeFunction((args) => {
        this.#budget.noteChange();
        return listMethod(value, args);
      });
    }
    return value instanceof Map ? value.get(name) : undefined;
  }

  #filter({ operand, filter }: FilterNode, environment: Environment): RuntimeValue | undefined {
    const name = filter.callee?.value ?? filter.value;
    const own = typeof name === "string" ? filters.get(name) : undefined;
    if (own === undefined) return undefined;
    const call = this.#filterCall(filter.args ?? [], environment);
    return own(this.evaluate(operand, environment), call);
  }

  #filterCall(nodes: readonly TemplateNode[], environment: Environment): FilterCall {
    const args: RuntimeValue[] = [];
    const named = new Map<string, RuntimeValue>();
    for (const node of nodes) {
      if (isNamedArgument(node)) named.set(node.key.value, this.evaluate(node.value, environment));
      else args.push(this.evaluate(node, environment));
    }
    const apply = (name: string, operand: RuntimeValue): RuntimeValue => {
      const own = filters.get(name)?.(operand, { ...call, args: args.slice(1) });
      if (own !== undefined) return own;
      const method = operand.builtins.get(name);
      if (typeof method?.value !== "function") throw new Error(`unknown filter ${name}`);
      return method.value(args.slice(1), environment);
    };
    const passes = (name: string, operand: RuntimeValue, argument?: RuntimeValue): boolean => {
      const equal = argument !== undefined && pythonEquals(operand, argument);
      if (name === "equalto" || name === "eq" || name === "==") return equal;
      if (name === "ne" || name === "!=") return !equal;
      if (name === "in")
        return argument !== undefined && elementsOf(argument).some((item) => pythonEquals(item, operand));
      const test = environment.tests.get(name);
      if (test === undefined) throw new Error(`unknown test ${name}`);
      return test(operand, argument);
    };
    const call: FilterCall = { args, named, budget: this.#budget, passes, apply };
    return call;
  }
}

/** These hide properties of the same name, as in llama.cpp: `schema.items` is a method even of an array's schema. */
const objectMethods: readonly string[] = ["get", "items", "keys", "values"];

/**
 * Like is added to like, and to a text what has a plain form, nothing included, as llama.cpp does. A text and an object
 * are refused, on which templates rely to notice what they cannot write.
 */
function sum(a: RuntimeValue, b: RuntimeValue): RuntimeValue {
  if (typeof a.value === "string" && isPlain(b)) return toRuntime(a.value + joinedText(b));
  if (typeof b.value === "string" && isPlain(a)) return toRuntime(joinedText(a) + b.value);
  if (typeof a.value === "number" && typeof b.value === "number") return toRuntime(a.value + b.value);
  if (Array.isArray(a.value) && Array.isArray(b.value)) return runtimeList([...a.value, ...b.value]);
  throw new Error(`cannot add ${a.type} and ${b.type}`);
}

/** Whether a list, an object or a text has it; a name that is not there is a mistake to notice. */
function isIn(element: RuntimeValue, { value, type }: RuntimeValue): boolean {
  if (isUndefined(element)) throw new Error("cannot look for what is undefined");
  if (Array.isArray(value)) return value.some((item) => pythonEquals(item, element));
  if (typeof element.value === "string" && value instanceof Map) return value.has(element.value);
  if (typeof element.value === "string" && typeof value === "string") return value.includes(element.value);
  if (value instanceof Map || type === "UndefinedValue") return false;
  throw new Error(`cannot look into ${type}`);
}

function isPlain({ value, type }: RuntimeValue): boolean {
  return (
    ["string", "number", "boolean"].includes(typeof value) ||
    type === "NullValue" ||
    type === "UndefinedValue"
  );
}

function isPrint(node: TemplateNode): node is PrintNode {
  return node.type === "Print";
}

function isObjectLiteral(node: TemplateNode): node is ObjectNode {
  return node.type === "ObjectLiteral";
}

function isTuple(node: TemplateNode): node is TupleNode {
  return node.type === "TupleLiteral";
}

function isIterable(node: TemplateNode): node is IterableNode {
  return node.type === "Iterable";
}

function isBinary(node: TemplateNode): node is BinaryNode {
  return node.type === "BinaryExpression";
}

function isMember(node: TemplateNode): node is MemberNode {
  return node.type === "MemberExpression";
}

function isFilter(node: TemplateNode): node is FilterNode {
  return node.type === "FilterExpression";
}

function isNamedArgument(node: TemplateNode): node is NamedArgumentNode {
  return node.type === "KeywordArgumentExpression";
}

import type { AnyNode, BranchNode, CallTemplateNode, ListNode, PipeNode, TemplateNode } from "./ast.ts";
import { compilePipe } from "./compile-pipe.ts";
import type { Evaluate, Flow, Run, Scope } from "./compiled.ts";
import { printShown } from "./printer.ts";
import { quote } from "./quote.ts";
import { holdsAny } from "./read-field.ts";
import { childrenOf } from "./reflect.ts";
import type { RunState, Value } from "./run-state.ts";
import { GoByte, GoMap, GoSlice, isTrue } from "./values.ts";

const leave = 1;
const next = 2;

/** Turns trees into functions once, so that rendering does not have to look at the trees again. */
export function compileList(list: ListNode, scope: Scope): Run {
  const runs = list.nodes.map((node) => compileNode(node, scope));
  const [first, second] = runs;
  if (first === undefined) return () => 0;
  if (second === undefined) return first;
  return (state, dot) => {
    for (const run of runs) {
      const flow = run(state, dot);
      if (flow !== 0) return flow;
    }
    return 0;
  };
}

function compileNode(node: TemplateNode, scope: Scope): Run {
  switch (node.type) {
    case "text": {
      const { text } = node;
      return (state) => {
        state.step();
        state.write(text);
        return 0;
      };
    }
    case "action": {
      const pipe = compilePipe(node.pipe, scope);
      const isSilent = node.pipe.declarations.length > 0;
      return (state, dot) => {
        state.node = node;
        const value = pipe(state, dot);
        if (!isSilent) state.write(typeof value === "string" ? value : printShown(value));
        return 0;
      };
    }
    case "if":
    case "with":
      return compileCondition(node, scope);
    case "range":
      return compileRange(node, scope);
    case "template":
      return compileCall(node, scope);
    case "break":
      return () => leave;
    case "continue":
      return () => next;
    default:
      return node satisfies never;
  }
}

function compileCondition(node: BranchNode, scope: Scope): Run {
  const pipe = compilePipe(node.pipe, scope);
  const list = compileList(node.list, scope);
  const otherwise = node.elseList && compileList(node.elseList, scope);
  const setsDot = node.type === "with";
  const run: Run = (state, dot) => {
    state.node = node;
    const value = pipe(state, dot);
    if (isTrue(value)) {
      if (!setsDot) return list(state, dot);
      const { anyItem } = state;
      // A pipeline takes its value out of `any`, also when it is the item of the loop around it.
      if (value === anyItem) state.anyItem = undefined;
      const flow = list(state, value);
      state.anyItem = anyItem;
      return flow;
    }
    return otherwise === undefined ? 0 : otherwise(state, dot);
  };
  if (!declaresVariables(node)) return run;
  return (state, dot) => {
    const mark = state.names.length;
    const flow = run(state, dot);
    state.cut(mark);
    return flow;
  };
}

/** What is known of nodes already, so that nested conditions are not searched once for each level. */
const declaring = new WeakMap<AnyNode, boolean>();

/** Whether anything inside makes a variable, which ends with the node. */
function declaresVariables(node: AnyNode): boolean {
  let declares = declaring.get(node);
  if (declares === undefined) {
    // Every child is looked at, so that none is looked at again.
    const inner = childrenOf(node).map(declaresVariables);
    declares =
      inner.includes(true) || (node.type === "pipe" && node.declarations.length > 0 && !node.isAssign);
    declaring.set(node, declares);
  }
  return declares;
}

function compileRange(node: BranchNode, scope: Scope): Run {
  const pipe = compilePipe(node.pipe, scope);
  const list = compileList(node.list, scope);
  const otherwise = node.elseList && compileList(node.elseList, scope);
  const assign = loopVariables(node.pipe);
  const takesPairs = node.pipe.declarations.length > 1;
  /** @returns whether to stop */
  const round: Round = (state, mark, key, item) => {
    state.step();
    assign(state, mark, key, item);
    const flow = list(state, item);
    state.cut(mark);
    return flow === leave;
  };
  return (state, dot) => {
    state.node = node;
    const outer = state.names.length;
    const value = pipe(state, dot);
    const count = countOf(state, value, takesPairs);
    let flow: Flow = 0;
    if (count > 0) loop(state, value, count, round);
    else if (otherwise !== undefined) flow = otherwise(state, dot);
    state.cut(outer);
    // Whatever ends an `else` ends it alone: Go stops `break` at the loop, though not `continue`.
    return flow === leave ? 0 : flow;
  };
}

type Round = (state: RunState, mark: number, key: Value, item: Value) => boolean;

/** How often a loop over the value runs. */
function countOf(state: RunState, value: Value, takesPairs: boolean): number {
  if (value === undefined || value === null) return 0;
  if (value instanceof GoSlice) return value.length;
  if (value instanceof GoMap) return value.size;
  const count = value instanceof GoByte ? value.value : value;
  if (typeof count === "number" || typeof count === "bigint") {
    if (takesPairs) state.fail(`can't use ${count} to iterate over more than one variable`);
    return Number(count);
  }
  return state.fail(`range can't iterate over ${printShown(value)}`);
}

function loop(state: RunState, value: Value, count: number, round: Round): void {
  const mark = state.names.length;
  const { anyItem } = state;
  const isAny = holdsAny(value);
  state.anyItem = undefined;
  if (value instanceof GoSlice) {
    for (let index = 0; index < count; index++) {
      const item = value.at(index);
      if (isAny) state.anyItem = item;
      if (round(state, mark, index, item)) break;
    }
  } else if (value instanceof GoMap) {
    state.charge(count << 4);
    for (const key of value.sortedKeys()) {
      const item = value.get(key) ?? null;
      if (isAny) state.anyItem = item;
      if (round(state, mark, key, item)) break;
    }
  } else {
    const isByte = value instanceof GoByte;
    for (let index = 0; index < count; index++) {
      if (round(state, mark, undefined, isByte ? new GoByte(index) : index)) break;
    }
  }
  state.anyItem = anyItem;
}

/** Gives the variables of a loop their values for one round. */
function loopVariables(pipe: PipeNode): (state: RunState, mark: number, key: Value, item: Value) => void {
  const [first, second] = pipe.declarations.map((declaration) => declaration.names[0] ?? "");
  if (first === undefined) return () => {};
  if (pipe.isAssign) {
    return (state, _, key, item) => {
      state.set(first, second === undefined ? item : key);
      if (second !== undefined) state.set(second, item);
    };
  }
  return (state, mark, key, item) => {
    state.values[mark - 1] = item;
    if (second !== undefined) state.values[mark - 2] = key;
  };
}

function compileCall(node: CallTemplateNode, scope: Scope): Run {
  const pipe: Evaluate = node.pipe === undefined ? () => undefined : compilePipe(node.pipe, scope);
  return (state, dot) => {
    state.node = node;
    const tree = scope.trees.get(node.name);
    if (tree === undefined) return state.fail(`template ${quote(node.name)} not defined`);
    state.enter();
    const data = pipe(state, dot);
    const { names, values, name } = state;
    state.names = ["$"];
    state.values = [data];
    state.name = node.name;
    tree(state, data);
    state.names = names;
    state.values = values;
    state.name = name;
    state.depth--;
    return 0;
  };
}

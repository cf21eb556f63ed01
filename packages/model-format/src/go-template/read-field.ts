import type { RunState, Value } from "./run-state.ts";
import { GoMap, GoSlice, GoStruct, type GoValue, typeName } from "./values.ts";

export interface FieldOptions {
  /** Arguments written behind the field, which only a method could take, and none does. */
  readonly argumentCount: number;
  readonly missingKeyIsNil: boolean;
  /** The value was found in a container of `any`, which is then the type that Go names. */
  readonly holdsAny: boolean;
}

/** A field of a struct, a key of a map, or what a method gives. */
export function readField(state: RunState, receiver: Value, name: string, options: FieldOptions): Value {
  if (receiver instanceof GoStruct) {
    const value = receiver.field(name);
    if (value !== undefined) {
      state.foundInAny = false;
      if (options.argumentCount > 0) state.fail(`${name} has arguments but cannot be invoked as function`);
      return value;
    }
  }
  if (receiver === undefined) return undefined;
  if (receiver === null) return state.fail(`nil pointer evaluating interface {}.${name}`);
  const method = methodOf(receiver, name);
  if (method !== undefined) {
    const { argumentCount } = options;
    if (argumentCount > 0) state.fail(`wrong number of args for ${name}: want 0 got ${argumentCount}`);
    return method();
  }
  if (receiver instanceof GoMap) {
    if (options.argumentCount > 0) state.fail(`${name} is not a method but has arguments`);
    state.foundInAny = holdsAny(receiver);
    return receiver.get(name) ?? (options.missingKeyIsNil ? zeroOf(receiver) : undefined);
  }
  if (receiver instanceof GoStruct && receiver.isNil && receiver.type.fields.has(name)) {
    return state.fail(`nil pointer evaluating ${typeName(receiver)}.${name}`);
  }
  const type = options.holdsAny || receiver === state.anyItem ? "interface {}" : typeName(receiver);
  return state.fail(`can't evaluate field ${name} in type ${type}`);
}

/** What a missing key of a map stands for. */
export function zeroOf(map: GoMap): GoValue {
  return map.type.zero?.() ?? null;
}

/** Whether the elements are of type `any`. */
export function holdsAny(value: Value): boolean {
  if (value instanceof GoMap) return value.type.holdsAny !== false;
  return value instanceof GoSlice && value.type.name === "[]interface {}";
}

function methodOf(receiver: GoValue, name: string): (() => GoValue) | undefined {
  if (receiver instanceof GoStruct)
    return bind(receiver, name === "String" ? receiver.type.string : receiver.type.methods.get(name));
  if (receiver instanceof GoSlice && name === "String") return bind(receiver, receiver.type.string);
  if (receiver instanceof GoMap && name === "String") return bind(receiver, receiver.type.string);
  return undefined;
}

function bind<TValue>(
  value: TValue,
  method: ((value: TValue) => GoValue) | undefined,
): (() => GoValue) | undefined {
  return method && (() => method(value));
}

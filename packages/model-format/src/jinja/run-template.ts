import { PromptError } from "../errors.ts";
import { ChatInterpreter } from "./chat-interpreter.ts";
import { Environment, type RuntimeValue, type TemplateNode } from "./library.ts";
import { strftime } from "./strftime.ts";
import { WorkBudget, type WorkLimits } from "./work-budget.ts";

interface RunOptions {
  readonly now: () => Date;
  readonly limits: WorkLimits;
}

const maxRange = 100_000;

/**
 * Runs a template once.
 * @throws PromptError `TEMPLATE_FAILED` when it refuses its input or does what we do not know, `TEMPLATE_LIMIT`
 */
export function runTemplate(
  template: TemplateNode,
  variables: Readonly<Record<string, unknown>>,
  { now, limits }: RunOptions,
): string {
  const environment = new Environment();
  for (const [name, value] of Object.entries({ ...globals(now), ...variables })) environment.set(name, value);
  for (const [name, test] of tests) environment.tests.set(name, test);
  const budget = new WorkBudget(limits);
  try {
    return String(new ChatInterpreter(environment, budget).evaluate(template, environment).value);
  } catch (cause) {
    throw asPromptError(cause);
  }
}

type Test = (operand: RuntimeValue | undefined) => boolean;

/** What the library lacks or sees otherwise: a name that is not there can be walked, to no end. */
const tests: ReadonlyMap<string, Test> = new Map<string, Test>([
  [
    "iterable",
    (operand) => ["UndefinedValue", "ArrayValue", "ObjectValue", "StringValue"].includes(operand?.type ?? ""),
  ],
  ["sequence", (operand) => ["UndefinedValue", "ArrayValue", "StringValue"].includes(operand?.type ?? "")],
  ["float", (operand) => operand?.type === "FloatValue"],
]);

function globals(now: () => Date): Readonly<Record<string, unknown>> {
  return {
    true: true,
    false: false,
    none: null,
    True: true,
    False: false,
    None: null,
    raise_exception: (reason: unknown) => {
      throw new PromptError(
        "TEMPLATE_FAILED",
        `The chat template refuses this conversation: ${String(reason)}`,
      );
    },
    strftime_now: (format: unknown) => strftime(now(), String(format)),
    range,
    dict: (named: unknown) => (named instanceof Map ? Object.fromEntries(plainEntries(named)) : {}),
  };
}

function plainEntries(map: ReadonlyMap<unknown, unknown>): readonly (readonly [string, unknown])[] {
  return [...map].map(([key, value]) => [String(key), plain(value)]);
}

/** A runtime value as the plain value that it stands for. */
function plain(value: unknown): unknown {
  const inner = typeof value === "object" && value !== null && "value" in value ? value.value : value;
  if (Array.isArray(inner)) return inner.map(plain);
  return inner instanceof Map ? Object.fromEntries(plainEntries(inner)) : inner;
}

function range(...bounds: readonly unknown[]): readonly number[] {
  const numbers = bounds.filter((bound) => typeof bound === "number");
  const [start = 0, end = 0, step = 1] = numbers.length === 1 ? [0, numbers[0]] : numbers;
  if (step === 0) throw new Error("range() step must not be zero");
  const length = Math.max(0, Math.ceil((end - start) / step));
  if (length > maxRange) {
    throw new PromptError("TEMPLATE_LIMIT", `The chat template counts too far (limit ${maxRange})`);
  }
  return Array.from({ length }, (_, index) => start + index * step);
}

/** Whatever went wrong while a template ran, as an error of ours. */
export function asPromptError(cause: unknown): PromptError {
  if (PromptError.is(cause)) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  // The stack ran out, or a text grew longer than the language allows.
  if (cause instanceof RangeError) {
    return new PromptError("TEMPLATE_LIMIT", `The chat template needs more than allowed: ${reason}`, {
      cause,
    });
  }
  return new PromptError("TEMPLATE_FAILED", `The chat template failed: ${reason}`, { cause });
}

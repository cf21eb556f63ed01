import { EngineError } from "../errors.ts";
import { type GbnfElement, type GbnfRules, scanGbnf } from "./scan-gbnf.ts";

/** Characters. Far more than any schema within reason needs; llama.cpp reads a megabyte in a fifth of a second. */
const maxLength = 2 ** 20;
/** llama.cpp keeps every alternative that is open, and compares each with all others, for every token. */
const maxOpen = 2_000;
/** It follows rules that begin with rules by recursion. */
const maxChain = 1_000;

interface Entry {
  /** Alternatives that are open where the rule begins. */
  readonly open: number;
  readonly isNullable: boolean;
}

/**
 * Refuses grammars that would bring llama.cpp to a standstill or to its end. What is merely wrong, it says itself.
 * @throws EngineError `INVALID_GRAMMAR` with what is too much
 */
export function checkGrammar(grammar: string): void {
  if (grammar.length > maxLength)
    refuse(`it has ${grammar.length} characters; at most ${maxLength} are read`);
  const rules = scanGbnf(grammar, refuse);
  const entries = new Map<string, Entry>();
  for (const name of rules.keys()) entryOf(name, { rules, entries, running: new Set() });
}

interface Walk {
  readonly rules: GbnfRules;
  readonly entries: Map<string, Entry>;
  readonly running: Set<string>;
}

const nothing: Entry = { open: 0, isNullable: false };

function entryOf(name: string, walk: Walk): Entry {
  const { rules, entries, running } = walk;
  const known = entries.get(name);
  if (known !== undefined) return known;
  // A rule that begins with itself, or one that does not exist: llama.cpp says so.
  const alternatives = running.has(name) ? undefined : rules.get(name);
  if (alternatives === undefined) return nothing;
  running.add(name);
  if (running.size > maxChain) refuse(`more than ${maxChain} of its rules begin with one another`);
  const entry = ofAlternatives(alternatives, walk);
  running.delete(name);
  entries.set(name, entry);
  return entry;
}

function ofAlternatives(alternatives: readonly (readonly GbnfElement[])[], walk: Walk): Entry {
  let open = 0;
  let isNullable = false;
  for (const sequence of alternatives) {
    let goesOn = true;
    for (const element of sequence) {
      const entry = ofElement(element, walk);
      open += entry.open;
      if (open > maxOpen) refuse(`more than ${maxOpen} alternatives can be open at once; say it with fewer`);
      goesOn = element.isOptional || entry.isNullable;
      if (!goesOn) break;
    }
    isNullable ||= goesOn;
  }
  return { open, isNullable };
}

function ofElement(element: GbnfElement, walk: Walk): Entry {
  switch (element.kind) {
    case "characters":
      return { open: 1, isNullable: false };
    case "nothing":
      return { open: 0, isNullable: true };
    case "rule":
      return entryOf(element.name, walk);
    case "group":
      return ofAlternatives(element.alternatives, walk);
    default:
      return element satisfies never;
  }
}

function refuse(why: string): never {
  throw new EngineError("INVALID_GRAMMAR", `the grammar is too much for the engine: ${why}`);
}

import { PromptError } from "../errors.ts";
import type { RuntimeValue } from "./library.ts";

/** How much a template may do. Templates come with models, from people we do not know. */
export interface WorkLimits {
  /** Evaluated nodes, plus a share of the sizes that they handled. */
  readonly work: number;
  /** Characters of any text, the prompt included. */
  readonly textChars: number;
  /** Elements of any list or object, inner ones included; eight characters count as one. */
  readonly elements: number;
}

/** Stops a template that runs on, or grows what it holds beyond measure. */
export class WorkBudget {
  readonly #limits: WorkLimits;
  #work = 0;
  #namespaces = 0;
  #weights: WeakMap<object, number> | undefined = new WeakMap();

  constructor(limits: WorkLimits) {
    this.#limits = limits;
  }

  spend(units: number): void {
    this.#work += units;
    if (this.#work > this.#limits.work)
      throw this.#exceeded("does more work than allowed", this.#limits.work);
  }

  /** Asks for a text before it is made. */
  reserveText(chars: number): void {
    if (chars > this.#limits.textChars) throw this.#exceeded("makes too long a text", this.#limits.textChars);
  }

  inspect(value: RuntimeValue): void {
    if (typeof value.value === "string") {
      this.reserveText(value.value.length);
      this.spend(value.value.length >> 6);
    } else if (Array.isArray(value.value) || value.value instanceof Map) this.spend(this.#weigh(value) >> 8);
  }

  /** A list or object was changed in place: what was weighed before proves nothing any more. */
  noteChange(): void {
    this.#weights = undefined;
  }

  #weigh(value: RuntimeValue): number {
    const inner = value.value;
    if (typeof inner === "string") return 1 + (inner.length >> 3);
    if (!Array.isArray(inner) && !(inner instanceof Map)) return 1;
    const known = this.#weights?.get(value);
    if (known !== undefined) return known;
    const size = Array.isArray(inner) ? inner.length : inner.size;
    this.spend(1 + (size >> 5));
    const namespacesBefore = this.#namespaces;
    let weight = 1;
    for (const child of inner.values()) {
      weight += this.#weigh(child);
      if (weight > this.#limits.elements)
        throw this.#exceeded("makes too large a list", this.#limits.elements);
    }
    // What holds a namespace may grow later without notice, so it is weighed every time.
    if (value.type === "NamespaceValue") this.#namespaces += 1;
    if (this.#namespaces === namespacesBefore) this.#weights?.set(value, weight);
    return weight;
  }

  #exceeded(what: string, limit: number): PromptError {
    return new PromptError("TEMPLATE_LIMIT", `The chat template ${what} (limit ${limit})`, {
      details: { limit },
    });
  }
}

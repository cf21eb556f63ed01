import type { ApiRequest } from "../../http/api-request.ts";

interface ListedName {
  readonly id: string;
  readonly modifiedAt: Date;
}

/** Anthropic's clients send their version with every request. */
export function wantsAnthropic(request: ApiRequest): boolean {
  return request.header("anthropic-version") !== undefined;
}

export function toAnthropicModel({ id, modifiedAt }: ListedName) {
  return { type: "model", id, display_name: id, created_at: modifiedAt.toISOString() };
}

const defaultLimit = 20;
const maxLimit = 1000;

/** One page; `after_id`, `before_id` and `limit` in the query choose it. */
export function toAnthropicModels(models: readonly ListedName[], search: string) {
  const query = new URLSearchParams(search);
  const limit = Math.min(maxLimit, Math.max(1, Number(query.get("limit")) || defaultLimit));
  const [after, before] = [query.get("after_id"), query.get("before_id")];
  const start = after === null ? 0 : models.findIndex(({ id }) => id === after) + 1;
  const found = before === null ? -1 : models.findIndex(({ id }) => id === before);
  const end = found < 0 ? models.length : found;
  const page =
    before === null ? models.slice(start, start + limit) : models.slice(Math.max(start, end - limit), end);
  const hasMore = before === null ? start + limit < models.length : end - limit > start;
  return {
    data: page.map(toAnthropicModel),
    has_more: hasMore,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

type Schema = Readonly<Record<string, unknown>>;

const string: Schema = { type: "string" };
const number: Schema = { type: "number" };
const boolean: Schema = { type: "boolean" };
/** Counts, bytes, nanoseconds, seconds since the epoch: never below zero. */
const count: Schema = { type: "integer", minimum: 0 };
const time: Schema = { type: "string", format: "date-time" };
const anything: Schema = { type: "object" };
const constant = (value: string): Schema => ({ const: value });
const list = (items: Schema): Schema => ({ type: "array", items });
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });

/** An object; fields beyond these are allowed, as clients must allow them. */
function shape(required: Readonly<Record<string, Schema>>, optional: Readonly<Record<string, Schema>> = {}) {
  return { type: "object", required: Object.keys(required), properties: { ...required, ...optional } };
}

const details = shape(
  {
    parent_model: string,
    format: string,
    family: string,
    families: orNull(list(string)),
    parameter_size: string,
    quantization_level: string,
  },
  { context_length: count, embedding_length: count },
);
const named = { name: string, model: string, size: count, digest: string, details };
const toolCall = shape({ function: shape({ name: string, arguments: anything }) }, { id: string });
const tokenLogprob = { token: string, logprob: number };
const logprobs = list(
  shape(tokenLogprob, {
    bytes: list(count),
    top_logprobs: list(shape(tokenLogprob, { bytes: list(count) })),
  }),
);
const generation = {
  done_reason: string,
  logprobs,
  total_duration: count,
  load_duration: count,
  prompt_eval_count: count,
  prompt_eval_duration: count,
  eval_count: count,
  eval_duration: count,
  _debug_info: shape({ rendered_template: string }, { image_count: count }),
  puna: shape({}, { dropped_messages: count }),
};
const generationHead = { model: string, created_at: time, done: boolean };
const progress = shape({ status: string }, { digest: string, total: count, completed: count });

const usage = shape({ prompt_tokens: count, total_tokens: count }, { completion_tokens: count });
const finish: Schema = {
  enum: ["stop", "length", "tool_calls", "content_filter", "load", "unload", "", null],
};
const openaiCall = shape({
  id: string,
  type: constant("function"),
  function: shape({ name: string, arguments: string }),
});
const listedByOpenai = shape({ id: string, object: constant("model"), created: count, owned_by: string });
const listedByAnthropic = shape({
  type: constant("model"),
  id: string,
  display_name: string,
  created_at: time,
});
const response = shape(
  {
    id: string,
    object: constant("response"),
    created_at: count,
    status: { enum: ["completed", "incomplete", "failed", "in_progress", "cancelled", "queued"] },
    model: string,
    output: list(shape({ type: string })),
  },
  {
    usage: orNull(shape({ input_tokens: count, output_tokens: count, total_tokens: count })),
    previous_response_id: orNull(string),
  },
);
const rankedDocument = shape({
  index: count,
  relevance_score: { type: "number", minimum: 0, maximum: 1 },
});

/** Bodies of success of each route that answers JSON: what clients may count on. */
export const responseSchemas: Readonly<Record<string, Schema>> = {
  "GET /health": shape({ status: constant("ok") }),
  "GET /ready": shape({ status: constant("ready") }),
  "GET /openapi.json": shape({ openapi: string, paths: anything }),
  "GET /api/version": shape({ version: string, puna: string }),
  "GET /api/tags": shape({
    models: list(shape({ ...named, modified_at: time }, { capabilities: list(string) })),
  }),
  "GET /api/ps": shape({
    models: list(shape({ ...named, expires_at: time, size_vram: count, context_length: count })),
  }),
  "GET /api/status": shape({ cloud: shape({ disabled: boolean, source: string }) }),
  "GET /api/experimental/model-recommendations": shape({ recommendations: list(anything) }),
  "POST /api/show": shape(
    { details, model_info: anything },
    {
      license: string,
      modelfile: string,
      parameters: string,
      template: string,
      system: string,
      capabilities: list(string),
      modified_at: time,
      tensors: list(shape({ name: string, type: string, shape: list(count) })),
    },
  ),
  "POST /api/chat": shape(
    {
      ...generationHead,
      message: shape({ role: string, content: string }, { thinking: string, tool_calls: list(toolCall) }),
    },
    generation,
  ),
  "POST /api/generate": shape(
    { ...generationHead, response: string },
    { ...generation, thinking: string, tool_calls: list(toolCall), context: list(count) },
  ),
  "POST /api/embed": shape(
    { model: string, embeddings: list(list(number)) },
    { total_duration: count, load_duration: count, prompt_eval_count: count },
  ),
  "POST /api/embeddings": shape({ embedding: list(number) }),
  "POST /api/pull": progress,
  "POST /api/push": progress,
  "POST /api/create": progress,
  "POST /api/tokenize": shape({
    tokens: { anyOf: [list(count), list(shape({ id: count, piece: { anyOf: [string, list(count)] } }))] },
  }),
  "POST /api/detokenize": shape({ content: string }),
  "POST /api/apply-template": shape({ prompt: string }),
  "GET /api/puna/store/df": shape({
    total: count,
    blobs: count,
    reclaimable: count,
    models: list(shape({ name: string, size: count, unique: count })),
  }),
  "POST /api/puna/store/prune": shape({
    removed: list(shape({ kind: string, size: count, path: string })),
    freed: count,
    kept: count,
    dry_run: boolean,
  }),
  "GET /api/puna/slots": shape({ models: list(shape({ name: string })) }),
  "GET /api/puna/devices": shape({ devices: list(anything) }),
  "GET /api/puna/keys": shape({ keys: list(shape({ name: string, scopes: list(string) })) }),
  "POST /api/puna/keys": shape({ name: string, scopes: list(string), key: string }),
  "DELETE /api/puna/keys/:name": anything,
  "GET /v1/models": shape({ data: list({ anyOf: [listedByOpenai, listedByAnthropic] }) }),
  "GET /v1/models/:model": { anyOf: [listedByOpenai, listedByAnthropic] },
  "POST /v1/chat/completions": shape(
    {
      id: string,
      object: constant("chat.completion"),
      created: count,
      model: string,
      choices: list(
        shape(
          {
            index: count,
            message: shape(
              { role: constant("assistant") },
              { content: orNull(string), reasoning: string, tool_calls: list(openaiCall) },
            ),
            finish_reason: finish,
          },
          { logprobs: orNull(shape({ content: logprobs })) },
        ),
      ),
    },
    { usage },
  ),
  "POST /v1/completions": shape(
    {
      id: string,
      object: constant("text_completion"),
      created: count,
      model: string,
      choices: list(shape({ text: string, index: count, finish_reason: finish })),
    },
    { usage },
  ),
  "POST /v1/embeddings": shape({
    object: constant("list"),
    data: list(
      shape({
        object: constant("embedding"),
        index: count,
        embedding: { anyOf: [list(number), string] },
      }),
    ),
    model: string,
    usage,
  }),
  "POST /v1/responses": response,
  "GET /v1/responses/:id": response,
  "DELETE /v1/responses/:id": shape({ id: string, deleted: boolean }),
  "POST /v1/messages": shape({
    id: string,
    type: constant("message"),
    role: constant("assistant"),
    model: string,
    content: list(shape({ type: { enum: ["text", "thinking", "tool_use"] } })),
    stop_reason: { enum: ["end_turn", "max_tokens", "stop_sequence", "tool_use"] },
    usage: shape({ input_tokens: count, output_tokens: count }),
  }),
  "POST /v1/messages/count_tokens": shape({ input_tokens: count }),
  "POST /v1/rerank": shape({
    object: constant("list"),
    model: string,
    results: list(rankedDocument),
    usage,
  }),
  "POST /v2/rerank": shape({ id: string, results: list(rankedDocument), meta: anything }),
};

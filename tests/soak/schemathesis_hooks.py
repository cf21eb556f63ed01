"""Brings generated requests past "no such model" and "messages are missing", keeps answers short, and keeps the model
and the key that the other requests need: what is tested is what comes after."""

import os
import random

import schemathesis

MODEL = os.environ["PUNA_SOAK_MODEL"]
KEY_NAME = os.environ["PUNA_SOAK_KEY_NAME"]
MESSAGES = [{"role": "user", "content": "x"}]

# What each route needs to get to its work.
NEEDED = {
    "/api/chat": {"model": MODEL, "messages": MESSAGES},
    "/api/generate": {"model": MODEL, "prompt": "x"},
    "/api/embed": {"model": MODEL, "input": "x"},
    "/api/embeddings": {"model": MODEL, "prompt": "x"},
    "/api/show": {"model": MODEL},
    "/api/create": {"model": "made", "from": MODEL},
    "/api/copy": {"source": MODEL, "destination": "copied"},
    "/api/tokenize": {"model": MODEL, "content": "x"},
    "/api/detokenize": {"model": MODEL, "tokens": [5]},
    "/api/apply-template": {"model": MODEL, "messages": MESSAGES},
    "/v1/chat/completions": {"model": MODEL, "messages": MESSAGES},
    "/v1/completions": {"model": MODEL, "prompt": "x"},
    "/v1/embeddings": {"model": MODEL, "input": "x"},
    "/v1/responses": {"model": MODEL, "input": "x"},
    "/v1/messages": {"model": MODEL, "messages": MESSAGES, "max_tokens": 3},
    "/v1/messages/count_tokens": {"model": MODEL, "messages": MESSAGES},
    "/v1/rerank": {"model": MODEL, "query": "x", "documents": ["y"]},
    "/v2/rerank": {"model": MODEL, "query": "x", "documents": ["y"]},
}
# They end or replace what they name.
CHANGING = {"/api/delete": ("model", "name"), "/api/create": ("model", "name"), "/api/copy": ("destination",)}
LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "n")


@schemathesis.hook
def map_body(context, body):
    path = context.operation.path
    if not isinstance(body, dict):
        return body
    body = dict(body)
    chance = random.Random(repr(body))
    needed = NEEDED.get(path, {})
    # The model of most requests exists; of the rest of what is needed, half is as it was made.
    for key, value in needed.items():
        if chance.random() < (0.9 if value == MODEL else 0.5):
            body[key] = value
    # So many odd fields at once hide each other: half the requests keep only some of them.
    if chance.random() < 0.5:
        body = {key: value for key, value in body.items() if key in needed or chance.random() < 0.2}
    for key in LIMITS:
        # Zero and below mean until the model stops, which this one may never do.
        if isinstance(body.get(key), (int, float)) and not 1 <= body[key] <= 8:
            body[key] = 3
    for key in CHANGING.get(path, ()):
        if isinstance(body.get(key), str) and MODEL.split(":")[0] in body[key].lower():
            body[key] = "other"
    if path in ("/api/chat", "/api/generate") and isinstance(body.get("options", {}), dict):
        body["options"] = {**body.get("options", {}), "num_predict": 3}
    elif path.startswith("/v1/") and isinstance(body.get("options"), dict):
        # Ours, below the named limits: a request that names none must end too.
        body["options"] = {**body["options"], "num_predict": 3}
    return body


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    if context.operation.path == "/api/puna/keys/{name}" and path_parameters.get("name") == KEY_NAME:
        return {**path_parameters, "name": "other"}
    if context.operation.path == "/v1/models/{model}" and random.random() < 0.5:
        return {**path_parameters, "model": MODEL}
    return path_parameters

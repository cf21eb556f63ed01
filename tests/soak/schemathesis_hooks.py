"""Brings generated requests past "no such model", and keeps answers short: what is tested is what comes after."""

import os
import random

import schemathesis

MODEL = os.environ["PUNA_SOAK_MODEL"]
# Their `model` is what they make, change or get from elsewhere.
OTHER = ("/api/create", "/api/delete", "/api/copy", "/api/pull", "/api/push", "/api/puna/keys")


@schemathesis.hook
def map_body(context, body):
    path = context.operation.path
    if not isinstance(body, dict):
        return body
    chance = random.Random(repr(body))
    if path == "/api/create" and chance.random() < 0.5:
        return {**body, "from": MODEL}
    if path in OTHER or "model" not in body:
        return body
    if chance.random() < 0.8:
        body = {**body, "model": MODEL}
    for key in ("max_tokens", "max_completion_tokens", "max_output_tokens", "n"):
        if isinstance(body.get(key), int) and body[key] > 8:
            body = {**body, key: 3}
    if path in ("/api/chat", "/api/generate") and isinstance(body.get("options", {}), dict):
        body = {**body, "options": {**body.get("options", {}), "num_predict": 3}}
    return body

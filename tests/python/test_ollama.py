"""The client of Ollama itself, in its plain and its asynchronous form."""

import json
import math

import pytest
from ollama import AsyncClient, Client, ResponseError

from questions import (
    BASE, CHAT, EMBED, FRANCE, PERSON, PERSON_SCHEMA, PNG, URL, WEATHER, WEATHER_TOOL,
)

OPTIONS = {"num_predict": 16}
client = Client(host=URL)


def get_weather(city: str) -> str:
    """The weather in a city right now.

    Args:
        city: Name of the city
    """
    return f"21 degrees and sunny in {city}"


def test_chats_whole_and_streamed_with_the_same_text():
    whole = client.chat(model=CHAT, messages=FRANCE, options=OPTIONS)
    assert "Paris" in whole.message.content
    parts = list(client.chat(model=CHAT, messages=FRANCE, options=OPTIONS, stream=True))
    assert "".join(part.message.content for part in parts) == whole.message.content
    assert parts[-1].done and parts[-1].eval_count == whole.eval_count


async def test_chats_asynchronously():
    asking = AsyncClient(host=URL)
    text = ""
    async for part in await asking.chat(model=CHAT, messages=FRANCE, options=OPTIONS, stream=True):
        text += part.message.content
    assert "Paris" in text


def test_calls_a_python_function_and_answers_from_its_result():
    asked = client.chat(model=CHAT, messages=WEATHER, tools=[get_weather])
    call = asked.message.tool_calls[0].function
    assert (call.name, call.arguments) == ("get_weather", {"city": "Paris"})
    result = {"role": "tool", "tool_name": call.name, "content": get_weather(**call.arguments)}
    answered = client.chat(model=CHAT, messages=[*WEATHER, asked.message, result], options={"num_predict": 30})
    assert "21" in answered.message.content


def test_keeps_to_a_schema():
    answer = client.chat(model=CHAT, messages=PERSON, format=PERSON_SCHEMA)
    assert json.loads(answer.message.content) == {"name": "Ada", "age": 36}


def test_generates_streams_and_goes_on_from_a_context():
    first = client.generate(model=BASE, prompt="1 2 3 4")
    assert first.done_reason == "length" and len(first.context) > 12
    streamed = "".join(part.response for part in client.generate(model=BASE, prompt="1 2 3 4", stream=True))
    assert streamed == first.response
    assert client.generate(model=BASE, prompt=" and", context=first.context).prompt_eval_count > 12


def test_gives_vectors_of_length_one():
    vectors = client.embed(model=EMBED, input=["hello world", "the quick fox"]).embeddings
    assert len(vectors) == 2 and math.isclose(math.hypot(*vectors[0]), 1, rel_tol=1e-4)
    assert len(client.embeddings(model=EMBED, prompt="hello world").embedding) == len(vectors[0])


def test_lists_shows_and_counts_what_is_loaded():
    assert CHAT in [model.model for model in client.list().models]
    assert client.show(BASE).details.family == "gemma3"
    assert "tools" in client.show(CHAT).capabilities
    client.generate(model=BASE, prompt="")
    assert BASE in [model.model for model in client.ps().models]


def test_creates_copies_and_deletes():
    assert client.create(model="made", from_=BASE, system="Be formal.").status == "success"
    assert client.copy("made", "made-again").status == "success"
    for name in ("made", "made-again"):
        assert client.delete(name).status == "success"
    with pytest.raises(ResponseError) as refused:
        client.show("made")
    assert refused.value.status_code == 404


@pytest.mark.parametrize(
    ("status", "ask"),
    [
        (404, lambda: client.chat(model="nope", messages=FRANCE)),
        (404, lambda: list(client.chat(model="nope", messages=FRANCE, stream=True))),
        (400, lambda: client.chat(model=BASE, messages=WEATHER, tools=[get_weather])),
        (400, lambda: client.chat(model=CHAT, messages=[{**FRANCE[0], "images": [PNG]}])),
        (400, lambda: client.generate(model=CHAT, prompt="x", format={"type": "no-such-type"})),
        (501, lambda: client.embed(model=BASE, input="x")),
    ],
)
def test_is_told_what_is_wrong(status, ask):
    with pytest.raises(ResponseError) as refused:
        ask()
    assert refused.value.status_code == status and refused.value.error


def test_takes_tools_as_dictionaries():
    tools = [{"type": "function", "function": WEATHER_TOOL}]
    parts = client.chat(model=CHAT, messages=WEATHER, tools=tools, stream=True)
    calls = [call for part in parts for call in part.message.tool_calls or []]
    assert [call.function.arguments for call in calls] == [{"city": "Paris"}]

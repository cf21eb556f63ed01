"""OpenAI's client: chat completions, completions, embeddings, models and responses."""

import json

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from questions import (
    BASE, CHAT, EMBED, FRANCE, PERSON, PERSON_SCHEMA, PNG, URL, WEATHER, WEATHER_TOOL,
)

client = OpenAI(base_url=f"{URL}/v1", api_key="unused", max_retries=0)
TOOLS = [{"type": "function", "function": WEATHER_TOOL}]
SHORT = {"model": CHAT, "messages": FRANCE, "temperature": 0, "max_tokens": 12}


class Person(BaseModel):
    name: str
    age: int


def test_chats_whole_and_streamed_with_the_same_text_and_usage():
    whole = client.chat.completions.create(**SHORT)
    assert "Paris" in whole.choices[0].message.content
    text, usage = "", None
    for chunk in client.chat.completions.create(**SHORT, stream=True, stream_options={"include_usage": True}):
        text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
        usage = chunk.usage or usage
    assert text == whole.choices[0].message.content
    assert usage.completion_tokens == whole.usage.completion_tokens


async def test_chats_asynchronously():
    stream = await AsyncOpenAI(base_url=f"{URL}/v1", api_key="unused").chat.completions.create(**SHORT, stream=True)
    assert "Paris" in "".join([chunk.choices[0].delta.content or "" async for chunk in stream])


def test_calls_a_tool_and_answers_from_its_result():
    asked = client.chat.completions.create(model=CHAT, messages=WEATHER, tools=TOOLS, temperature=0)
    assert asked.choices[0].finish_reason == "tool_calls"
    call = asked.choices[0].message.tool_calls[0]
    assert json.loads(call.function.arguments) == {"city": "Paris"}
    result = {"role": "tool", "tool_call_id": call.id, "content": "21 degrees, sunny"}
    messages = [*WEATHER, asked.choices[0].message, result]
    answered = client.chat.completions.create(model=CHAT, messages=messages, temperature=0, max_tokens=30)
    assert "21" in answered.choices[0].message.content


def test_is_made_to_call_a_tool_in_a_stream():
    choice = {"type": "function", "function": {"name": "get_weather"}}
    with client.chat.completions.stream(**{**SHORT, "max_tokens": 60}, tools=TOOLS, tool_choice=choice) as stream:
        call = stream.get_final_completion().choices[0].message.tool_calls[0]
    assert call.function.name == "get_weather" and "city" in json.loads(call.function.arguments)


def test_parses_into_a_pydantic_class():
    parsed = client.chat.completions.parse(model=CHAT, messages=PERSON, temperature=0, response_format=Person)
    assert parsed.choices[0].message.parsed == Person(name="Ada", age=36)


def test_completes_text():
    plain = {"model": BASE, "prompt": "1 2 3 4", "max_tokens": 6, "temperature": 0}
    whole = client.completions.create(**plain).choices[0]
    streamed = "".join(chunk.choices[0].text for chunk in client.completions.create(**plain, stream=True))
    assert whole.finish_reason == "length" and whole.text == streamed


def test_gives_vectors():
    packed = client.embeddings.create(model=EMBED, input=["hello world", "the quick fox"]).data
    plain = client.embeddings.create(model=EMBED, input="hello world", encoding_format="float").data
    assert packed[0].embedding == pytest.approx(plain[0].embedding, abs=2e-3)


def test_lists_and_retrieves_models():
    assert CHAT in [model.id for model in client.models.list()]
    assert client.models.retrieve(BASE).id == BASE


def test_responds_streams_and_goes_on_from_a_stored_response():
    first = client.responses.create(
        model=CHAT, input="My name is Ada. Say hello to me.", temperature=0, max_output_tokens=24
    )
    second = client.responses.create(
        model=CHAT,
        previous_response_id=first.id,
        input="What is my name? One word.",
        temperature=0,
        max_output_tokens=12,
    )
    assert "Ada" in second.output_text
    with client.responses.stream(model=CHAT, input="Say hello.", temperature=0, max_output_tokens=20) as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        assert text and stream.get_final_response().output_text == text


def test_calls_tools_and_keeps_to_schemas_in_responses():
    asked = client.responses.create(
        model=CHAT,
        input=WEATHER[0]["content"],
        tools=[{"type": "function", **WEATHER_TOOL}],
        tool_choice="required",
        temperature=0,
    )
    assert [item.name for item in asked.output if item.type == "function_call"] == ["get_weather"]
    text = {"format": {"type": "json_schema", "name": "person", "strict": True, "schema": PERSON_SCHEMA}}
    structured = client.responses.create(model=CHAT, input=PERSON[0]["content"], text=text, temperature=0)
    assert json.loads(structured.output_text) == {"name": "Ada", "age": 36}


@pytest.mark.parametrize(
    ("error", "ask"),
    [
        (openai.NotFoundError, lambda: client.chat.completions.create(**{**SHORT, "model": "nope"})),
        (openai.BadRequestError, lambda: client.chat.completions.create(**{**SHORT, "messages": []})),
        (
            openai.BadRequestError,
            lambda: client.chat.completions.create(
                **{
                    **SHORT,
                    "messages": [
                        {
                            "role": "user",
                            "content": [
                                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
                            ],
                        }
                    ],
                }
            ),
        ),
        (openai.InternalServerError, lambda: client.embeddings.create(model=BASE, input="x")),
    ],
)
def test_is_told_what_is_wrong_by_its_own_error_classes(error, ask):
    with pytest.raises(error) as refused:
        ask()
    assert refused.value.body["message"]

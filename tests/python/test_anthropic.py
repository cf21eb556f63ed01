"""Anthropic's client: messages, their events, tokens and models."""

import anthropic
import pytest
from anthropic import Anthropic, AsyncAnthropic

from questions import BASE, CHAT, FRANCE, PNG, URL, WEATHER, WEATHER_TOOL

client = Anthropic(base_url=URL, api_key="unused", max_retries=0)
SHORT = {"model": CHAT, "messages": FRANCE, "max_tokens": 12}
TOOLS = [
    {
        "name": WEATHER_TOOL["name"],
        "description": WEATHER_TOOL["description"],
        "input_schema": WEATHER_TOOL["parameters"],
    }
]


def test_sends_messages_whole_and_streamed_with_the_same_content():
    whole = client.messages.create(**SHORT)
    assert "Paris" in whole.content[0].text
    with client.messages.stream(**SHORT) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == whole.content[0].text
    assert final.usage.output_tokens == whole.usage.output_tokens and final.stop_reason == whole.stop_reason


async def test_sends_messages_asynchronously():
    message = await AsyncAnthropic(base_url=URL, api_key="unused").messages.create(**SHORT)
    assert "Paris" in message.content[0].text


def test_stops_at_a_limit_and_at_a_sequence():
    assert client.messages.create(**{**SHORT, "max_tokens": 3}).stop_reason == "max_tokens"
    stopped = client.messages.create(**SHORT, stop_sequences=["ris"])
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "ris")


def test_calls_a_tool_and_answers_from_its_result():
    asked = client.messages.create(**{**SHORT, "messages": WEATHER, "max_tokens": 60}, tools=TOOLS)
    call = next(block for block in asked.content if block.type == "tool_use")
    assert asked.stop_reason == "tool_use" and call.input == {"city": "Paris"}
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "21 degrees, sunny"}
    messages = [
        *WEATHER,
        {"role": "assistant", "content": asked.content},
        {"role": "user", "content": [result]},
    ]
    answered = client.messages.create(**{**SHORT, "messages": messages, "max_tokens": 30}, tools=TOOLS)
    assert "21" in answered.content[0].text


def test_streams_the_call_of_a_tool_that_it_is_made_to_use():
    choice = {"type": "tool", "name": "get_weather"}
    with client.messages.stream(**{**SHORT, "max_tokens": 60}, tools=TOOLS, tool_choice=choice) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_message()
    assert "input_json" in kinds and kinds[0] == "message_start" and kinds[-1] == "message_stop"
    assert final.stop_reason == "tool_use" and "city" in final.content[0].input


def test_counts_tokens_and_lists_models():
    assert client.messages.count_tokens(model=CHAT, messages=FRANCE).input_tokens > 5
    assert CHAT in [model.id for model in client.models.list()]
    assert client.models.retrieve(BASE).id == BASE


@pytest.mark.parametrize(
    ("error", "ask"),
    [
        (anthropic.NotFoundError, lambda: client.messages.create(**{**SHORT, "model": "nope"})),
        (anthropic.BadRequestError, lambda: client.messages.create(**{**SHORT, "max_tokens": 0})),
        (anthropic.BadRequestError, lambda: client.messages.create(**{**SHORT, "model": BASE}, tools=TOOLS)),
        (
            anthropic.BadRequestError,
            lambda: client.messages.create(
                **{
                    **SHORT,
                    "messages": [
                        {
                            "role": "user",
                            "content": [
                                {
                                    "type": "image",
                                    "source": {"type": "base64", "media_type": "image/png", "data": PNG},
                                }
                            ],
                        }
                    ],
                }
            ),
        ),
    ],
)
def test_is_told_what_is_wrong_by_its_own_error_classes(error, ask):
    with pytest.raises(error) as refused:
        ask()
    assert refused.value.body["error"]["message"]

"""instructor: answers as Pydantic classes, through a tool that the model is made to call, or through a schema."""

import instructor
import pytest
from anthropic import Anthropic
from instructor.core.exceptions import InstructorRetryException
from openai import OpenAI
from pydantic import BaseModel, Field, field_validator

from questions import CHAT, PERSON, URL


class Person(BaseModel):
    """A person that is talked about."""

    name: str = Field(description="The first name")
    age: int = Field(description="The age in years")


ADA = {"name": "Ada", "age": 36}


def openai_client(mode):
    return instructor.from_openai(OpenAI(base_url=f"{URL}/v1", api_key="unused"), mode=mode)


def ask(client, **settings):
    return client.chat.completions.create(
        model=CHAT, messages=PERSON, response_model=Person, max_retries=0, **settings
    ).model_dump()


@pytest.mark.parametrize(
    "mode",
    [instructor.Mode.TOOLS, instructor.Mode.JSON, instructor.Mode.JSON_SCHEMA],
)
def test_gets_an_object(mode):
    assert ask(openai_client(mode), temperature=0) == ADA


def test_gets_an_object_as_it_grows():
    parts = list(
        openai_client(instructor.Mode.TOOLS).chat.completions.create_partial(
            model=CHAT, messages=PERSON, response_model=Person, max_retries=0, temperature=0
        )
    )
    assert parts[-1].model_dump() == ADA


def test_gets_an_object_from_the_messages_api():
    client = instructor.from_anthropic(
        Anthropic(base_url=URL, api_key="unused"), mode=instructor.Mode.TOOLS
    )
    assert ask(client, max_tokens=80) == ADA


def test_asks_again_when_an_answer_breaks_a_rule():
    class Refused(Person):
        @field_validator("name")
        @classmethod
        def never(cls, name):
            raise ValueError("no such person is known")

    with pytest.raises(InstructorRetryException) as refused:
        openai_client(instructor.Mode.TOOLS).chat.completions.create(
            model=CHAT, messages=PERSON, response_model=Refused, max_retries=1, temperature=0, max_tokens=60
        )
    assert refused.value.n_attempts == 2 and "no such person" in str(refused.value)

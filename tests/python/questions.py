"""What the cases of all clients ask, and where. Small models are held to the form of answers, not to wit."""

import os

URL = os.environ["PUNA_TEST_URL"]
CHAT = os.environ["PUNA_TEST_CHAT_MODEL"]
BASE = os.environ["PUNA_TEST_BASE_MODEL"]
EMBED = os.environ["PUNA_TEST_EMBED_MODEL"]
RANK = os.environ["PUNA_TEST_RANK_MODEL"]

FRANCE = [{"role": "user", "content": "What is the capital of France?"}]
WEATHER = [{"role": "user", "content": "What is the weather in Paris?"}]
PERSON = [{"role": "user", "content": "Ada is 36 years old. Who is she?"}]
WEATHER_TOOL = {
    "name": "get_weather",
    "description": "The weather in a city right now",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "description": "Name of the city"}},
        "required": ["city"],
    },
}
PERSON_SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
# A picture of one pixel.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

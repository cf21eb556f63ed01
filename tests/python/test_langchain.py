"""langchain-ollama, held to LangChain's own standard suites.

Cases that hang on the wit of so small a model, or on the client alone, are listed in `langchain-exchanges.json`,
each with its reason and, where the server was asked, the exchange as it went over the wire.
"""

import json
from pathlib import Path

import pytest
from langchain_ollama import ChatOllama, OllamaEmbeddings
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests, EmbeddingsUnitTests

from questions import BASE, CHAT, EMBED, URL

EXPECTED = {
    case["test"]: case["reason"]
    for case in json.loads(Path(__file__).with_name("langchain-exchanges.json").read_text())["cases"]
}


@pytest.fixture(autouse=True)
def expected_to_fail(request):
    reason = EXPECTED.get(f"{request.cls.__name__}::{request.node.name}")
    if reason is not None:
        # Not run: whichever way it went would prove nothing.
        pytest.xfail(reason)


class TestChatUnit(ChatModelUnitTests):
    chat_model_class = ChatOllama
    chat_model_params = {"model": CHAT, "base_url": URL}


class TestChat(ChatModelIntegrationTests):
    chat_model_class = ChatOllama
    chat_model_params = {"model": CHAT, "base_url": URL, "num_predict": 48}
    supports_json_mode = True
    # The client does not send it.
    has_tool_choice = False
    supports_model_override = True
    model_override_value = BASE


class TestEmbeddingsUnit(EmbeddingsUnitTests):
    embeddings_class = OllamaEmbeddings
    embedding_model_params = {"model": EMBED, "base_url": URL}


class TestEmbeddings(EmbeddingsIntegrationTests):
    embeddings_class = OllamaEmbeddings
    embedding_model_params = {"model": EMBED, "base_url": URL}

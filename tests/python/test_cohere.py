"""Cohere's client, both its generations: /v1/rerank and /v2/rerank. The ranks are those of random weights."""

import cohere
import pytest

from questions import BASE, EMBED, RANK, URL

DOCUMENTS = ["hello world", "the quick fox", "hello world"]
old = cohere.Client(api_key="unused", base_url=URL)
new = cohere.ClientV2(api_key="unused", base_url=URL)


@pytest.mark.parametrize("client", [old, new], ids=["v1", "v2"])
def test_ranks_documents_best_first(client):
    results = client.rerank(model=RANK, query="hello", documents=DOCUMENTS).results
    scores = [result.relevance_score for result in results]
    assert sorted(result.index for result in results) == [0, 1, 2]
    assert scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)
    same = {result.index: result.relevance_score for result in results}
    assert same[0] == pytest.approx(same[2], abs=1e-4)


@pytest.mark.parametrize("client", [old, new], ids=["v1", "v2"])
def test_gives_only_the_best(client):
    every = client.rerank(model=RANK, query="hello", documents=DOCUMENTS).results
    best = client.rerank(model=RANK, query="hello", documents=DOCUMENTS, top_n=1).results
    assert [result.index for result in best] == [every[0].index]


def test_gives_documents_back_when_the_older_client_asks_for_them():
    results = old.rerank(
        model=RANK,
        query="hello",
        documents=[{"text": text} for text in DOCUMENTS],
        return_documents=True,
    ).results
    assert [result.document.text for result in results] == [DOCUMENTS[result.index] for result in results]


@pytest.mark.parametrize("client", [old, new], ids=["v1", "v2"])
@pytest.mark.parametrize(
    ("model", "documents", "status"),
    [("nope", DOCUMENTS, 404), (RANK, [], 400), (BASE, DOCUMENTS, 501), (EMBED, DOCUMENTS, 501)],
)
def test_is_told_what_is_wrong(client, model, documents, status):
    with pytest.raises(cohere.core.ApiError) as refused:
        # Without its pauses and repetitions.
        client.rerank(model=model, query="hello", documents=documents, request_options={"max_retries": 0})
    assert refused.value.status_code == status and refused.value.body["error"]["message"]

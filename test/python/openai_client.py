"""OpenAI's own Python package, unmodified, against a running Tradewind.

Each test prints one JSON line with its name and what went wrong, if anything; openai-python.test.ts starts this file and
reads the lines. Needs OPENAI_BASE_URL and OPENAI_API_KEY, as any program of that package does.
"""

import asyncio
import json
import math
import os
import traceback
from typing import Callable, Literal

import openai
from pydantic import BaseModel, Field

CHAT = os.environ["TEST_CHAT_MODEL"]
EMBEDDING = os.environ["TEST_EMBEDDING_MODEL"]

client = openai.OpenAI(max_retries=0)
TESTS: list[tuple[str, Callable[[], None]]] = []


def test(name: str):
    def add(function: Callable[[], None]):
        TESTS.append((name, function))
        return function

    return add


def ask(**changed):
    """Greedy, so that the same question has the same answer."""
    question = {
        "model": CHAT,
        "messages": [{"role": "user", "content": "Name three colours of the rainbow."}],
        "temperature": 0,
        "max_tokens": 16,
    }
    return question | changed


def refused(kind, call, status: int, code: str):
    try:
        call()
    except kind as error:
        assert error.status_code == status, error.status_code
        assert error.code == code, error.code
        assert error.request_id.startswith("req_"), error.request_id
        return error
    raise AssertionError("it was answered")


@test("models are listed and retrieved")
def _():
    assert sorted(model.id for model in client.models.list()) == sorted([CHAT, EMBEDDING])
    assert client.models.retrieve(CHAT).object == "model"


@test("a stream says the same as the whole answer, and ends with its totals")
def _():
    whole = client.chat.completions.create(**ask())
    chunks = list(client.chat.completions.create(**ask(stream=True, stream_options={"include_usage": True})))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content, text
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens == 16
    assert len(chunks) > 10


@test("the streaming helper gives events and the final answer")
def _():
    whole = client.chat.completions.create(**ask()).choices[0].message.content
    # The helper takes an answer that reached its length for a failure, so this one stops by itself.
    with client.chat.completions.stream(**ask(stop=whole[-4:])) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion()
    assert "".join(deltas) == final.choices[0].message.content == whole[: whole.index(whole[-4:])]
    assert final.choices[0].finish_reason == "stop"


@test("the asynchronous client streams several answers at once")
def _():
    async def one(at: int) -> str:
        async with openai.AsyncOpenAI(max_retries=0) as several:
            stream = await several.chat.completions.create(
                **ask(messages=[{"role": "user", "content": f"Say {at}."}], stream=True)
            )
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def all_of_them():
        return await asyncio.gather(*(one(at) for at in range(4)))

    assert all(asyncio.run(all_of_them()))


@test("a stream that is closed early can be followed by another")
def _():
    stream = client.chat.completions.create(**ask(max_tokens=1000, stream=True))
    next(iter(stream))
    stream.close()
    assert client.chat.completions.create(**ask(max_tokens=2)).usage.completion_tokens == 2


@test("log-probabilities, bias, stop, seed and several answers")
def _():
    tokens = client.chat.completions.create(**ask(logprobs=True, top_logprobs=3)).choices[0].logprobs.content
    assert len(tokens) == 16 and all(len(token.top_logprobs) == 3 and token.logprob <= 0 for token in tokens)
    wild = ask(temperature=1.5, seed=3, n=2)
    first, again = (client.chat.completions.create(**wild) for _ in range(2))
    assert [choice.message.content for choice in first.choices] == [choice.message.content for choice in again.choices]
    whole = client.chat.completions.create(**ask()).choices[0].message.content
    stopped = client.chat.completions.create(**ask(stop=whole[8:11])).choices[0]
    assert stopped.finish_reason == "stop" and stopped.message.content == whole[: whole.index(whole[8:11])]


def get_weather_tool():
    parameters = {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": ["Paris", "Oslo"]}},
        "required": ["city"],
        "additionalProperties": False,
    }
    return {"type": "function", "function": {"name": "get_weather", "parameters": parameters, "strict": True}}


@test("a forced tool is called with arguments by its schema, whole and streamed, and its result is taken back")
def _():
    forced = ask(
        messages=[{"role": "user", "content": "Weather in Oslo?"}],
        tools=[get_weather_tool()],
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
        max_tokens=60,
    )
    message = client.chat.completions.create(**forced).choices[0].message
    (call,) = message.tool_calls
    assert json.loads(call.function.arguments)["city"] in ("Paris", "Oslo")
    with client.chat.completions.stream(**forced) as stream:
        (streamed,) = stream.get_final_completion().choices[0].message.tool_calls
    assert streamed.function.parsed_arguments["city"] in ("Paris", "Oslo")
    result = {"role": "tool", "tool_call_id": call.id, "content": "snow"}
    answer = client.chat.completions.create(**ask(messages=[*forced["messages"], message, result]))
    assert answer.choices[0].message.content


@test("structured output is parsed into a model of the caller's")
def _():
    class Review(BaseModel):
        mood: Literal["good", "bad"]
        score: int = Field(ge=0, le=10)
        tags: list[Literal["a", "b"]] = Field(max_length=3)

    parsed = client.chat.completions.parse(
        **ask(messages=[{"role": "user", "content": "Lovely soup."}], response_format=Review, max_tokens=300)
    )
    assert isinstance(parsed.choices[0].message.parsed, Review)


@test("text completions")
def _():
    whole = client.completions.create(model=CHAT, prompt="The capital of France is", temperature=0, max_tokens=5)
    parts = client.completions.create(
        model=CHAT, prompt="The capital of France is", temperature=0, max_tokens=5, stream=True
    )
    assert "".join(part.choices[0].text for part in parts if part.choices) == whole.choices[0].text


@test("embeddings")
def _():
    answer = client.embeddings.create(model=EMBEDDING, input=["the cat sat on the house", "money"])
    for row in answer.data:
        assert math.isclose(sum(value * value for value in row.embedding), 1, abs_tol=1e-3)
    refused(
        openai.BadRequestError,
        lambda: client.embeddings.create(model=CHAT, input="x"),
        400,
        "unsupported_model",
    )


@test("errors have the classes and codes that programs look for")
def _():
    stranger = openai.OpenAI(api_key="sk-tw-nobody", max_retries=0)
    refused(openai.AuthenticationError, stranger.models.list, 401, "invalid_api_key")
    refused(openai.NotFoundError, lambda: client.models.retrieve("gpt-4o"), 404, "model_not_found")
    refused(
        openai.NotFoundError,
        lambda: client.chat.completions.create(**ask(model="gpt-4o")),
        404,
        "model_not_found",
    )
    error = refused(
        openai.BadRequestError,
        lambda: client.chat.completions.create(**ask(temperature=3)),
        400,
        "decimal_above_max_value",
    )
    assert error.param == "temperature", error.param
    long = [{"role": "user", "content": "word " * 9000}]
    refused(
        openai.BadRequestError,
        lambda: client.chat.completions.create(**ask(messages=long)),
        400,
        "context_length_exceeded",
    )


for name, function in TESTS:
    try:
        function()
        print(json.dumps({"name": name, "problem": None}), flush=True)
    except Exception:
        print(json.dumps({"name": name, "problem": traceback.format_exc()}), flush=True)

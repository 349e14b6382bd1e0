"""DashScope's own Python package, unmodified, against a running Tradewind.

Each test prints one JSON line with its name and what went wrong, if anything; dashscope.test.ts starts this file and reads
the lines. Needs TEST_URL and DASHSCOPE_API_KEY.
"""

import json
import math
import os
import traceback
from typing import Callable

import dashscope

dashscope.base_http_api_url = os.environ["TEST_URL"] + "/api/v1"

CHAT = os.environ["TEST_CHAT_MODEL"]
EMBEDDING = os.environ["TEST_EMBEDDING_MODEL"]
MESSAGES = [{"role": "user", "content": "Name three colours of the rainbow."}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Paris", "Oslo"]}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
FORCED = {"type": "function", "function": {"name": "get_weather"}}

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
        "messages": MESSAGES,
        "result_format": "message",
        "temperature": 0,
        "max_tokens": 16,
    }
    answer = dashscope.Generation.call(**(question | changed))
    return list(answer) if changed.get("stream") else answer


def message(answer):
    assert answer.status_code == 200, answer
    return answer.output.choices[0].message


@test("a whole answer comes as a message or as text, with its counts")
def _():
    answer = ask()
    assert message(answer).role == "assistant"
    assert message(answer).content
    assert answer.output.choices[0].finish_reason == "length"
    assert answer.usage.output_tokens == 16, answer.usage
    assert answer.usage.total_tokens == answer.usage.input_tokens + 16, answer.usage
    assert answer.request_id.startswith("req_")
    text = ask(result_format="text")
    assert text.output.text == message(answer).content
    assert text.output.finish_reason == "length"
    prompted = ask(messages=None, prompt=MESSAGES[0]["content"], result_format=None)
    assert prompted.output.text == text.output.text


@test("a stream says the same as the whole answer, repeating or incremental")
def _():
    whole = ask()
    repeating = ask(stream=True)
    assert message(repeating[-1]).content == message(whole).content
    for earlier, later in zip(repeating, repeating[1:]):
        assert message(later).content.startswith(message(earlier).content)
    merged = ask(stream=True, incremental_output=False)
    assert message(merged[-1]).content == message(whole).content
    incremental = ask(stream=True, incremental_output=True)
    assert len(incremental) > 2
    assert "".join(message(piece).content for piece in incremental) == message(whole).content
    for pieces in (repeating, incremental):
        assert [piece.output.choices[0].finish_reason for piece in pieces[-2:]] == ["null", "length"]
        assert pieces[-1].usage.output_tokens == whole.usage.output_tokens
        assert pieces[0].usage.input_tokens == whole.usage.input_tokens


@test("a tool is called, the same in every form, and its result gone on with")
def _():
    asked = {"tools": [WEATHER], "tool_choice": FORCED, "max_tokens": 100}
    answer = ask(**asked)
    call = message(answer).tool_calls[0]
    assert call["function"]["name"] == "get_weather"
    assert json.loads(call["function"]["arguments"])["city"] in ("Paris", "Oslo")
    assert answer.output.choices[0].finish_reason in ("tool_calls", "stop")
    repeated = message(ask(**asked, stream=True)[-1]).tool_calls[0]
    assert json.loads(repeated["function"]["arguments"]) == json.loads(call["function"]["arguments"]), repeated
    pieces = ask(**asked, stream=True, incremental_output=True)
    parts = [part for piece in pieces for part in message(piece).get("tool_calls") or []]
    assert parts[0]["function"]["name"] == "get_weather", parts
    joined = "".join(part["function"]["arguments"] for part in parts)
    assert joined == repeated["function"]["arguments"], joined
    result = {"role": "tool", "tool_call_id": call["id"], "content": "Rain"}
    turn = {"role": "assistant", "content": "", "tool_calls": [call]}
    assert ask(messages=[*MESSAGES, turn, result], tools=[WEATHER]).status_code == 200


@test("the multimodal call takes parts and answers in parts")
def _():
    parts = [{"role": "user", "content": [{"text": MESSAGES[0]["content"]}]}]
    answer = dashscope.MultiModalConversation.call(model=CHAT, messages=parts, temperature=0, max_tokens=16)
    assert message(answer).content[0]["text"] == message(ask()).content, answer
    pieces = list(
        dashscope.MultiModalConversation.call(
            model=CHAT, messages=parts, temperature=0, max_tokens=16, stream=True, incremental_output=True
        )
    )
    said = "".join(part["text"] for piece in pieces for part in message(piece).content)
    assert said == message(ask()).content


@test("texts become vectors")
def _():
    answer = dashscope.TextEmbedding.call(model=EMBEDDING, input=["one", "two words"], text_type="query")
    assert answer.status_code == 200, answer
    vectors = answer.output["embeddings"]
    assert [vector["text_index"] for vector in vectors] == [0, 1]
    assert math.isclose(sum(x * x for x in vectors[0]["embedding"]), 1, rel_tol=1e-3)
    assert answer.usage["total_tokens"] > 0
    one = dashscope.TextEmbedding.call(model=EMBEDDING, input="one")
    assert len(one.output["embeddings"]) == 1


@test("what goes wrong comes with the codes that the package's users know")
def _():
    stranger = ask(api_key="sk-tw-nobody")
    assert (stranger.status_code, stranger.code) == (401, "InvalidApiKey"), stranger
    assert stranger.request_id.startswith("req_")
    unknown = ask(model="nobody")
    assert (unknown.status_code, unknown.code) == (404, "ModelNotFound"), unknown
    wrong = ask(result_format="xml")
    assert (wrong.status_code, wrong.code) == (400, "InvalidParameter"), wrong
    assert "parameters.result_format" in wrong.message, wrong
    assert ask(enable_search=True).code == "UnsupportedOperation"
    [streamed] = ask(model="nobody", stream=True)
    assert (streamed.status_code, streamed.code) == (404, "ModelNotFound"), streamed


for name, function in TESTS:
    try:
        function()
        problem = None
    except Exception:
        problem = traceback.format_exc()
    print(json.dumps({"name": name, "problem": problem}), flush=True)

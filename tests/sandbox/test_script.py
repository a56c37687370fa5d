"""The scripted agent: which rule answers, when its steps are done, and which scripts are refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from connectorkit.sandbox import patterns
from connectorkit.sandbox.refusals import Refusal
from connectorkit.sandbox.script import DEFAULT_SCRIPT
from connectorkit.sandbox.snapshots import Snapshots
from connectorkit.sandbox.world import World

from .conftest import ACCOUNT, ANNA, BERT, CLOSE_STATE, Now, opened, publish, said, send, update

PassTime = Callable[[float], None]


def play(world: World, *rules: dict[str, Any]) -> None:
    world.options.set({"agent_script": list(rules)})


def answer(text: str, pattern: str | None = None, **more: Any) -> dict[str, Any]:
    return {"on": "text", "pattern": pattern, "steps": [{"action": "text", "text": text, **more}]}


def agent_texts(world: World, conversation_id: str) -> list[str]:
    return [text for role, text in said(world, conversation_id) if role == "ASSIGNED_AGENT"]


# --- Which rule answers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("Where is my parcel?", "first"),
        ("WHERE IS MY PARCEL?", "first"),
        ("parcels", "second"),
        ("Hello", "second"),
    ],
)
def test_the_first_rule_that_fits_answers(
    world: World, pass_time: PassTime, text: str, answered: str
) -> None:
    play(world, answer("first", r"\bparcel\b"), answer("second"), answer("third"))
    conversation_id = opened(world)

    send(world, publish(conversation_id, message=text))
    pass_time(0)

    assert agent_texts(world, conversation_id) == [answered]


def test_no_rule_that_fits_is_no_answer(world: World, pass_time: PassTime) -> None:
    play(world, answer("first", "parcel"))
    conversation_id = opened(world)

    send(world, publish(conversation_id))
    pass_time(10)

    assert said(world, conversation_id) == [("CONSUMER", "Hi")]


def test_an_opening_has_rules_of_its_own(world: World, pass_time: PassTime) -> None:
    play(world, {**answer("Welcome"), "on": "open"}, answer("Hello"))

    conversation_id = opened(world)
    pass_time(0)
    send(world, publish(conversation_id))
    pass_time(0)

    assert agent_texts(world, conversation_id) == ["Welcome", "Hello"]


def test_a_text_may_repeat_what_the_consumer_said(world: World, pass_time: PassTime) -> None:
    play(world, answer("You said: {text}. {text}!", after=1))
    conversation_id = opened(world)

    send(world, publish(conversation_id, message="One"))
    send(world, publish(conversation_id, message="{text}"))
    pass_time(2)

    assert agent_texts(world, conversation_id) == ["You said: One. One!", "You said: {text}. {text}!"]


def test_the_agents_own_texts_and_receipts_answer_nobody(world: World, pass_time: PassTime) -> None:
    play(world, answer("Hello"))
    conversation_id = opened(world)

    world.desk.act({"conversation_id": conversation_id, "action": "text", "text": "By hand"})
    pass_time(10)

    assert agent_texts(world, conversation_id) == ["By hand"]


# --- When steps are done -----------------------------------------------------------------------------


def test_steps_follow_each_other_after_their_pauses(world: World, now: Now, pass_time: PassTime) -> None:
    steps = [
        {"action": "join", "after": 10},
        {"action": "typing", "after": 5},
        {"action": "text", "text": "A"},
    ]
    play(world, {"on": "text", "steps": steps})
    conversation_id = opened(world)
    send(world, publish(conversation_id))
    main = world.account.conversations[conversation_id].main

    seen = []
    for seconds in (9, 2, 3, 2):
        pass_time(seconds)
        roles = [p.role for p in main.participants]
        seen.append((len(roles), [e["event"].get("chatState") or "text" for e in main.events[2:]]))

    assert seen == [(1, []), (2, []), (2, []), (2, ["COMPOSING", "text"])]


def test_two_texts_are_answered_one_after_the_other(world: World, pass_time: PassTime) -> None:
    steps = [
        {"action": "text", "text": "1 {text}", "after": 5},
        {"action": "text", "text": "2 {text}", "after": 5},
    ]
    play(world, {"on": "text", "steps": steps})
    conversation_id = opened(world)

    send(world, publish(conversation_id, message="A"))
    pass_time(1)
    send(world, publish(conversation_id, message="B"))
    pass_time(13)
    halfway = agent_texts(world, conversation_id)
    pass_time(10)

    assert halfway == ["1 A", "2 A"]
    assert agent_texts(world, conversation_id) == ["1 A", "2 A", "1 B", "2 B"]


def test_conversations_do_not_wait_for_each_other(world: World, pass_time: PassTime) -> None:
    play(world, answer("slow", "anna", after=100), answer("fast", "bert"))
    anna, bert = opened(world), opened(world, BERT)

    send(world, publish(anna, message="anna"))
    send(world, publish(bert, message="bert"), BERT)
    pass_time(1)

    assert (agent_texts(world, anna), agent_texts(world, bert)) == ([], ["fast"])


def pauses(seed: int) -> list[float]:
    """When, after the consumer's text, the agent said something: one number for each of five texts."""
    import asyncio

    from connectorkit.sandbox.clock import Clock

    now = Now()
    world = World(ACCOUNT, seed=seed, clock=Clock(now))
    play(world, answer("Hello", after=[1, 9]))
    conversation_id = opened(world)
    for _ in range(5):
        send(world, publish(conversation_id))
        asyncio.run(world.schedule.advance(10))
    events = world.account.conversations[conversation_id].main.events
    times = [e["serverTimestamp"] for e in events if e["event"]["type"] == "ContentEvent"]
    return [(spoken - asked) / 1000 for asked, spoken in zip(times[::2], times[1::2], strict=True)]


def test_a_pause_is_drawn_from_its_pair_by_the_seed() -> None:
    first, again, other = pauses(1), pauses(1), pauses(2)

    assert first == again != other
    assert all(1 <= pause <= 9 for pause in first)
    assert len(set(first)) > 1


def test_a_conversation_that_was_closed_meanwhile_is_left_alone(world: World, pass_time: PassTime) -> None:
    play(world, answer("Hello", after=5))
    conversation_id = opened(world)
    send(world, publish(conversation_id))

    send(world, update(conversation_id, **CLOSE_STATE))
    pass_time(10)

    assert agent_texts(world, conversation_id) == []
    assert world.warnings.dump() == []


@pytest.mark.parametrize("how", ["reset", "restore"])
def test_what_was_still_to_be_done_is_forgotten(world: World, pass_time: PassTime, how: str) -> None:
    play(world, answer("Hello", after=5))
    conversation_id = opened(world)
    snapshots = Snapshots(world)
    snapshot_id = snapshots.take()
    send(world, publish(conversation_id))

    if how == "reset":
        world.reset()
        play(world, answer("Hello", after=5))
        conversation_id = opened(world)
    else:
        snapshots.restore(snapshot_id)
    pass_time(10)
    silent = agent_texts(world, conversation_id)
    send(world, publish(conversation_id))
    pass_time(10)

    assert (silent, agent_texts(world, conversation_id)) == ([], ["Hello"])


def test_a_step_that_is_impossible_is_a_warning_and_the_next_is_done(
    world: World, pass_time: PassTime
) -> None:
    steps = [{"action": "leave"}, {"action": "text", "text": "Hello"}]
    play(world, {"on": "text", "steps": steps})
    conversation_id = opened(world)

    send(world, publish(conversation_id))
    pass_time(1)

    assert agent_texts(world, conversation_id) == ["Hello"]
    assert [one["text"] for one in world.warnings.dump()] == [
        "The scripted agent could not leave: no agent is in the conversation"
    ]


def test_an_agent_too_far_behind_leaves_texts_unanswered(world: World, pass_time: PassTime) -> None:
    play(world, {"on": "text", "steps": [{"action": "typing", "after": 60}] * 100})
    conversation_id = opened(world)

    for _ in range(20):
        send(world, publish(conversation_id))

    assert len(world.script._steps[conversation_id]) <= 1000
    assert "too far behind" in world.warnings.dump()[-1]["text"]


# --- The script itself -------------------------------------------------------------------------------


def test_the_default_script_answers_a_question_for_a_parcel(world: World, pass_time: PassTime) -> None:
    world.options.set({"agent_script": "default"})
    conversation_id = opened(world)

    send(world, publish(conversation_id, message="Where is my parcel?"))
    pass_time(5)

    (text,) = agent_texts(world, conversation_id)
    assert "warehouse" in text


def test_nobody_can_change_the_default_script_by_accident(now: Now) -> None:
    world = World(ACCOUNT, agent=True)
    before = str(DEFAULT_SCRIPT)

    assert world.options.agent_script is not None
    world.options.agent_script[0]["steps"].clear()
    world.options.set({"agent_script": "default"})
    world.options.agent_script[0]["steps"].clear()

    assert str(DEFAULT_SCRIPT) == before
    world.reset()
    assert world.options.agent_script == DEFAULT_SCRIPT


def test_what_was_said_is_no_part_of_the_script(world: World, pass_time: PassTime) -> None:
    card = {"type": "text", "text": "Card"}
    play(world, {"on": "text", "steps": [{"action": "rich", "content": card}]})
    conversation_id = opened(world)
    send(world, publish(conversation_id))
    pass_time(1)
    script = world.options.agent_script
    assert script is not None

    script[0]["steps"][0]["content"]["text"] = "Changed"

    events = world.account.conversations[conversation_id].main.events
    assert events[-1]["event"]["content"] == {"type": "text", "text": "Card"}


def rule(**members: Any) -> list[dict[str, Any]]:
    return [{"on": "text", **members}]


def step(**members: Any) -> list[dict[str, Any]]:
    return rule(steps=[members])


BAD: list[tuple[Any, str]] = [
    ("friendly", "agent_script must be an array"),
    ({}, "agent_script must be an array"),
    ([5], "agent_script[0] must be an object"),
    ([{}], "agent_script[0].on is missing"),
    ([{"on": "close"}], "agent_script[0].on must be one of open, text"),
    (rule(pattern=5), "agent_script[0].pattern must be a string"),
    (rule(pattern="("), "agent_script[0].pattern is no regular expression (missing )"),
    (rule(pattern="(" * 500 + ")" * 500), "agent_script[0].pattern is no regular expression"),
    (rule(pattern="a{99999999999999999999}"), "agent_script[0].pattern is no regular expression"),
    (rule(pattern="x" * 1001), "agent_script[0].pattern has 1001 characters, allowed are 1000"),
    (rule(steps={}), "agent_script[0].steps must be an array"),
    (rule(steps=["text"]), "agent_script[0].steps[0] must be an object"),
    (rule(steps=[{"action": "read"}] * 101), "agent_script[0].steps may have at most 100 steps"),
    (step(), "agent_script[0].steps[0].action is missing"),
    (step(action="dance"), "agent_script[0].steps[0].action must be one of join, accept"),
    (step(action="text"), "agent_script[0].steps[0].text is missing"),
    (step(action="rich", content={"type": "text"}), "agent_script[0].steps[0].content.text is missing"),
    (step(action="transfer"), "agent_script[0].steps[0].skill_id is missing"),
    (step(action="read", sequences=["1"]), "agent_script[0].steps[0].sequences must hold integers"),
    (step(action="join", role="BOSS"), "agent_script[0].steps[0].role must be one of"),
    (step(action="read", after=-1), "agent_script[0].steps[0].after must be seconds from 0 to 86400"),
    (step(action="read", after=86401), "agent_script[0].steps[0].after must be seconds"),
    (step(action="read", after=10**400), "agent_script[0].steps[0].after must be seconds"),
    (step(action="read", after=True), "agent_script[0].steps[0].after must be seconds"),
    (step(action="read", after=[1]), "agent_script[0].steps[0].after must be seconds"),
    (step(action="read", after=[1, "2"]), "agent_script[0].steps[0].after must be seconds"),
    (rule() * 101, "agent_script may have at most 100 rules"),
]


@pytest.mark.parametrize(("script", "words"), BAD, ids=lambda value: str(value)[:60])
def test_a_bad_script_is_refused_by_the_name_of_the_member(world: World, script: Any, words: str) -> None:
    play(world, answer("Hello"))
    before = world.options.dump()

    with pytest.raises(Refusal) as refused:
        world.options.set({"agent_script": script})

    assert refused.value.status == 400
    assert words in refused.value.body["error"]
    assert world.options.dump() == before


@pytest.mark.skipif(not hasattr(patterns.signal, "setitimer"), reason="no timer to interrupt a search")
@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|a)*$", r"a*a*a*a*b"])
def test_a_pattern_that_would_search_for_ages_is_passed_over(
    world: World, pass_time: PassTime, pattern: str
) -> None:
    play(world, answer("first", pattern), answer("second"))
    conversation_id = opened(world)
    started = time.process_time()

    send(world, publish(conversation_id, message="a" * 2000 + "!"))
    pass_time(1)

    assert time.process_time() - started < 2
    assert agent_texts(world, conversation_id) == ["second"]
    (warning,) = world.warnings.dump()
    assert warning["about"] == conversation_id
    assert "agent_script[0] takes too long" in warning["text"]


def test_a_signal_handler_of_the_program_is_put_back(world: World) -> None:
    before = patterns.signal.signal(patterns.signal.SIGVTALRM, patterns.signal.SIG_IGN)
    try:
        assert patterns.found("a", ANNA)
        assert patterns.signal.getsignal(patterns.signal.SIGVTALRM) is patterns.signal.SIG_IGN
    finally:
        patterns.signal.signal(patterns.signal.SIGVTALRM, before)

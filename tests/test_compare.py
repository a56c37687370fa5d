"""Two runs compared: what is only different by chance is no change, and each change is one row."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from storybook import Story, receipt, text_event
from two_runs import SECOND, Step, run_of_steps, script, with_option

from connectorkit.comparing.compare import COMPARISON, DETAILS, Comparison, Run, compare, run_of
from connectorkit.log import Exchange, Log, Notification

SEEDS = range(40)


def rows(found: Comparison, *columns: str) -> list[tuple[Any, ...]]:
    told = found.frame[list(columns)].astype(object)
    return [tuple(row) for row in told.where(told.notna(), None).values.tolist()]


def random_script(seed: int) -> list[Step]:
    return script(random.Random(seed))


# --- What is no change -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_with_other_ids_times_tokens_and_ports_is_equal(seed: int) -> None:
    steps = random_script(seed)

    found = compare(run_of_steps(steps, seed), run_of_steps(steps, seed + 1000))

    assert found.equal, repr(found)
    assert not any(found.missed.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_in_which_notifications_come_is_no_change(seed: int) -> None:
    steps = random_script(seed)
    before, after = run_of_steps(steps, 1), run_of_steps(steps, 2)
    heard = list(after.notifications)
    random.Random(seed).shuffle(heard)

    assert compare(before, Run(after.exchanges, tuple(heard))).equal


def test_consumers_of_concurrent_threads_are_compared_each_by_itself() -> None:
    ana, bob = ([Step("open", who), Step("say", who, "Hi"), Step("close", who)] for who in ("ana", "bob"))

    one_by_one = run_of_steps([*ana, *bob, Step("wait"), Step("domains")], 1)
    in_turns = run_of_steps(
        [s for both in zip(bob, ana, strict=True) for s in both] + [Step("wait"), Step("domains")], 2
    )

    assert compare(one_by_one, in_turns).equal


def test_consumers_whose_names_are_made_up_for_the_run_are_equal() -> None:
    def told(seed: int) -> Run:
        name = f"test-{random.Random(seed).getrandbits(128):032x}@example"
        return run_of_steps([Step("open", name), Step("say", name, f"I am {name}")], seed)

    assert compare(told(1), told(2)).equal


def test_an_answer_of_somebody_else_shifts_numbers_and_changes_nothing_else() -> None:
    """Whether the agent reads before or after the next text is a matter of a few milliseconds."""
    quick = [Step("open"), Step("answer", what="Hello"), Step("say", what="Hi"), Step("say", what="Well")]
    slow = [Step("open"), Step("say", what="Hi"), Step("say", what="Well"), Step("answer", what="Hello")]

    assert compare(run_of_steps(quick, 1), run_of_steps(slow, 2)).equal


def test_empty_runs_are_equal() -> None:
    found = compare([], [])

    assert found.equal
    assert repr(found) == "No change: 0 exchanges and 0 notifications match."
    assert len(found) == 0
    assert bool(found)


# --- What is one change ----------------------------------------------------------------------------


def position(steps: list[Step], kind: str, draw: random.Random) -> int | None:
    found = [number for number, step in enumerate(steps) if step.kind == kind]
    return draw.choice(found) if found else None


Mutation = Callable[[Step], Step | list[Step]]
MUTATIONS: dict[str, tuple[str, Mutation, str]] = {
    "text": ("say", lambda s: replace(s, what=f"{s.what}!"), "request.body.event.message"),
    "status": ("say", lambda s: with_option(s, status_code=503), "status_code"),
    "status alone": ("renew", lambda s: with_option(s, status_code=201), "status_code"),
    "failure": ("renew", lambda s: with_option(s, status_code=None, error="ReadTimeout"), "status_code"),
    "chat state": ("type", lambda s: replace(s, what="PAUSE"), "request.body.event.chatState"),
    "rating": ("rate", lambda s: replace(s, what=s.what % 5 + 1), "request.body.conversationField.csatRate"),
    "skill": ("open", lambda s: with_option(s, skill="42"), "request[1].body.skillId"),
    "answer of the agent": ("answer", lambda s: replace(s, what="No."), "event.message"),
    "delivered twice": ("say", lambda s: with_option(s, echo={"deliveries": 2}), "notification.deliveries"),
    "agent delivered twice": ("answer", lambda s: with_option(s, deliveries=2), "deliveries"),
    "not delivered": ("say", lambda s: with_option(s, echo={"deliveries": 0}), "notification"),
    "not read": ("say", lambda s: with_option(s, unread=True), "READ by ASSIGNED_AGENT"),
    "header": (
        "say",
        lambda s: with_option(s, request_headers=[("content-type", "text/plain"), ("authorization", "x")]),
        "request.headers.authorization",
    ),
}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", MUTATIONS)
def test_one_thing_changed_is_one_row(name: str, seed: int) -> None:
    kind, mutate, field = MUTATIONS[name]
    draw = random.Random(f"{name} {seed}")
    steps = [Step("open"), Step("open", "bob@example"), Step(kind, what=3), *script(draw)[2:]]
    steps = [replace(s, what=str(s.what)) if s.kind in ("say", "answer") else s for s in steps]
    steps = [replace(s, what="COMPOSING") if s.kind == "type" else s for s in steps]
    number = position(steps, kind, draw)
    assert number is not None
    changed = list(steps)
    changed[number] = mutate(steps[number])

    found = compare(run_of_steps(steps, seed), run_of_steps(changed, seed + 1000))

    assert rows(found, "change", "field") == [("changed", field)], repr(found)
    assert not found.equal


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", ["say", "type", "answer", "renew", "rate"])
@pytest.mark.parametrize("change", ["added", "removed"])
def test_one_thing_more_or_less_is_one_row(change: str, kind: str, seed: int) -> None:
    draw = random.Random(f"{kind} {change} {seed}")
    less = [s for s in script(draw) if kind != "rate" or s.kind != "rate"]
    more = list(less)
    # Numbers of what the consumer reads would shift to another message: a change of its own.
    less_read = [s for s in less if s.kind != "read"] if kind == "answer" else less
    more = list(less_read)
    more.insert(draw.randrange(2, len(more) - 4), Step(kind, what=5 if kind == "rate" else "New"))
    runs = run_of_steps(less_read, seed), run_of_steps(more, seed + 1000)
    before, after = runs if change == "added" else runs[::-1]

    found = compare(before, after)

    assert rows(found, "change") == [(change,)], repr(found)


def test_an_added_text_names_what_to_look_at() -> None:
    steps = [Step("open"), Step("say", what="Hello"), Step("close"), Step("wait"), Step("domains")]
    more = [*steps[:2], Step("say", what="Still there?"), *steps[2:]]

    found = compare(run_of_steps(steps, 1), run_of_steps(more, 2))

    columns = ("change", "where", "what", "field", "before", "after", "exchange_before", "exchange_after")
    what = "text: Still there?"
    assert rows(found, *columns) == [
        ("added", "ana@example, conversation 1", what, None, None, what, None, 3)
    ]


def test_three_changes_are_three_rows_in_the_order_of_the_run() -> None:
    steps = [Step("open"), *(Step("say", what=word) for word in ("one", "two", "three", "four"))]
    tail = [Step("close"), Step("wait"), Step("domains")]
    changed = [steps[0], replace(steps[1], what="ONE"), with_option(steps[2], status_code=500)]

    found = compare(
        run_of_steps(steps + tail, 1),
        run_of_steps([*changed, steps[3], Step("say", what="new"), steps[4], *tail], 2),
    )

    assert rows(found, "change", "what", "field", "before", "after") == [
        ("changed", "text: one", "request.body.event.message", "one", "ONE"),
        ("changed", "text: two", "status_code", "200", "500"),
        ("added", "text: new", None, None, "text: new"),
    ]
    assert repr(found).splitlines()[1:] == [
        "~ ana@example, conversation 1: text: one — request.body.event.message: “one” → “ONE”",
        "~ ana@example, conversation 1: text: two — status_code: “200” → “500” (also response.code, "
        "response.body.sequence, response.body.msg, notificatio…)",
        "+ ana@example, conversation 1: text: new",
    ]


def test_an_added_conversation_is_told_by_its_calls() -> None:
    steps = [Step("open"), Step("say", what="Hi"), Step("close"), Step("wait"), Step("domains")]
    more = [*steps[:3], Step("open", "eve"), Step("answer", "eve", "Hello"), Step("close", "eve"), *steps[3:]]

    found = compare(run_of_steps(steps, 1), run_of_steps(more, 2))

    assert rows(found, "change", "where", "what") == [
        ("added", "eve, conversation 2", "set profile, open conversation"),
        ("added", "eve, conversation 2", "close conversation"),
    ]


def test_a_renewed_app_jwt_and_the_second_attempt_are_one_change() -> None:
    plain = run_of_steps([Step("open"), Step("say", what="Hi"), Step("wait"), Step("domains")], 1)
    expired = run_of_steps(
        [Step("open"), Step("say", what="Hi"), Step("renew"), Step("wait"), Step("domains")], 2
    )
    opening, said, renewed, last = expired.exchanges
    refused = replace(said, status_code=401, response_body="{}")
    again = replace(said, attempt=2, started_at=renewed.started_at + 1)

    found = compare(plain, Run((opening, refused, renewed, again, last), expired.notifications))

    assert rows(found, "change", "field", "before", "after", "also") == [
        ("changed", "attempts", "1", "2", "app_jwt")
    ]


def test_a_text_sent_into_another_conversation_is_a_change() -> None:
    def told(seed: int, *, wrong: bool) -> Run:
        run = run_of_steps([Step("open"), Step("open", "bob"), Step("say", what="Hi")], seed)
        said = run.exchanges[-1]
        own, other = (json.loads(e.response_body)[1]["body"]["conversationId"] for e in run.exchanges[:2])
        body = said.request_body.replace(own, other) if wrong else said.request_body
        return Run((*run.exchanges[:2], replace(said, request_body=body)), ())

    found = compare(told(1, wrong=False), told(2, wrong=True))

    assert rows(found, "field") == [("request.body.dialogId",)]


def test_a_receipt_for_another_message_is_a_change() -> None:
    def told(seed: int, number: int) -> Run:
        steps = [Step("open"), Step("answer", what="One"), Step("answer", what="Two"), Step("read")]
        run = run_of_steps(steps, seed)
        receipt = run.exchanges[-1]
        body = json.loads(receipt.request_body)
        body["body"]["event"]["sequenceList"] = [number]
        return Run((*run.exchanges[:-1], replace(receipt, request_body=json.dumps(body))), run.notifications)

    found = compare(told(1, 1), told(2, 0))

    assert rows(found, "field", "before", "after") == [
        ("request.body.event.sequenceList", "[1]", "[0]"),
    ]


@pytest.mark.parametrize(("number", "equal"), [(2, True), (3, False), (0, False)])
def test_a_number_nobody_can_explain_is_a_change(number: int, equal: bool) -> None:
    def told(second: int) -> Log:
        story = Story().open().send(10, text_event("Hi"), 0).send(20, text_event("Ho"), second)
        return story.log

    found = compare(told(2), told(number))

    assert found.equal is equal
    assert rows(found, "field") == ([] if equal else [("response.body.sequence",)])


def test_a_number_given_twice_is_a_change() -> None:
    def told(*numbers: int) -> Log:
        story = Story().open()
        for place, number in enumerate(numbers):
            story.send(10 * place, text_event("Hi"), number)
        return story.log

    found = compare(told(0, 2, 4), told(0, 2, 2))

    assert rows(found, "field", "before", "after") == [("response.body.sequence", "4", "2")]


def test_a_delivery_with_a_wrong_signature_is_a_change() -> None:
    run = run_of_steps([Step("open"), Step("answer", what="Hi"), Step("wait"), Step("domains")])
    last = run.notifications[-1]

    forged = Run(run.exchanges, (*run.notifications, replace(last, signature="wrong")))

    assert rows(compare(run, forged), "change", "what") == [("added", "delivery without a valid signature")]


# --- The end of a run ------------------------------------------------------------------------------


@pytest.mark.parametrize(("waited", "equal"), [(0, True), (100, False)])
def test_what_came_after_the_end_of_the_other_run_is_no_change(waited: int, equal: bool) -> None:
    steps = [Step("open"), Step("say", what="Hi")]
    before, after = run_of_steps(steps, 1), run_of_steps(steps, 2)
    read = replace(before.notifications[-1], received_at=before.exchanges[-1].started_at + SECOND)
    before = Run(before.exchanges, (*before.notifications[:-1], read))
    cut = Run(after.exchanges, after.notifications[:-1])
    if waited:
        later = replace(after.exchanges[0], operation="domains", request_body="", response_body="")
        last = replace(later, started_at=after.exchanges[-1].started_at + waited * SECOND)
        cut = Run((*cut.exchanges, last), cut.notifications)
        last = replace(later, started_at=before.exchanges[-1].started_at + waited * SECOND)
        before = Run((*before.exchanges, last), before.notifications)

    found = compare(before, cut)

    assert found.equal is equal
    assert found.missed["before"] == (["READ by ASSIGNED_AGENT of text: Hi"] if equal else [])
    assert ("Only the run before heard, at its end: READ" in repr(found)) is equal


def test_a_receipt_for_two_texts_may_come_before_what_follows_one_for_the_first() -> None:
    """The agent read both at once, or the first one and, after the end of the run, the second."""

    def told(*read: int) -> Log:
        story = Story().open().send(10, text_event("a"), 0).send(20, text_event("b"), 2)
        story.hear(30, receipt("READ", *read), 3, role="ASSIGNED_AGENT")
        return story.hear(40, text_event("Hello"), 4, role="ASSIGNED_AGENT").log

    found = compare(told(0), told(0, 2))

    assert found.equal, repr(found)
    assert found.missed == {"before": [], "after": ["READ by ASSIGNED_AGENT of text: b"]}


def test_a_run_that_heard_nothing_differs_in_one_thing() -> None:
    steps = random_script(8)
    before, after = run_of_steps(steps, 1), run_of_steps(steps, 2)

    found = compare(before, Run(after.exchanges))

    what = f"all {len(before.notifications)} notifications"
    assert rows(found, "change", "where", "what") == [("removed", "notifications", what)]


# --- Sources ---------------------------------------------------------------------------------------


def test_logs_sessions_and_records_may_be_compared() -> None:
    log = Log()
    for number, session in enumerate(("a", "b")):
        run = run_of_steps([Step("open"), Step("say", what="Hi")], number)
        for exchange in run.exchanges:
            log.append(replace(exchange, session_id=session))
        for notification in run.notifications:
            log.append_notification(replace(notification, session_id=session))
    first = run_of(log, "a")

    assert len(first.exchanges) == 2
    assert compare(first, run_of(log, "b")).equal
    assert compare([*first.exchanges, *first.notifications], first).equal
    assert compare(log, log).equal
    assert not compare(log, first).equal


def test_anything_else_is_refused() -> None:
    with pytest.raises(TypeError, match="made of exchanges and notifications, not of str"):
        compare("log.sqlite3", [])


def test_records_without_numbers_are_compared_as_well() -> None:
    steps = random_script(3)
    imported = [
        Run(
            tuple(replace(e, exchange_id=0) for e in run.exchanges),
            tuple(replace(n, notification_id=0) for n in run.notifications),
        )
        for run in (run_of_steps(steps, 1), run_of_steps(steps, 2))
    ]

    assert compare(*imported).equal


# --- Display ---------------------------------------------------------------------------------------


def test_frames_keep_their_columns_and_dtypes() -> None:
    steps = random_script(5)
    some = compare(run_of_steps(steps), run_of_steps(steps[:9]))
    none = compare([], [])

    assert len(some.frame) == len(some) > 5
    for made, columns in ((some.frame, COMPARISON), (none.frame, COMPARISON), (some.details, DETAILS)):
        assert list(made.columns) == list(columns)
        assert [str(dtype) for dtype in made.dtypes] == [dtype for dtype, _ in columns.values()]
    assert isinstance(none.details, pd.DataFrame)


HOSTILE = "<script>alert(1)</script>\n\x1b[31m\u202e\ud800"


def test_hostile_names_stay_on_their_line() -> None:
    steps = [Step("open", HOSTILE), Step("say", HOSTILE, "Hi"), Step("wait"), Step("domains")]
    changed = [steps[0], replace(steps[1], what="Ho"), *steps[2:]]

    shown = repr(compare(run_of_steps(steps), run_of_steps(changed)))

    assert len(shown.splitlines()) == 2
    assert all(line.isprintable() for line in shown.splitlines())


def test_hostile_texts_stay_texts() -> None:
    steps = [Step("open"), Step("say", what="Hi"), Step("wait"), Step("domains")]
    changed = [steps[0], replace(steps[1], what=HOSTILE), *steps[2:]]

    found = compare(run_of_steps(steps), run_of_steps(changed))

    assert len(repr(found).splitlines()) == 2
    assert not any(character in repr(found) for character in "\x1b\u202e\ud800")
    assert "<script>" not in found._repr_html_()
    assert "&lt;script&gt;" in found._repr_html_()
    assert "\x1b" not in found._repr_html_()
    assert len(found.frame) == 1


@pytest.mark.parametrize(
    "body", ["{", "[[[[", "null", '{"a": ' * 900 + "1" + "}" * 900, "\x00", "[1, [], {}]"]
)
def test_bodies_of_any_kind_are_compared(body: str) -> None:
    def told(body: str) -> list[Exchange | Notification]:
        return [
            Exchange("send", "POST", "::no url::", request_body=body, response_body=body, started_at=1),
            Notification(body, received_at=2),
        ]

    assert compare(told(body), told(body)).equal
    assert len(compare(told(body), told("true"))) >= 2


def test_a_long_list_of_changes_is_cut() -> None:
    found = compare([], run_of_steps([Step("open"), *[Step("type")] * 50]))

    assert len(repr(found).splitlines()) == 22
    assert found._repr_html_().count("<tr>") == 21
    assert repr(found).endswith("… and 32 more changes; see .frame")

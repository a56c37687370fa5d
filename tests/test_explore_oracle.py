"""The oracle of exploring, judged by literal samples of the protocol."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectorkit.explore import answers, door, hearing, running, sweeping
from connectorkit.explore.acting import Act
from connectorkit.explore.contents import CONTENTS
from connectorkit.explore.edits import EDITS
from connectorkit.explore.expecting import (
    UUID,
    Among,
    Check,
    Judge,
    Later,
    Moment,
    Off,
    Optional,
    Pattern,
    Peer,
)
from connectorkit.explore.keeping import Kept
from connectorkit.explore.listening import Listen
from connectorkit.explore.model import Model, Span
from connectorkit.explore.playing import Surprise
from connectorkit.explore.report import Report
from connectorkit.explore.searching import Search
from connectorkit.explore.sending import Open, Send
from connectorkit.explore.shrinking import shrunk
from connectorkit.explore.source import Code, source
from connectorkit.explore.steering import Break, Wait
from connectorkit.explore.storing import AskUpload, Visit
from connectorkit.explore.surveying import Answer
from connectorkit.explore.sweeping import sweep
from connectorkit.explore.tokens import FetchAppJwt, Keep

WHEN = Span(1_700_000_000.0, 1_700_000_001.0)


def asserted(like: Any, value: Any, **names: Any) -> str | None:
    found = Judge(Check("reply.json", like, "7"), value, names).difference()
    return None if found is None else found.assertion


# --- Comparing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("like", "value", "assertion"),
    [
        ({"reqId": "1"}, {"reqId": "1"}, None),
        ({"reqId": "1"}, {"reqId": 1}, 'reply.json["reqId"] == "1"'),
        ({"a": 1}, {"a": True}, 'reply.json["a"] == 1'),
        ({"a": True}, {"a": 1}, 'reply.json["a"] is True'),
        (None, {}, "reply.json is None"),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, 'reply.json["a"]["b"][1] == 2'),
        ({"a": 1}, {}, '"a" in reply.json'),
        ({}, {"a": 1}, '"a" not in reply.json'),
        ({"a": Optional(1)}, {}, None),
        ({"a": Optional(1)}, {"a": 2}, 'reply.json["a"] == 1'),
        ({"a": 1}, [1], "isinstance(reply.json, dict)"),
        ([1], {"a": 1}, "isinstance(reply.json, list)"),
        ([1], [1, 2], "len(reply.json) == 1"),
        ([1, 2], [1], "len(reply.json) == 2"),
        (Among(("a", "b")), "c", 'reply.json in ["a", "b"]'),
        (Pattern("a+", "a's"), "aaa", None),
        (Pattern("a+", "a's"), "ab", "re.fullmatch('a+', reply.json, re.DOTALL)"),
        (UUID, 5, "isinstance(reply.json, str)"),
        ([1, Peer((0,))], [1, 1], None),
        ([UUID, 1], [5, 1], "isinstance(reply.json[0], str)"),
        ({"a": 5, "b": Peer(("a",))}, {"a": 5, "b": 6}, 'reply.json["b"] == reply.json["a"]'),
        ({"a": 5, "b": Off(("a",), 10)}, {"a": 5, "b": 15}, None),
        ({"a": 5, "b": Off(("a",), 10)}, {"a": 5, "b": 16}, 'reply.json["b"] == reply.json["a"] + 10'),
        ({"a": 5, "b": Later(("a",))}, {"a": 5, "b": 5}, 'reply.json["b"] > reply.json["a"]'),
        (Moment(10, 11, 1000, 1), 10_500, None),
        (Moment(10, 11, 1000, 1), 10.5, "abs(reply.json / 1000 - kit.sandbox.now().timestamp()) < 31"),
    ],
)
def test_the_first_difference_is_one_assertion(like: Any, value: Any, assertion: str | None) -> None:
    assert asserted(like, value) == assertion


def test_names_stand_for_what_was_got() -> None:
    assert asserted({"id": Code("talk_1")}, {"id": "c-1"}, talk_1="c-1") is None
    assert asserted({"id": Code("talk_1")}, {"id": "c-2"}, talk_1="c-1") == 'reply.json["id"] == talk_1'


def test_an_assertion_fails_exactly_where_the_difference_is() -> None:
    like = {"code": "OK", "body": {"sequence": 2}, "reqId": "1"}
    wrong, right = json.loads(json.dumps(like)), json.loads(json.dumps(like))
    wrong["body"]["sequence"] = 1
    assertion = asserted(like, wrong)
    assert assertion is not None

    class Reply:
        def __init__(self, decoded: Any) -> None:
            self.json = decoded

    assert eval(assertion, {"reply": Reply(right)})
    assert not eval(assertion, {"reply": Reply(wrong)})


@pytest.mark.parametrize(
    "value",
    [None, True, 5, 1.5, "a", 'say "hello"', "it's", "\n\\", "ü 🚀", "x" * 5001, [], {"a": [{"b": None}]}],
)
def test_source_makes_the_value_again(value: Any) -> None:
    assert eval(source(value)) == value


def test_long_texts_of_one_letter_are_written_short() -> None:
    assert source("x" * 5001) == '"x" * 5001'
    assert source({"dialogId": Code("talk_1")}) == '{"dialogId": talk_1}'


# --- What the protocol says --------------------------------------------------------------------------


def test_refusals_at_the_door_are_the_documented_objects() -> None:
    assert answers.door(40105) == (
        401,
        {
            "kind": "resp",
            "code": 401,
            "type": ".ReqBody$ErrorResp",
            "body": {
                "title": "AppJWT is missing",
                "details": "AUTHORIZATION header is not present",
                "errorCode": 40105,
            },
        },
    )
    assert answers.door(40001)[0] == 400


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        (("GET", "no AppJWT"), 405, None),
        (("no AppJWT", "nonsense as ConsumerJWS"), 401, 40105),
        (("no ConsumerJWS", "nonsense as AppJWT"), 401, 40102),
        (("too large", "no ConsumerJWS"), 401, 40104),
        (("plain text", "nonsense as ConsumerJWS"), 401, 40103),
        (("plain text", "too large"), 413, None),
        (("v 2", "plain text"), 415, None),
        (("v 2",), 400, None),
    ],
)
def test_of_two_wrong_things_the_first_in_the_documented_order_is_told_of(
    wrong: tuple[str, ...], status: int, code: int | None
) -> None:
    told = door.refusal(wrong, Model(), WHEN)

    assert told is not None
    assert told[0] == status
    if code is not None:
        assert told[1]["body"]["errorCode"] == code


@pytest.mark.parametrize("name", ["Bearer", "charset", "spaces", "odd properties", "just not too large"])
def test_what_is_tolerated_passes_the_door(name: str) -> None:
    assert door.refusal((name,), Model(), WHEN) is None


@pytest.mark.parametrize(
    ("expires", "status"), [(1_700_000_002, None), (1_700_000_000, 401), (1_700_000_001, 0)]
)
def test_a_token_is_valid_until_the_second_it_expires(expires: int, status: int | None) -> None:
    told = door.refusal(("AppJWT from before",), Model(token_expires=expires), WHEN)

    assert (None if told is None else told[0]) == status


def judged(model: Model, *steps: Any) -> list[Any]:
    """What must be answered, step by step."""
    told = []
    for step in steps:
        assert step.possible(model), step
        step.written(model)
        like = [check.like for check in step.judged(model, WHEN).checks if check.look == "reply.json"]
        told.append(like[0] if like else None)
    return told


def sequences(told: list[Any]) -> list[Any]:
    return [one["body"].get("sequence") for one in told if one and "body" in one]


def test_sends_are_numbered_0_2_4() -> None:
    told = judged(Model(), Open("ana"), *[Send("ana", "text")] * 3)

    assert told[1:] == [{"code": "OK", "body": {"sequence": n}, "reqId": "1"} for n in (0, 2, 4)]


def test_receipts_and_agents_take_numbers_and_chat_states_take_none() -> None:
    told = judged(
        Model(),
        Open("ana", "text"),  # 0, and its receipt 1
        Send("ana", "COMPOSING"),
        Act("text"),  # 2
        Send("ana", "ACCEPT"),  # 3
        Send("ana", "READ"),  # 4
        Send("ana", "text"),  # 5
    )

    assert sequences([one for one in told if isinstance(one, dict)]) == [0, 3, 4, 5]


def test_a_numeric_id_comes_back_as_text() -> None:
    told = judged(Model(), Open("ana", ids=("1,", 5, "3")), Send("ana", "text", id=5))

    assert [entry["reqId"] for entry in told[0]] == ["1,", "5"]
    assert told[1]["reqId"] == "5"


def test_one_open_conversation_per_consumer() -> None:
    told = judged(Model(), Open("ana"), Open("ana", "text"), Open("ben"))

    first, second, third = told[1]
    assert (first["code"], second["code"], third["code"]) == ("OK", "BAD_REQUEST", "BAD_REQUEST")
    assert third["body"]["msg"] == "Bad Request, previous request failed"
    assert [entry["code"] for entry in told[2]] == ["OK", "OK"]


def test_a_closed_conversation_says_so_word_for_word() -> None:
    told = judged(Model(), Open("ana"), Send("ana", "close"), Send("ana", "text"), Send("ana", "close"))

    assert told[1]["body"] == {"msg": "OK Conversation resolved successfully"}
    assert [one["body"]["msg"] for one in told[2:]] == ["Bad Request, Conversation is close"] * 2


def test_anothers_conversation_is_401_and_nobodys_404() -> None:
    told = judged(Model(), Open("ana"), Send("ben", "text"), Send("ana", "text", talk=0))

    assert told[1]["body"]["errorCode"] == 40103
    assert told[2] == {"code": "NOT_FOUND", "body": {"msg": "Conversation not found"}, "reqId": "1"}


@pytest.mark.parametrize(("length", "taken"), [(5000, True), (5001, False)])
def test_texts_have_5000_characters_at_most(length: int, taken: bool) -> None:
    model = Model()
    judged(model, Open("ana"))

    written = Send("ana", "text", length=length).written(model).lines[0]
    told = judged(model, Send("ana", "text", length=length))[0]

    assert (told["code"] == "OK") is taken
    assert taken or told["body"] == {"msg": "Bad Request"}
    envelope = eval(written.partition("(")[2].rpartition(", consumer=")[0], {"talk_1": "c" * 36})
    assert len(json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))) == length


def heard(model: Model) -> list[Any]:
    return [one["body"]["changes"][0] for one in hearing.expected(model, model.talks[0])]


def test_a_text_is_echoed_and_then_received() -> None:
    model = Model()
    judged(model, Open("ana", "text"))

    created, echo, receipt = heard(model)

    assert created["result"]["effectiveTTR"] == Off(
        (0, "body", "changes", 0, "result", "conversationDetails", "startTs"), 600_000, 1000
    )
    assert created["result"]["conversationDetails"]["ttr"] == {"ttrType": "PRIORITIZED", "value": 600}
    assert (echo["sequence"], echo["originatorMetadata"]["role"]) == (0, "CONSUMER")
    assert (receipt["sequence"], receipt["originatorMetadata"]["role"]) == (1, "CONTROLLER")
    assert receipt["event"] == {"type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [0]}
    assert echo["conversationId"] == echo["dialogId"] == Code("talk_1")


def test_with_an_agent_it_is_the_agent_who_receives_and_answering_ends_the_time_to_respond() -> None:
    model = Model()
    judged(model, Open("ana"), Act("join"), Send("ana", "text"), Act("text"), Send("ana", "rating"))

    notifications = heard(model)

    assert [one["originatorMetadata"]["role"] for one in notifications if "event" in one] == [
        *("CONSUMER", "ASSIGNED_AGENT", "ASSIGNED_AGENT"),
    ]
    assert notifications[-1]["result"]["effectiveTTR"] == -1
    assert notifications[-1]["result"]["conversationDetails"]["csat"] == {
        "csatRate": 5,
        "csatResolutionConfirmation": True,
        "status": "FILLED",
    }


def test_a_chat_state_has_neither_number_nor_time() -> None:
    model = Model()
    judged(model, Open("ana"), Send("ana", "COMPOSING"))

    state = heard(model)[1]

    assert "sequence" not in state
    assert "serverTimestamp" not in state


def test_closing_tells_who_and_why() -> None:
    model = Model()
    judged(model, Open("ana"), Send("ana", "close the dialog"))

    details = heard(model)[1]["result"]["conversationDetails"]

    assert (details["state"], details["stage"], details["closeReason"]) == ("CLOSE", "CLOSE", "CONSUMER")
    assert (details["dialogs"][0]["closedBy"], details["dialogs"][0]["closedCause"]) == (
        "CONSUMER",
        "Closed by consumer",
    )
    assert heard(model)[1]["result"]["effectiveTTR"] == -1


def test_a_survey_follows_where_there_is_one_and_an_agent_was_there() -> None:
    asked, never = Model(), Model()
    opened = Open("ana", door=("surveys",), setting="survey")
    judged(asked, opened, Act("text"), Send("ana", "close"), Answer())
    judged(never, opened, Send("ana", "close"))

    closing, question, answer, receipt, ended = heard(asked)[-5:]
    details = closing["result"]["conversationDetails"]
    assert (details["state"], details["stage"]) == ("CLOSE", "OPEN")
    assert [(one["dialogType"], one["state"]) for one in details["dialogs"]] == [
        *(("MAIN", "CLOSE"), ("POST_SURVEY", "OPEN")),
    ]
    assert (question["sequence"], question["originatorMetadata"]["role"]) == (0, "AGENT")
    assert (answer["sequence"], receipt["sequence"]) == (1, 2)
    details = ended["result"]["conversationDetails"]
    assert (details["stage"], details["dialogs"][1]["closedCause"]) == ("CLOSE", "Completed")
    assert heard(never)[-1]["result"]["conversationDetails"]["stage"] == "CLOSE"


@pytest.mark.parametrize(("seconds", "greeted"), [(9, True), (12, False)])
def test_the_first_message_is_greeted_within_ten_seconds(seconds: float, greeted: bool) -> None:
    model = Model()
    judged(model, Open("ana", door=("automatic messages",), setting="auto_messages"))
    talk = model.talks[0]
    talk.opened = Span(WHEN.earliest - seconds, WHEN.latest - seconds)

    judged(model, Send("ana", "text"), Send("ana", "text"))

    roles = [one["originatorMetadata"]["role"] for one in heard(model)[1:]]
    first = ["CONSUMER", "CONTROLLER", *(["CONTROLLER"] if greeted else [])]
    assert roles == [*first, "CONSUMER", "CONTROLLER"]


def test_faults_of_notifications_are_expected_of_them() -> None:
    twice, never = Model(), Model()
    judged(twice, Open("ana"), Break((("webhook", "duplicate"),)), Send("ana", "text"))
    judged(never, Open("ana"), Break((("webhook", "loss"),)), Send("ana", "text"))

    assert [one.get("sequence") for one in heard(twice)] == [None, 0, 0, 1]
    assert [one.get("sequence") for one in heard(never)] == [None, 1]


def test_a_fault_is_expected_to_do_what_it_promises() -> None:
    model = Model()
    judged(model, Open("ana"), Break((("status", 429), ("retry_after", 7), ("on", "send"))))

    checks = {check.look: check.like for check in Send("ana", "text").judged(model, WHEN).checks}

    assert checks["reply.status_code"] == 429
    assert checks['dict(reply.exchange.response_headers)["retry-after"]'] == "7"
    assert checks["reply.json"]["body"]["msg"] == "Too many requests, please try again later"
    assert sequences(judged(model, Send("ana", "text"))) == [0]  # what was refused took no number


def test_characters_are_counted_not_bytes() -> None:
    assert running.characters({"a": "ü"}) == len('{"a":"ü"}')


# --- Steps are data ----------------------------------------------------------------------------------


def test_a_case_that_was_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    steps = (
        Open("ana", ids=("1", 5, "3"), door=("GET",)),
        Send("ben", "text", 2, edit=3),
        Wait(-2.0, "token"),
        Break((("status", 503), ("on", "send"))),
        *(Act("close"), AskUpload("ana"), Visit("GET", 2), Keep(), FetchAppJwt("form 2"), Listen(2)),
    )
    kept = Kept(tmp_path / "cases")

    kept.put(Surprise("a name", steps, "this", "that", "7.4", "cell"))

    assert list(kept.sequences()) == [steps]


def test_a_case_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text('{"steps": [{"kind": "Dance"}]}')
    (tmp_path / "torn.json").write_text("{")

    assert list(Kept(tmp_path).sequences()) == []
    assert list(Kept(tmp_path / "missing").sequences()) == []
    assert list(Kept(None).sequences()) == []


def test_shrinking_leaves_what_is_needed_in_its_plainest_form() -> None:
    needed = Send("ben", "umlauts", door=("no AppJWT", "plain text"), id=5)

    def play(steps: Any) -> Surprise | None:
        steps = tuple(steps)
        shows = Open("ana") in steps and any(
            isinstance(step, Send) and "no AppJWT" in step.door for step in steps
        )
        return Surprise("it", steps, "", "", "", "", kind="it") if shows else None

    noise = [Send("ana", "text"), Act("text"), Wait(5), Keep()]
    found = play([*noise, Open("ana"), *noise, needed, *noise])
    assert found is not None

    smallest = shrunk(found, play, float("inf"), lambda surprise: True)

    assert smallest.steps == (Open("ana"), Send("ana", "text", door=("no AppJWT",)))


class Rigged(Search):
    """A search to which texts and closings of ben's are surprises of two kinds, wherever they stand."""

    def play(self, steps: Any) -> Surprise | None:
        played = list(steps)
        for place, step in enumerate(played):
            if isinstance(step, Send) and step.who == "ben":
                return Surprise(step.what, tuple(played[: place + 1]), "", "", "", "", kind=step.what)
        return None


def test_exploring_goes_on_after_a_surprise_and_tells_of_each_kind_once(tmp_path: Path) -> None:
    report, kept = Report("nobody", 1), Kept(tmp_path)
    nobody: Any = None
    search = Rigged(nobody, report, kept, float("inf"), stop_at_first=False, progress=lambda report: None)
    text, close = Send("ben", "text"), Send("ben", "close")

    search.sweep([(Open("ben"), Act("text"), text, Act("text"), close), (text,), (close, text)])

    assert [(one.name, one.steps) for one in report.surprises] == [("text", (text,)), ("close", (close,))]
    assert all(one.reproduced for one in report.surprises)
    assert list(kept.sequences()) == [(text,), (close,)]


def test_exploring_can_end_with_the_first_surprise() -> None:
    report = Report("nobody", 1)
    nobody: Any = None
    search = Rigged(
        nobody, report, Kept(None), float("inf"), stop_at_first=True, progress=lambda report: None
    )

    search.sweep([(Send("ben", "text"),), (Send("ben", "close"),)])

    assert [one.name for one in report.surprises] == ["text"]


def test_every_content_and_door_is_swept() -> None:
    steps = {step for steps in sweep() for step in steps}

    assert {step.what for step in steps if isinstance(step, Send)} == set(CONTENTS)
    assert {name for step in steps if isinstance(step, Send | Open) for name in step.door} == set(door.DOORS)


def test_who_says_nothing_says_it_to_nobody() -> None:
    """A batch that is made plainer may lose its third request, and with it what that names."""
    assert Open("ana", "text", third_talk=1).possible(Model())
    assert not Open("ana", third_talk=1).possible(Model())


@pytest.mark.parametrize("look", ["agent.sequence", 'reply.json["body"]["sequence"]'])
def test_numbers_that_are_off_in_the_same_way_are_of_one_kind(look: str) -> None:
    def kind(expected: int, observed: int) -> str:
        found = Judge(Check(look, expected, "7.4"), observed, {}).difference()
        assert found is not None
        return found.kind

    assert kind(8, 7) == kind(2, 1) != kind(3, 4)


# --- Accounts ----------------------------------------------------------------------------------------


def test_nothing_that_an_account_is_asked_needs_a_sandbox() -> None:
    steps = {step for case in (*sweeping.harmless(), *sweeping.visible()) for step in case}
    model = Model(controlled=False)

    written = [step.written(model).lines for step in steps if step.possible(model)]

    assert len(written) > 300
    assert not [lines for lines in written if any("kit.sandbox" in line for line in lines)]


def test_a_case_that_was_kept_bothers_an_account_with_no_more_than_is_allowed() -> None:
    opening, refused = (Open("ana"),), sweeping.harmless()[0]

    assert sweeping.allowed(refused, may_open=False)
    assert not sweeping.allowed(opening, may_open=False)
    assert sweeping.allowed(opening, may_open=True)
    for steering in (Open("ana", setting="survey"), Wait(1.0), Act("text")):
        assert not sweeping.allowed((steering,), may_open=True)


@pytest.mark.parametrize("doors", [(), ("just not too large",), ("GET", "unknown path")], ids=str)
def test_the_oracle_has_an_answer_to_every_broken_request(doors: tuple[str, ...]) -> None:
    """Two faults at once are not too much for it."""
    broken = [Send("ana", what, edit=edit, door=doors) for what in EDITS for edit in range(len(EDITS[what]))]

    verdicts = {}
    for step in broken:
        if step.possible(model := Model()):
            step.written(model)
            verdicts[step] = step.judged(model, WHEN)

    assert len(verdicts) > 100
    assert all(verdict.checks or verdict.open for verdict in verdicts.values())

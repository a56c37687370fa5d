"""The receiver check: each broken receiver is graded with its own defect, a correct one gets full marks."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from receivers.broken import BROKEN, DoesNotVerify, HasAnotherSecret
from receivers.correct import ACCOUNT, APP, SECRET, Headers, Inbox
from receivers.serving import free_port, plainly_served, served
from test_markup import read

import connectorkit as ck
from connectorkit import certificates, grader
from connectorkit.errors import SettingsError
from connectorkit.grading import endpoint as endpoints
from connectorkit.grading import grading, inside
from connectorkit.grading.checks import CHECKS, DEFECTS
from connectorkit.grading.endpoint import Endpoint
from connectorkit.grading.marks import FAILED, NOT_JUDGED, PASSED, ReportCard
from connectorkit.grading.sender import Sender
from connectorkit.redact import Secret
from connectorkit.signature import CAUSES

Grade = Callable[..., ReportCard]
NOT_OF_AN_INBOX = {"unreachable", "plain-http", "untrusted-certificate"}  # further down


@pytest.fixture
def grade(sandbox: dict[str, Any]) -> Grade:
    """Grades an address with the sandbox that runs already."""

    def grade(url: str | Endpoint, **view: Any) -> ReportCard:
        endpoint = url if isinstance(url, Endpoint) else Endpoint(url)
        sender = Sender(ACCOUNT, APP, Secret(SECRET))
        return grading.examine(endpoint, sender, lambda: grader.stage_of(sandbox), **view)

    return grade


def graded(grade: Grade, inbox: Inbox) -> ReportCard:
    with served(inbox) as url:
        return grade(url, view=inbox.state)


def verdicts(card: ReportCard, *, inside: bool) -> set[str]:
    return {mark.verdict for mark in card.marks if mark.check.inside is inside and mark.check.name != "tls"}


# --- Broken ones -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.__name__)
def test_a_broken_receiver_is_graded_with_its_own_defect_and_no_other(
    grade: Grade, broken: type[Inbox]
) -> None:
    card = graded(grade, broken())

    assert card.defects == [broken.defect]
    assert [mark.verdict for mark in card.marks].count(FAILED) == 1
    assert not card


def test_every_defect_has_a_broken_receiver() -> None:
    shown = {broken.defect for broken in BROKEN}

    assert shown - CAUSES.keys() == DEFECTS.keys() - NOT_OF_AN_INBOX
    assert shown & CAUSES.keys() == {
        "re-serialised",
        "ascii-encoded",
        "body-altered",
        "key-altered",
        "other-algorithm",
        "other-encoding",
        "prefix-missing",
    }


def test_who_verifies_nothing_is_not_judged_for_finer_points_of_it(grade: Grade) -> None:
    card = graded(grade, DoesNotVerify())

    assert card["unsigned"].why == card["whole-signature"].why == "no signature is verified; see forged"


def test_where_nobody_listens_nothing_else_is_judged(grade: Grade) -> None:
    card = grade(f"http://127.0.0.1:{free_port()}/")

    assert card.defects == ["unreachable"]
    assert [mark.check.name for mark in card.marks if mark.verdict != NOT_JUDGED] == ["accepts"]


def test_who_takes_nothing_is_not_given_a_sandbox(grade: Grade) -> None:
    def no_stage() -> Any:
        raise AssertionError("a sandbox was started")

    with served(HasAnotherSecret()) as url:
        card = grading.examine(Endpoint(url), Sender(ACCOUNT, APP, Secret(SECRET)), no_stage)

    assert card.defects == ["refuses-valid"]
    assert card["outage"].why == "no notification is taken; see above"


def test_one_that_only_has_to_warm_up_is_not_slow(grade: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    class Cold(Inbox):
        def work(self, value: dict[str, Any]) -> None:
            if not self.events:
                time.sleep(1.2)
            super().work(value)

    monkeypatch.setattr(endpoints, "SLOW_SECONDS", 1.0)

    assert graded(grade, Cold())["fast"].verdict == PASSED


# --- Correct ones ----------------------------------------------------------------------------------------


def test_a_correct_receiver_gets_full_marks(grade: Grade) -> None:
    card = graded(grade, Inbox())

    assert card.full_marks
    assert card.defects == []
    assert [mark.check.name for mark in card.marks if mark.verdict != PASSED] == ["tls"]


def test_a_correct_one_of_the_standard_library_gets_full_marks(grade: Grade) -> None:
    inbox = Inbox()

    with plainly_served(inbox) as url:
        assert grade(url, view=inbox.state).full_marks


def test_without_a_view_what_is_inside_is_not_judged(grade: Grade) -> None:
    with served(Inbox()) as url:
        card = grade(url)

    assert card.full_marks
    assert verdicts(card, inside=False) == {PASSED}
    assert verdicts(card, inside=True) == {NOT_JUDGED}
    assert {mark.why for mark in card.marks if mark.check.inside} == {inside.NO_VIEW}


def test_the_kits_own_receiver_gets_full_marks() -> None:
    with ck.connect(sandbox=True, log=":memory:") as kit:
        card = kit.grade_receiver()

        assert not [mark for mark in card.marks if mark.verdict == FAILED]
        assert verdicts(card, inside=True) == {PASSED}
        assert len(kit.log.notifications()) > 100


def test_one_that_answers_200_and_drops_what_is_forged_is_right_to_those_who_look_inside(
    grade: Grade,
) -> None:
    class Silent(Inbox):
        def receive(self, body: bytes, headers: Headers) -> int:
            super().receive(body, headers)
            return 200

    inbox = Silent()
    with served(inbox) as url:
        from_outside, from_inside = grade(url), grade(url, view=inbox.state)

    assert from_outside.defects == ["no-verification", "addressee-ignored"]
    assert from_inside.full_marks
    assert from_inside["forged"].came.endswith("and dropped")


def test_one_that_takes_agents_texts_only_gets_full_marks(grade: Grade) -> None:
    class Picky(Inbox):
        def keep_event(self, change: dict[str, Any]) -> None:
            said = change["event"]["type"] == "ContentEvent"
            if said and change["originatorMetadata"]["role"] != "CONSUMER":
                super().keep_event(change)

        def keep_state(self, result: dict[str, Any]) -> None:
            """It has no use for these."""

    card = graded(grade, Picky())

    assert card.full_marks
    assert card["newest"].why == "the view has no state of that conversation"


def test_one_that_works_later_is_waited_for(grade: Grade) -> None:
    class Later(Inbox):
        looks = 0

        def state(self) -> list[dict[str, Any]]:
            self.looks += 1
            return [] if self.looks < 4 else super().state()

    assert graded(grade, Later()).full_marks


def test_a_view_may_be_the_changes_as_they_came(grade: Grade) -> None:
    class Archive(Inbox):
        def __init__(self) -> None:
            super().__init__()
            self.changes: dict[tuple[Any, ...], dict[str, Any]] = {}

        def keep_event(self, change: dict[str, Any]) -> None:
            self.changes[change["dialogId"], change["sequence"]] = change

        def keep_state(self, result: dict[str, Any]) -> None:
            updated = result["conversationDetails"].get("metaDataLastUpdateTs", 0)
            self.changes.setdefault((result["convId"], updated), {"result": result})

        def state(self) -> list[dict[str, Any]]:
            return [change for _, change in sorted(self.changes.items())]

    card = graded(grade, Archive())

    assert card.full_marks
    assert verdicts(card, inside=True) == {PASSED}


def test_a_view_that_shows_other_conversations_only_says_so(grade: Grade) -> None:
    with served(Inbox()) as url:
        card = grade(url, view=lambda: [{"dialogId": "another", "sequence": 7}])

    assert verdicts(card, inside=True) == {NOT_JUDGED}
    assert "does it show every conversation?" in card["complete"].why


# --- What is sent ----------------------------------------------------------------------------------------


class Diary(Inbox):
    """Remembers each change, with the time at which it came."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[tuple[float, dict[str, Any]]] = []
        self.deliveries: list[dict[str, Any]] = []  # of the sandbox

    def work(self, value: dict[str, Any]) -> None:
        self.came += [(time.time(), change) for change in value["body"]["changes"]]
        super().work(value)

    def of(self, text: str) -> list[tuple[float, dict[str, Any]]]:
        """What came of the conversation in which this was said."""
        dialog = next(c["dialogId"] for _, c in self.came if c.get("event", {}).get("message") == text)
        return [one for one in self.came if dialog in (one[1].get("dialogId"), state(one[1]).get("convId"))]


def state(change: dict[str, Any]) -> dict[str, Any]:
    """What a change says of a conversation; empty where it is about something else."""
    result: dict[str, Any] = change.get("result", {})
    return result


@pytest.fixture(scope="module")
def diary(sandbox_process: dict[str, Any], control: httpx.Client) -> Diary:
    """Of a whole grading; the sandbox remembers it until it is reset."""
    control.post("/sandbox/reset")
    diary = Diary()
    with served(diary) as url:
        sender = Sender(ACCOUNT, APP, Secret(SECRET))
        card = grading.examine(Endpoint(url), sender, lambda: grader.stage_of(sandbox_process), diary.state)
    assert card.full_marks
    diary.deliveries = control.get("/sandbox/deliveries").json()["deliveries"]
    return diary


def test_what_an_outage_kept_is_two_hours_old_in_order_and_followed_by_what_is_new(diary: Diary) -> None:
    came = diary.of("There you are.")

    numbers = [change["sequence"] for _, change in came if "sequence" in change]
    ages = [at - change["serverTimestamp"] / 1000 for at, change in came if "serverTimestamp" in change]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 12
    assert all(7200 < age < 7600 for age in ages[:-3])
    assert all(abs(age) < 60 for age in ages[-3:])
    assert "result" in came[0][1]


def test_an_outage_is_bridged_by_the_sandboxs_own_schedule(diary: Diary) -> None:
    failed = [one["at_ms"] for one in diary.deliveries if one["status"] == 503]

    pauses = [round((two - one) / 1000) for one, two in itertools.pairwise(failed)]
    assert pauses[:8] == [2, 4, 8, 16, 32, 64, 128, 256]
    assert set(pauses[8:]) == {300}


def test_every_type_of_the_service_is_sent(diary: Diary) -> None:
    sent = {change["event"]["type"] for _, change in diary.of("Good-bye") if "event" in change}

    assert sent == {"ContentEvent", "RichContentEvent", "AcceptStatusEvent", "ChatStateEvent"}


def test_texts_come_twice_and_in_each_others_place(diary: Diary) -> None:
    events = [change.get("event", {}) for _, change in diary.of("Sixth")]

    texts = [event["message"] for event in events if "message" in event]
    assert texts == ["First", "Second", "Second", "Fourth", "Third", "Fifth", "Sixth", "Third"]


def test_an_old_state_of_a_conversation_comes_last(diary: Diary) -> None:
    states = [state(change)["conversationDetails"] for _, change in diary.of("Sixth") if state(change)]

    stamps = [one["metaDataLastUpdateTs"] for one in states]
    assert stamps[-1] < stamps[-2] == max(stamps)
    assert [one["stage"] for one in states[-2:]] == ["CLOSE", "OPEN"]


def test_afterwards_the_sandbox_notifies_nobody(
    grade: Grade, control: httpx.Client, client: ck.Client
) -> None:
    graded(grade, Inbox())
    before = control.get("/sandbox/deliveries").json()["deliveries"]

    client.consumer("ana@example").open(text="Hello")
    control.post("/sandbox/settle", json={"seconds": 5})

    assert control.get("/sandbox/deliveries").json()["deliveries"] == before


# --- TLS -------------------------------------------------------------------------------------------------


def test_a_certificate_is_trusted_or_named_and_the_rest_is_judged(grade: Grade, tmp_path: Path) -> None:
    issued = certificates.issue([], tmp_path)
    inbox = Inbox()

    with served(inbox, issued.server_context()) as url:
        trusted = grade(Endpoint(url, issued.ca_path))
        mistrusted = grade(Endpoint(url))

    assert trusted["tls"].verdict == PASSED
    assert trusted.full_marks
    assert mistrusted.defects == ["untrusted-certificate"]
    assert mistrusted["outage"].verdict == PASSED


def test_plain_http_beyond_this_machine_is_a_defect(grade: Grade) -> None:
    with served(Inbox()) as url:
        endpoint = Endpoint(url)
        endpoint.local = False

        assert grade(endpoint).defects == ["plain-http"]


# --- From the top ----------------------------------------------------------------------------------------


def test_the_function_grades_for_who_is_configured(
    monkeypatch: pytest.MonkeyPatch, empty_folder: Path
) -> None:
    class Ours(Inbox):
        def sign(self, body: bytes, key: str = SECRET) -> str:
            return super().sign(body, "of-the-environment")

        def is_for_us(self, headers: Headers) -> bool:
            account = self.header(headers, "x-liveperson-account-id")
            return (account, self.header(headers, "x-liveperson-client-id")) == ("le87", "our-app")

    for name, value in {
        "ACCOUNT_ID": "le87",
        "CLIENT_ID": "our-app",
        "CLIENT_SECRET": "of-the-environment",
    }.items():
        monkeypatch.setenv(f"CONNECTORKIT_{name}", value)

    with served(Ours()) as url:
        card = ck.grade(url, state=f"{url}state")

    assert card.full_marks
    assert "of-the-environment" not in repr(card) + card.to_json() + card._repr_html_()


def test_who_has_no_account_is_graded_with_practice_values(empty_folder: Path) -> None:
    known = grader.configured()

    assert (known.account_id, known.client_id, known.client_secret) == (ACCOUNT, APP, Secret(SECRET))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"state": "http://127.0.0.1:1/", "observed": list}, "Give one of them"),
        ({"algorithm": "md5"}, "algorithm is 'md5', allowed are sha1, sha256"),
        ({"account_id": "1"}, "An account is configured by halves"),
        ({"observed": lambda: {}}, "gave dict, not a list"),
        ({"observed": lambda: "text"}, "gave str, not a list"),
        ({"trust": "no-such-file.pem"}, "holds no certificates to trust"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_sent(
    options: dict[str, Any], says: str, empty_folder: Path
) -> None:
    inbox = Inbox()
    with served(inbox) as url, pytest.raises(SettingsError, match=says):
        ck.grade(url.replace("http:", "https:") if "trust" in options else url, **options)

    assert inbox.events == {}


def test_a_view_that_is_no_json_is_a_sentence(empty_folder: Path) -> None:
    with served(Inbox()) as url, pytest.raises(SettingsError, match=r"cannot be read .* JSON list"):
        ck.grade(url, state=url)


def test_every_check_is_on_the_card_in_its_order(grade: Grade) -> None:
    card = grade(f"http://127.0.0.1:{free_port()}/")

    assert [mark.check for mark in card.marks] == list(CHECKS)


def test_the_page_names_each_defect_its_remedy_and_what_to_read(grade: Grade) -> None:
    shown = read(graded(grade, DoesNotVerify())._repr_html_()).text

    assert "forged: no-verification" in shown
    assert DEFECTS["no-verification"] in shown
    assert "Connector API, Webhooks: Notification Protocol, Authentication" in shown
    assert "not judged: no signature is verified; see forged" in shown

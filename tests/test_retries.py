"""Repetitions follow the published policy exactly, and nothing is repeated whose outcome nobody knows.

The expectations are written down from the policy's text: after a 5xx three more attempts, after 5, 10 and
15 seconds; after a 429 at least one second, five for a token; no other 4xx, but one renewal after a 401.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from connectorkit import AsyncClient, Client, NoAnswerError, OutcomeUnknown, RetryPolicy
from connectorkit.errors import ConnectorError, ServerError
from connectorkit.log import Log
from connectorkit.waiting import ClockPause

SEQUENCES = int(os.environ.get("RETRY_SEQUENCES", "2000"))
EXPIRED = {"code": 401, "body": {"errorCode": 40102, "title": "Invalid AppJWT"}}


class Pauses:
    """In place of waiting: remembers how long, and lets the service's clock go on."""

    def __init__(self, service: Any) -> None:
        self.seconds: list[float] = []
        self.reasons: list[str] = []
        self._service = service

    def __call__(self, seconds: float, why: str) -> None:
        self.seconds.append(seconds)
        self.reasons.append(why)
        self._service.now += seconds


@pytest.fixture
def pauses(service: Any) -> Pauses:
    return Pauses(service)


@pytest.fixture
def patient(make_client: Callable[..., Any], fake_settings: Any, service: Any, pauses: Pauses) -> Any:
    """A client of either kind that repeats, and waits on the service's clock."""
    return make_client(fake_settings, transport=service, clock=service.clock, pause=pauses)


def refused(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": "X", "body": {"msg": "no"}}, headers=headers)


def sent(service: Any, kind: str = "send") -> int:
    return len(service.requests(kind))


# --- The schedule ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_server_error_is_followed_by_three_more_attempts(
    patient: Any, service: Any, pauses: Pauses, status: int
) -> None:
    service.answers["send"] = [refused(status) for _ in range(9)]

    reply = patient.send({}, consumer="ana")

    assert (reply.status_code, sent(service)) == (status, 4)
    assert pauses.seconds == [5, 10, 15]
    assert [e.attempt for e in patient.log if e.operation == "send"] == [1, 2, 3, 4]


def test_the_attempts_end_with_the_first_good_answer(patient: Any, service: Any, pauses: Pauses) -> None:
    service.answers["send"] = [refused(503)]

    assert patient.send({}, consumer="ana").ok
    assert (sent(service), pauses.seconds) == (2, [5])
    assert pauses.reasons == ["send was answered 503; attempt 2"]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 415, 418, 451, 499])
def test_other_refusals_stand_at_once(patient: Any, service: Any, pauses: Pauses, status: int) -> None:
    service.answers["send"] = [refused(status)]

    assert patient.send({}, consumer="ana").status_code == status
    assert (sent(service), pauses.seconds) == (1, [])


@pytest.mark.parametrize(
    ("kind", "least"), [("send", 1), ("domains", 1), ("app_jwt", 5), ("consumer_jws", 5)]
)
def test_too_many_requests_are_followed_by_a_pause(
    patient: Any, service: Any, pauses: Pauses, kind: str, least: float
) -> None:
    service.answers[kind] = [refused(429)]

    assert patient.send({}, consumer="ana").ok
    assert (sent(service, kind), pauses.seconds) == (2, [least])


def test_too_many_requests_for_ever_are_given_up(patient: Any, service: Any, pauses: Pauses) -> None:
    service.answers["send"] = [refused(429) for _ in range(9)]

    assert patient.send({}, consumer="ana").status_code == 429
    assert (sent(service), pauses.seconds) == (4, [1, 1, 1])


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "7"}, 7),
        (429, {"Retry-After": "0"}, 1),
        (429, {"Retry-After": "-3"}, 1),
        (429, {"Retry-After": "soon"}, 1),
        (429, {"Retry-After": "nan"}, 1),
        (429, {"Retry-After": "inf"}, 1),
        (503, {"Retry-After": "2"}, 5),
        (503, {"Retry-After": "20"}, 20),
        (
            503,
            {
                "Date": format_datetime(NOON, usegmt=True),
                "Retry-After": format_datetime(NOON + timedelta(seconds=42), usegmt=True),
            },
            42,
        ),
        (503, {"Retry-After": format_datetime(NOON - timedelta(days=9), usegmt=True)}, 5),
    ],
)
def test_retry_after_lengthens_a_pause_and_never_shortens_it(
    patient: Any, service: Any, pauses: Pauses, status: int, headers: dict[str, str], seconds: float
) -> None:
    service.answers["send"] = [refused(status, **headers)]

    patient.send({}, consumer="ana")

    assert pauses.seconds == [seconds]


def test_nobody_waits_an_hour_because_a_header_says_so(patient: Any, service: Any, pauses: Pauses) -> None:
    service.answers["send"] = [refused(429, **{"Retry-After": "3600"})]

    reply = patient.send({}, consumer="ana")

    assert (reply.status_code, reply.retry_after, pauses.seconds) == (429, 3600, [])


def test_a_token_that_expires_meanwhile_is_renewed_and_the_count_goes_on(
    patient: Any, service: Any, pauses: Pauses
) -> None:
    expired = httpx.Response(401, json=EXPIRED)
    service.answers["send"] = [refused(503), expired, *[refused(503) for _ in range(9)]]

    assert patient.send({}, consumer="ana").status_code == 503
    assert pauses.seconds == [5, 10, 15]
    assert [e.attempt for e in patient.log if e.operation == "send"] == [1, 2, 3, 4, 5]
    assert sent(service, "app_jwt") == 2


def test_a_preparation_that_fails_for_good_is_not_followed_by_the_call(
    patient: Any, service: Any, pauses: Pauses
) -> None:
    service.answers["app_jwt"] = [refused(500) for _ in range(9)]

    with pytest.raises(ServerError):
        patient.send({}, consumer="ana")

    assert (sent(service, "app_jwt"), sent(service)) == (4, 0)
    assert pauses.seconds == [5, 10, 15]


def test_a_policy_of_ones_own_is_followed(fake_settings: Any, service: Any, pauses: Pauses) -> None:
    service.answers["send"] = [refused(500) for _ in range(9)]
    policy = RetryPolicy(server_error_pauses=(1, 2))

    transport = httpx.MockTransport(service)
    with Client(
        fake_settings, transport=transport, clock=service.clock, retry=policy, pause=pauses
    ) as client:
        client.send({}, consumer="ana")

    assert pauses.seconds == [1, 2]


# --- 10⁵ random sequences ------------------------------------------------------------------------------


def published(answers: list[tuple[int, str | None]]) -> tuple[int, list[float]]:
    """How many requests leave, and the pauses between them, by the policy's text alone."""
    pauses: list[float] = []
    server_errors = rate_limits = 0
    renewed = False
    for number, (status, retry_after) in enumerate(answers, 1):
        asked = 0.0 if retry_after is None else float(retry_after)
        if status == 401 and not renewed:
            renewed = True
        elif status == 429 and rate_limits < 3 and asked <= 300:
            rate_limits += 1
            pauses.append(max(1.0, asked))
        elif status in (500, 502, 503, 504) and server_errors < 3 and asked <= 300:
            server_errors += 1
            pauses.append(max((5.0, 10.0, 15.0)[server_errors - 1], asked))
        else:
            return number, pauses
    raise AssertionError("each sequence ends with a success")


def random_answers(lot: random.Random) -> list[tuple[int, str | None]]:
    statuses = [
        lot.choice((429, 429, 500, 502, 503, 504, 503, 401, 400, 404)) for _ in range(lot.randrange(9))
    ]
    after = (None, None, None, "0", "1", "2", "7", "30", "299", "301")
    return [*((s, lot.choice(after) if s in (429, 503) else None) for s in statuses), (200, None)]


@pytest.mark.parametrize("part", range(10))
def test_random_sequences_of_errors_reproduce_the_schedule(
    fake_settings: Any, service: Any, pauses: Pauses, part: int
) -> None:
    queue: list[tuple[int, str | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/send"):
            return service(request)  # type: ignore[no-any-return]
        asked.append(request)
        status, retry_after = queue.pop(0)
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        return httpx.Response(status, json=EXPIRED if status == 401 else {"code": "X"}, headers=headers)

    asked: list[httpx.Request] = []
    lot = random.Random(part)
    transport = httpx.MockTransport(answer)
    log = Log()
    with Client(fake_settings, transport=transport, clock=service.clock, pause=pauses, log=log) as client:
        for _ in range(SEQUENCES // 10):
            answers = random_answers(lot)
            queue[:] = answers
            asked.clear()
            pauses.seconds.clear()

            client.send({}, consumer="ana")

            assert (len(asked), pauses.seconds) == published(answers), answers
    log.close()


# --- A full outage -------------------------------------------------------------------------------------


def test_a_full_outage_costs_no_more_requests_than_the_policy_allows(
    patient: Any, service: Any, pauses: Pauses
) -> None:
    patient.send({}, consumer="ana")
    before = len(service.asked)
    for kind in ("domains", "app_jwt", "consumer_jws", "send"):
        service.answers[kind] = [refused(503) for _ in range(9_999)]

    for _ in range(20):
        patient.send({}, consumer="ana")  # everything it needs is known
    for name in ("bert", "cleo", "dora"):
        with pytest.raises(ServerError):
            patient.send({}, consumer=name)  # these need a token first, and give up there

    assert len(service.asked) - before == 4 * 23


def test_tasks_that_fail_together_do_not_multiply_the_load(fake_settings: Any, service: Any) -> None:
    async def pause(seconds: float, why: str) -> None:
        await asyncio.sleep(0)

    async def all_at_once() -> None:
        transport = httpx.MockTransport(service)
        async with AsyncClient(
            fake_settings, transport=transport, clock=service.clock, pause=pause
        ) as client:
            await client.send({}, consumer="ana")
            service.answers["send"] = [refused(503) for _ in range(9_999)]
            await asyncio.gather(*(client.send({}, consumer="ana") for _ in range(30)))

    asyncio.run(all_at_once())

    assert sent(service) == 1 + 30 * 4


# --- No answer ---------------------------------------------------------------------------------------

AFTER_IT_LEFT = [httpx.ReadTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError]
BEFORE_IT_LEFT = [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout]
PUBLISH = {
    "id": "1",
    "type": "ms.PublishEvent",
    "body": {
        "dialogId": "d-1",
        "event": {"type": "ContentEvent", "contentType": "text/plain", "message": "Hello"},
    },
}


@pytest.mark.parametrize("error", AFTER_IT_LEFT)
def test_a_publish_without_an_answer_is_reported_and_not_repeated(
    patient: Any, service: Any, pauses: Pauses, error: type[Exception]
) -> None:
    service.answers["send"] = [error("gone")]

    with pytest.raises(OutcomeUnknown, match=r"may have been carried out.*settle\(\)") as caught:
        patient.send(PUBLISH, consumer="ana")

    assert (sent(service), pauses.seconds) == (1, [])
    assert caught.value.sent
    assert (caught.value.consumer, caught.value.conversation_id) == ("ana", "d-1")
    assert caught.value.exchange is not None
    assert caught.value.exchange.error == f"{error.__name__}: gone"


@pytest.mark.parametrize("error", BEFORE_IT_LEFT)
def test_what_never_left_is_no_unknown_outcome(patient: Any, service: Any, error: type[Exception]) -> None:
    service.answers["send"] = [error("refused")]

    with pytest.raises(NoAnswerError, match="No answer from") as caught:
        patient.send(PUBLISH, consumer="ana")

    assert not isinstance(caught.value, OutcomeUnknown)
    assert not caught.value.sent
    assert sent(service) == 1


def test_a_profile_without_an_answer_may_be_sent_again(patient: Any, service: Any) -> None:
    service.answers["send"] = [httpx.ReadTimeout("late")]

    with pytest.raises(OutcomeUnknown, match="sending it again does no harm"):
        patient.send({"id": "1", "type": "userprofile.SetUserProfile", "body": {}}, consumer="ana")


def test_an_outage_that_ends_in_silence_is_not_repeated_further(
    patient: Any, service: Any, pauses: Pauses
) -> None:
    service.answers["send"] = [refused(503), httpx.ReadTimeout("late"), refused(503)]

    with pytest.raises(OutcomeUnknown):
        patient.send(PUBLISH, consumer="ana")

    assert (sent(service), pauses.seconds) == (2, [5])


def test_a_lookup_without_an_answer_is_not_called_unknown(patient: Any, service: Any) -> None:
    service.answers["domains"] = [httpx.ReadTimeout("late")]

    with pytest.raises(NoAnswerError) as caught:
        patient.domains()

    assert not isinstance(caught.value, OutcomeUnknown)
    assert caught.value.sent


def test_an_unknown_outcome_travels_between_processes(patient: Any, service: Any) -> None:
    service.answers["send"] = [httpx.ReadTimeout("late")]
    with pytest.raises(OutcomeUnknown) as caught:
        patient.send(PUBLISH, consumer="ana")

    travelled = pickle.loads(pickle.dumps(caught.value))

    assert str(travelled) == str(caught.value)
    assert travelled.exchange == caught.value.exchange
    with pytest.raises(ConnectorError, match=r"kit\.log\.unsettled\(\)"):
        travelled.settle()


# --- The sandbox's clock -----------------------------------------------------------------------------


class FakeClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def advance(self, *, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def test_a_pause_moves_the_clock_on() -> None:
    clock = FakeClock()

    ClockPause(clock)(5, "send was answered 503")

    assert clock.time.second == 5


class CrowdedClock(FakeClock):
    """Tells nobody the time before three have asked for it."""

    def __init__(self) -> None:
        super().__init__()
        self._together = threading.Barrier(3)
        self._asked = threading.local()

    def now(self) -> datetime:
        time = self.time
        if not getattr(self._asked, "before", False):
            self._asked.before = True
            self._together.wait(10)
        return time


def test_who_waits_at_the_same_time_waits_for_the_same_time() -> None:
    clock = CrowdedClock()
    pause = ClockPause(clock)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: pause(5, ""), range(3)))

    assert clock.time.second == 5

"""Latency profiles: what is drawn has the quantiles that were asked for, one profile a call; sentences."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import connectorkit as ck
from connectorkit import frames, latency
from connectorkit.control import SandboxControl
from connectorkit.errors import SandboxError
from connectorkit.log import Exchange, Log
from connectorkit.redact import Secret
from connectorkit.sandbox import delays, fault_specs
from connectorkit.sandbox.faults import Faults

DRAWN = 20_000


def drawn_ms(*specs: dict[str, Any], call: str = "send", seed: int = 1, times: int = DRAWN) -> Any:
    """What a sandbox with these faults would wait, in milliseconds."""
    faults = Faults(seed)
    for spec in specs:
        faults.add(spec)
    struck = (faults.strike(call, with_app_jwt=True) for _ in range(times))
    return np.array([0.0 if one is None else 1000 * one.delay_seconds for one in struck])


def answered(operation: str, *waits: float | None, status: int | None = 200) -> list[Exchange]:
    return [Exchange(operation, "POST", "u", wait_ms=one, status_code=status) for one in waits]


# --- What is drawn -----------------------------------------------------------------------------------


def test_a_fixed_profile_is_always_as_late() -> None:
    assert set(drawn_ms(*latency.specs("fixed", ms=80), times=50)) == {80.0}


def test_a_log_normal_profile_has_the_median_and_the_p99_it_was_given() -> None:
    found = drawn_ms(*latency.specs("lognormal", median_ms=60, p99_ms=400))

    assert np.quantile(found, 0.5) == pytest.approx(60, rel=0.03)
    assert np.quantile(found, 0.99) == pytest.approx(400, rel=0.08)
    # Symmetric once it is a logarithm: as far below the median as above.
    assert np.quantile(found, 0.01) == pytest.approx(60 * 60 / 400, rel=0.08)


def test_a_recorded_profile_has_the_quantiles_of_the_recording() -> None:
    lot = random.Random(7)
    waits = [lot.choice((lot.uniform(10, 20), lot.uniform(100, 400))) for _ in range(5_000)]

    found = drawn_ms(*latency.specs({"send": waits}))

    for level in (0.05, 0.25, 0.45, 0.55, 0.75, 0.95, 0.99):
        between = [np.quantile(waits, max(0, level - 0.012)), np.quantile(waits, min(1, level + 0.012))]
        assert between[0] <= np.quantile(found, level) <= between[1]
    assert min(waits) - 0.001 <= min(found)
    assert max(found) <= max(waits) + 0.001


def test_each_operation_is_as_late_as_it_was() -> None:
    specs = latency.specs({"send": [10.0], "conversation": [30.0, 30.0], "unheard_of": [1.0]})

    assert set(drawn_ms(*specs, call="send", times=9)) == {10.0}
    assert set(drawn_ms(*specs, call="conversation", times=9)) == {30.0}
    assert set(drawn_ms(*specs, call="app_jwt", times=9)) == {0.0}


def test_the_seed_decides_what_is_drawn() -> None:
    specs = latency.specs("lognormal", median_ms=60, p99_ms=400)

    first, again, other = (drawn_ms(*specs, seed=seed, times=20) for seed in (1, 1, 2))

    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_between_two_quantiles_anything_may_be_drawn_and_beyond_them_nothing() -> None:
    drawn = [delays.Empirical((1.0, 2.0, 10.0)).draw(random.Random(seed)) for seed in range(2_000)]

    assert 1 <= min(drawn) < 1.02
    assert 9.9 < max(drawn) <= 10
    assert 0.47 < sum(one < 2 for one in drawn) / 2_000 < 0.53
    assert delays.Empirical((3.0,)).draw(random.Random(0)) == 3.0


# --- Recordings --------------------------------------------------------------------------------------


def test_only_calls_that_went_well_count() -> None:
    records = [
        *answered("send", 5.0, None, -1.0, float("inf"), float("nan")),
        *answered("send", 900.0, status=503),
        *answered("send", 10_000.0, status=None),
        *answered("domains", 7.0),
    ]

    assert latency.waits(records) == {"send": [5.0], "domains": [7.0]}


def test_a_frame_a_log_a_parquet_file_and_records_say_the_same(tmp_path: Path) -> None:
    records = [
        *answered("send", 5.0, None, 6.0),
        *answered("domains", 9.0, status=404),
        *answered("domains", 7.0),
    ]
    expected = {"send": [5.0, 6.0], "domains": [7.0]}
    with closing(Log()) as log:
        for one in records:
            log.append(one)
        frame = frames.timings(log)
        assert latency.waits(log) == expected
    frame.to_parquet(tmp_path / "timings.parquet")

    assert latency.waits(frame) == expected
    assert latency.waits(pd.read_parquet(tmp_path / "timings.parquet")) == expected
    assert latency.waits(frame[["operation", "wait_ms"]].dropna())["send"] == [5.0, 6.0]
    assert latency.waits(records) == expected


def test_many_times_become_so_many_quantiles_that_rise_to_the_longest() -> None:
    times = [float(one) for one in range(30_000, 0, -1)]

    found = latency.quantiles(times)

    assert len(found) == latency.QUANTILES <= delays.MOST_QUANTILES
    assert (found[0], found[500], found[-1]) == (1.0, pytest.approx(15_000.5), 30_000.0)
    assert found[999] == pytest.approx(np.quantile(times, 0.999))
    assert all(below <= above for below, above in pairwise(found))


def test_kit_and_sandbox_mean_the_same_calls() -> None:
    assert latency.CALLS == fault_specs.CALLS


# --- Sentences ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "options", "sentence"),
    [
        ("slow", {}, "There is no latency profile 'slow'. Use latency(\"fixed\", ms=80), "),
        ("fixed", {}, "The latency profile fixed needs ms=. Use "),
        ("fixed", {"ms": 1, "p99_ms": 2}, "The latency profile fixed takes no p99_ms=. Use "),
        ("fixed", {"ms": -1}, "ms is -1. Pass milliseconds from 0 to 86400000."),
        ("fixed", {"ms": "80"}, "ms is '80'. Pass milliseconds from 0 to 86400000."),
        ("lognormal", {"median_ms": 5}, "The latency profile lognormal needs p99_ms=. Use "),
        ("lognormal", {"median_ms": 0, "p99_ms": 1}, "median_ms is 0. Pass milliseconds from 0.001 to "),
        (
            "lognormal",
            {"median_ms": 5, "p99_ms": 4},
            "p99_ms is 4 and median_ms 5. Pass a p99_ms from median_ms",
        ),
        ("lognormal", {"median_ms": 1, "p99_ms": 1e7}, "Pass a p99_ms from median_ms up to 112,"),
        (5, {}, "int is no latency profile. Use "),
        ([1, 2], {}, "list is no latency profile. Use "),
        ({"send": [1.0]}, {"ms": 3}, "The latency profile a recording takes no ms=. Use "),
        (
            {"send": [1.0]},
            {"on": "domains"},
            "The recording has no answered call of domains with a wait_ms. ",
        ),
        ({"send": [None]}, {}, "The recording has no answered call of domains, app_jwt, "),
        (pd.DataFrame({"operation": []}), {}, "The recording has no column 'wait_ms'. Pass a frame as of "),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(profile: Any, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SandboxError, match=re.escape(sentence)):
        latency.specs(profile, **options)


# --- A sandbox ---------------------------------------------------------------------------------------


@pytest.fixture
def control(sandbox: dict[str, Any]) -> Iterator[SandboxControl]:
    with closing(SandboxControl(sandbox["base_url"], Secret(sandbox["control_token"]))) as control:
        yield control


def last_wait(client: ck.Client) -> float:
    client.send({"id": "7", "kind": "req"}, consumer="anna")
    exchange = client.log.last()
    assert exchange is not None
    assert exchange.operation == "send"
    return float((exchange.send_ms or 0) + (exchange.wait_ms or 0))


def test_answers_are_late_inside_the_block(control: SandboxControl, client: ck.Client) -> None:
    with control.latency("fixed", ms=60, on="send") as profile:
        assert last_wait(client) >= 60
        assert profile.hits == 1
    client.send({"id": "8", "kind": "req"}, consumer="anna")

    assert control.active_faults() == []
    assert profile.hits == 1


def test_a_call_has_one_profile_at_a_time_the_last(control: SandboxControl) -> None:
    control.latency("fixed", ms=80)
    control.latency("fixed", ms=20, on=["send", "conversation"])
    control.latency({"send": [1.0, 2.0]})

    on = {
        one["delay"] if isinstance(one["delay"], float | int) else "measured": one["on"]
        for one in _on(control)
    }
    assert on[0.02] == ["conversation"]
    assert on["measured"] == "send"
    assert set(on[0.08]) == set(latency.CALLS) - {"send", "conversation"}

    control.latency("fixed", ms=5)
    assert [one["delay"] for one in _on(control)] == [0.005]


def _on(control: SandboxControl) -> list[dict[str, Any]]:
    return control.active_faults()


def test_off_leaves_other_faults_alone(control: SandboxControl) -> None:
    kept = control.faults(delay=0.01, on="send")
    control.latency("lognormal", median_ms=1, p99_ms=4)

    assert repr(control.latency("off")) == "<Latency: off>"

    assert [one["fault_id"] for one in _on(control)] == [kept.id]


def test_a_profile_says_what_it_is_in_a_few_words(control: SandboxControl) -> None:
    fixed = control.latency("fixed", ms=80, on=["send", "domains"])
    drawn = control.latency("lognormal", median_ms=60, p99_ms=400)
    measured = control.latency({"send": [float(one) for one in range(1, 5_001)]})

    assert repr(fixed) == "<Latency: send, domains: 80 ms>"
    assert repr(drawn) == "<Latency: every call: log-normal, median 60 ms, sigma 0.815>"
    assert repr(measured) == "<Latency: send: as measured, 1 to 5e+03 ms, median 2.5e+03 ms>"
    assert "as measured" in measured._repr_html_()
    assert len(repr(measured.faults[0])) < 200


def test_a_profile_that_is_removed_twice_or_replaced_is_off(control: SandboxControl) -> None:
    first = control.latency("fixed", ms=1)
    control.latency("fixed", ms=2)

    first.remove()
    first.remove()

    assert [one["delay"] for one in _on(control)] == [0.002]


def test_a_reset_ends_a_profile(control: SandboxControl) -> None:
    control.latency("fixed", ms=1)

    control.reset()

    assert _on(control) == []

"""Loads what a kit talks to: in a thread of this process, or in parts on the workers of an executor."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from connectorkit import calls, markup, progress
from connectorkit.errors import ConnectorError, SettingsError
from connectorkit.load import options as asked
from connectorkit.load.options import Options
from connectorkit.load.report import Report
from connectorkit.load.running import Part, run
from connectorkit.load.watch import Watch
from connectorkit.load_report import LoadReport
from connectorkit.spreading import checked, spread

if TYPE_CHECKING:
    from connectorkit.kit import Kit

Tell = Callable[[int, int], object]
SANDBOX_RATE = 50.0
MOST_ON_ACCOUNT = 100.0  # requests a second; the vendor's own limits are not published
_SEEDS = 2**31 - 2
_LOOK_SECONDS = 0.1
_UNSAID: Any = object()


class LoadRun:
    """A run under way, in threads of its own. ``stop()`` ends it early; ``result()`` is its report."""

    def __init__(self, work: Callable[[Watch], Report], expected: int) -> None:
        self.watch, self.expected = Watch(), expected
        self._report: Report | None = None
        self._failure: BaseException | None = None
        self._work = work
        # Not the thread's own end: an interrupted join() takes a thread that lives for one that has ended.
        self._ended = threading.Event()
        threading.Thread(target=self._carry_out, name="connectorkit load", daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether it has not come to its end."""
        return not self._ended.is_set()

    @property
    def done(self) -> int:
        """How many requests have come to an end."""
        return self.watch.done

    def stop(self) -> None:
        """Send nothing more, wait for the answers, close the conversations; again: leave those open.

        Parts on an executor cannot be reached once they have begun; asked again, they are not waited for.
        """
        self.watch.stop()

    def wait(self, timeout: float) -> bool:
        """Wait for the end, at most so many seconds; whether it has come."""
        return self._ended.wait(timeout)

    def result(self, timeout: float | None = None, *, progress: Tell | bool | None = None) -> LoadReport:
        """Wait for the end, at most so many seconds, and return the report.

        ``progress`` is a function that is given the requests done and expected, ``False`` for nothing; else
        there is a bar where somebody watches. Raises ``TimeoutError``, or what has ended the run.
        """
        if self.running and not self._watched(timeout, progress):
            raise TimeoutError(f"The run has not ended within {timeout:g} s. Ask again, or stop() it.")
        if self._failure is not None:
            raise self._failure
        assert isinstance(self._report, LoadReport)
        return self._report

    def _watched(self, timeout: float | None, progress: Tell | bool | None) -> bool:
        """Wait for the end while telling how far it is; whether it has come."""
        ends = float("inf") if timeout is None else time.monotonic() + timeout
        with _telling(progress, self.expected) as tell:
            while (left := ends - time.monotonic()) > 0 and not self.wait(min(_LOOK_SECONDS, left)):
                tell(min(self.done, self.expected))  # what was put in for the mix is beyond
        return not self.running

    def _carry_out(self) -> None:
        try:
            self._report = LoadReport.merged([self._work(self.watch)])
        except BaseException as error:
            self._failure = error
        finally:
            self._ended.set()

    def _facts(self) -> list[tuple[str, str]]:
        of = f" of {self.expected:,}" if self.expected else ""
        return [("stage", self.watch.stage if self.running else "ended"), ("requests", f"{self.done:,}{of}")]

    def __repr__(self) -> str:
        return "<LoadRun: " + ", ".join(f"{name} {value}" for name, value in self._facts()) + ">"

    def _repr_html_(self) -> str:
        return markup.facts("Load run", self._facts())


def start(
    kit: Kit,
    *,
    rate: float | None = _UNSAID,
    duration: float | str = "30s",
    mix: Mapping[str, float] | None = None,
    arrivals: str = "constant",
    connections: int = 32,
    timeout: float = 10.0,
    seed: int | None = None,
    conversations: int = 1000,
    record: bool = False,
    close: bool = True,
    visible: bool = False,
    executor: Executor | None = None,
    parts: int | None = None,
) -> LoadRun:
    """Begin to send calls at a ``rate`` a second for a ``duration`` in seconds, or such as ``"2m"``.

    ``mix`` has the shares of ``open``, ``send`` and ``close``; at most ``conversations`` are open at once,
    and ``close=False`` leaves open what is so at the end. ``arrivals`` are ``"constant"``, ``"poisson"`` or
    ``"ramp"``, which rises up to the rate; ``seed`` makes them reproducible. ``rate=None`` is as fast as
    ``connections`` go, which else are the most there are. ``timeout`` is seconds, for connecting and for an
    answer. ``record=True`` has each exchange in the log, under the kit's label, which is slower; without it
    notifications are logged still, and ``kit.sandbox.webhook(None)`` ends that. ``executor`` carries it out
    on its workers, divided into ``parts``, one for each worker if not said. An account needs a ``rate`` of at
    most 100, and ``visible=True``. Raises ``SettingsError``.
    """
    _check_target(kit, rate, visible)
    made = asked.checked(
        rate=SANDBOX_RATE if rate is _UNSAID else rate,
        duration=duration,
        mix=mix,
        arrivals=arrivals,
        connections=connections,
        timeout=timeout,
        seed=secrets.randbelow(_SEEDS) if seed is None else seed,
        conversations=conversations,
        close=close,
    )
    expected = 0 if made.rate is None else made.plan().arrivals.expected
    if executor is None:
        if parts is not None:
            raise SettingsError("parts is given without an executor. Pass executor= as well, or neither.")
        return LoadRun(_here(kit, made, record), expected)
    number = checked(executor, parts)
    if record:
        raise SettingsError("record is given with an executor, whose workers have no log. Omit one.")
    return LoadRun(_spread(kit, made, executor, number), expected)


def load_kit(kit: Kit, *, progress: Tell | bool | None = None, **options: Any) -> LoadReport:
    """See ``Kit.load``."""
    going = start(kit, **options)
    with _telling(progress, going.expected) as tell:
        while going.running:
            try:
                going.wait(_LOOK_SECONDS)
                tell(min(going.done, going.expected))  # what was put in for the mix is beyond
            except KeyboardInterrupt:
                going.stop()  # what was measured so far is what the caller gets; again leaves things open
    return going.result()


def _here(kit: Kit, options: Options, record: bool) -> Callable[[Watch], Report]:
    label = calls.label.get() or "load"

    def work(watch: Watch) -> Report:
        from connectorkit.load.keeping import Keeper

        part = Part(kit.settings, options, kit.target, throwaway=kit.on_sandbox)
        if not record:
            return run(kit, part, watch)
        keeper = Keeper(kit, label)
        try:
            made = run(kit, part, watch, keeper)
        finally:
            keeper.close()
        if keeper.failure is not None:
            made.notes += (f"not all was recorded: {keeper.failure}",)
        return made

    return work


def _spread(kit: Kit, options: Options, executor: Executor, parts: int) -> Callable[[Watch], Report]:
    number = min(parts, options.connections) if options.rate is None else parts
    listed = [
        Part(kit.settings, options, kit.target, part, number, throwaway=kit.on_sandbox)
        for part in range(number)
    ]

    def work(watch: Watch) -> Report:
        def count(one: Report) -> None:
            watch.done += one.count

        watch.stage = f"{number} parts"
        ends: dict[str, Callable[[], bool]] = {
            "stopped": lambda: watch.stopped,
            "abandoned": lambda: watch.aborted,
        }
        reports, notes = spread(executor, Part.run, listed, made=count, **ends)
        if not reports:
            raise ConnectorError("It was stopped before any part of it had ended. Nothing was measured.")
        made = Report.merged(reports)
        made.notes = tuple(dict.fromkeys([*made.notes, *notes]))
        made.stopped |= watch.stopped
        return made

    return work


def _check_target(kit: Kit, rate: Any, visible: bool) -> None:
    if kit.closed:
        raise ConnectorError("This kit is closed. Connect again with ck.connect() to go on.")
    if kit.settings.proxy is not None:
        raise SettingsError("proxy is set; load goes without, or it would measure that. Connect without one.")
    if kit.on_sandbox:
        return
    if not visible:
        raise SettingsError(
            f"Load on {kit.target} opens conversations, which agents may see. Pass visible=True if that is "
            "agreed, or use ck.connect(sandbox=True)."
        )
    if rate is _UNSAID or rate is None:
        raise SettingsError(
            f"rate must be given for {kit.target}. Pass requests a second, up to {MOST_ON_ACCOUNT:g}."
        )
    if isinstance(rate, int | float) and rate > MOST_ON_ACCOUNT:
        raise SettingsError(
            f"rate is {rate!r}, allowed on an account are numbers above 0 and up to {MOST_ON_ACCOUNT:g}."
        )


@contextlib.contextmanager
def _telling(asked_for: Tell | bool | None, expected: int) -> Iterator[Callable[[int], object]]:
    """A bar where somebody watches, unless it is said otherwise; without a rate there is nothing to reach."""
    shown = asked_for if callable(asked_for) or not expected else asked_for is not False
    with progress.counting("Load", expected, shown or False) as tell:
        yield tell or (lambda done: None)

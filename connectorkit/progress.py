"""A progress bar for what takes long."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

Report = Callable[[int, int], object]
LARGE_BYTES = 1_000_000
LARGE_COUNT = 10_000


@contextlib.contextmanager
def reporting(description: str, total: int, asked: Report | bool | None = None) -> Iterator[Report | None]:
    """What to call with the bytes done and their total.

    ``asked`` is a function of one's own, ``True`` for a bar, ``False`` for nothing; by default there is a
    bar from one million bytes on.
    """
    if callable(asked):
        yield asked
        return
    if not (total > LARGE_BYTES if asked is None else asked):
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    with Progress(*columns) as bar:
        task = bar.add_task(description, total=total)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextlib.contextmanager
def counting(
    description: str, total: int, asked: Report | bool | None = None
) -> Iterator[Callable[[int], object] | None]:
    """The same for things that are counted: a bar from ten thousand on unless ``asked`` says otherwise."""
    if callable(asked):
        report = asked
        yield lambda done: report(done, total)
        return
    if not (total > LARGE_COUNT if asked is None else asked):
        yield None
        return
    from rich import get_console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    console = get_console()
    unseen = not (console.is_terminal or console.is_jupyter)  # what a script prints into a file stays its own
    with Progress(*columns, console=console, transient=True, disable=unseen) as bar:
        task = bar.add_task(description, total=total)
        yield lambda done: bar.update(task, completed=done)


@contextlib.contextmanager
def saying(text: str) -> Iterator[None]:
    """Show a line while something takes long, where somebody watches; it is gone afterwards."""
    from rich import get_console
    from rich.text import Text

    console = get_console()
    if console.is_terminal or console.is_jupyter:
        with console.status(Text(text)):
            yield
    else:
        yield

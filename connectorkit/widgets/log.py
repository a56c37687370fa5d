"""The log panel: a list of exchanges, the one that is chosen closely, and its text for other tools."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import ipywidgets
import pandas as pd
import traitlets

from connectorkit import markup
from connectorkit.errors import ConnectorError, LogError
from connectorkit.finding import GOOD, REFUSED, UNANSWERED, Finder, Found, check_status
from connectorkit.log import Exchange, Log
from connectorkit.sharing import curl, export, python_cell
from connectorkit.widgets import listing
from connectorkit.widgets.controls import WRAPPED, button, choice
from connectorkit.widgets.copying import CopyBox
from connectorkit.widgets.exchange import detail
from connectorkit.widgets.living import Panel, Ticker

if TYPE_CHECKING:
    from connectorkit.client import Client

CURL, PYTHON, HAR = FORMATS = ("cURL", "Python cell", "HAR")
_LONGEST_COPY = 300_000  # characters that are sent to the browser
_LOOK_SECONDS = 1.0
_STATUSES = [("any", ""), ("good", GOOD), ("refused (400 and above)", REFUSED), ("no answer", UNANSWERED)]
_STILL_ROWS = 20
_HEADER = ipywidgets.Layout(margin="0", overflow="hidden")


def log_panel(source: Client | Log) -> LogPanel:
    """A panel over the log of a kit, or over any log, such as ``ck.ResponseLog(path)``."""
    return LogPanel(source)


class LogPanel(Panel):
    """List and detail of a log. While it is on a screen, it shows new exchanges as they come.

    ``exchange`` is the number of the chosen exchange; it, the four filters and ``form`` are traits, which
    ``traitlets.link`` can share with other panels. ``refresh()`` reads the log again.
    """

    exchange = traitlets.Int(None, allow_none=True, help="number of the chosen exchange")
    text = traitlets.Unicode("", help="words that an exchange must have in it")
    operation = traitlets.Unicode("", help="only this operation; empty for all")
    status = traitlets.Unicode("", help="a number, good, refused or no answer; empty for any")
    conversation = traitlets.Unicode("", help="only what mentions this id")
    form = traitlets.Enum(FORMATS, CURL, help="what the text to copy is")

    def __init__(self, source: Client | Log) -> None:
        self.source: Log = source if isinstance(source, Log) else source.log
        self._finder = Finder(self.source)
        self.found: Found | None = None
        self._chosen: Exchange | None = None
        self._seen: tuple[int, ...] = ()
        self._asked: dict[str, str] = {}
        self._filling = False
        self.words_field = _text(
            "Find", "401, a word, an address", "Words in bodies, address, error or names"
        )
        self.conversation_field = _text("Conversation", "an id", "Only exchanges that mention this id")
        self.operation_field = choice("Operation", "Show one operation", [("all", "")])
        self.status_field = choice("Status", "Show one kind of outcome", _STATUSES)
        refresh = button("Refresh", "Read the log again", self._by_hand)
        clear = button("Show all", "Empty all filters", self.show_all)
        self._counted = ipywidgets.HTML()
        self.list = listing.listbox()
        self.number = ipywidgets.BoundedIntText(
            description="Exchange",
            min=0,
            max=2**53,
            tooltip="Number of the exchange to show; 0 for none",
            continuous_update=False,
            layout=ipywidgets.Layout(width="11em"),
            style={"description_width": "initial"},
        )
        newer = button("Newer", "Show the next newer exchange of the list", lambda: self.step(-1))
        older = button("Older", "Show the next older exchange of the list", lambda: self.step(1))
        self._detail = ipywidgets.HTML()
        self.form_field = ipywidgets.ToggleButtons(
            options=FORMATS,
            description="Copy as",
            tooltips=[
                "A command for a shell",
                "A cell for a notebook",
                "An archive for browsers and proxies",
            ],
            style={"button_width": "auto", "description_width": "initial"},
        )
        self.copy = CopyBox()
        self._copying = ipywidgets.VBox(
            [self.form_field, self.copy], layout=ipywidgets.Layout(display="none")
        )
        filters = [self.words_field, self.operation_field, self.status_field, self.conversation_field]
        super().__init__(
            [
                ipywidgets.HBox([*filters, refresh, clear], layout=WRAPPED),
                self._counted,
                ipywidgets.HTML(markup.listing(listing.header()), layout=_HEADER),
                self.list,
                ipywidgets.HBox([self.number, newer, older], layout=WRAPPED),
                self._detail,
                self._copying,
            ],
            heartbeat=Ticker(_LOOK_SECONDS, self.look),
        )
        fields = {"text": self.words_field, "conversation": self.conversation_field, "form": self.form_field}
        for name, field in fields.items():
            traitlets.link((self, name), (field, "value"))
        for name, field in (("operation", self.operation_field), ("status", self.status_field)):
            field.observe(lambda change, name=name: self._on_choice(name, change["new"]), "value")
        self.list.observe(self._on_row, "value")
        self.number.observe(self._on_number, "value")
        self.observe(self._on_filter, ["text", "operation", "status", "conversation"])
        self.observe(lambda _: self._show_chosen(), "exchange")
        self.observe(lambda _: self._show_copy(), "form")
        self.refresh()

    def find(
        self, text: str = "", *, operation: str = "", status: str = "", conversation: str = ""
    ) -> pd.DataFrame:
        """Show exchanges with these words, of this operation and status; returns the listed rows.

        ``status`` is a number, or ``good``, ``refused`` or ``no answer``; ``conversation`` an id that is
        mentioned. Raises ``ValueError`` for another status.
        """
        check_status(status)
        with self.hold_trait_notifications():
            self.text, self.operation, self.status, self.conversation = text, operation, status, conversation
        return self.rows

    def show_all(self) -> pd.DataFrame:
        """Empty all filters; returns the listed rows."""
        return self.find()

    def choose(self, exchange: int | Exchange) -> Exchange:
        """Show this exchange, whether it is listed or not. Raises ``LogError`` where there is none."""
        number = exchange.exchange_id if isinstance(exchange, Exchange) else exchange
        found = self.source.exchange(number)
        self.exchange = found.exchange_id
        return found

    def step(self, by: int) -> int | None:
        """Go down the list (up where ``by`` is negative), from the first row where none is chosen."""
        listed = [int(number) for number in self.rows["exchange_id"]]
        if listed:
            here = listed.index(self.exchange) + by if self.exchange in listed else 0
            self.exchange = listed[max(0, min(here, len(listed) - 1))]
        return self.exchange

    def copied(self, form: str | None = None) -> str:
        """The chosen exchange as text: ``cURL``, ``Python cell`` or ``HAR``; empty where none is chosen."""
        if form is not None and form not in FORMATS:
            raise ValueError(f"Format is {form!r}, allowed are {', '.join(FORMATS)}.")
        return "" if self._chosen is None else _as_text(self._chosen, form or self.form)

    @property
    def rows(self) -> pd.DataFrame:
        """The listed exchanges, the newest on top; the columns are those of ``kit.log.exchanges()``."""
        assert self.found is not None, "the panel has read the log when it was made"
        return self.found.rows

    def refresh(self) -> None:
        """Read the log again. Raises ``LogError`` where it cannot be read."""
        self._seen, self._asked = self._newest(), self._filters
        self.found = self._finder.find(**self._filters)
        self._counted.value = markup.note(
            listing.counted(self.found, any(v.strip() for v in self._filters.values()))
        )
        self._offer(self.found)
        self._fill()
        self._show_detail()

    def look(self) -> bool:
        """Refresh where something was added to the log since; returns whether there was."""
        changed = self._newest() != self._seen
        if changed:
            self.refresh()
        return changed

    def still(self) -> str:
        """The list and the chosen exchange as they are now."""
        assert self.found is not None
        rows = islice(listing.rows(self.found), _STILL_ROWS)
        listed = markup.table(listing.SHOWN, rows, empty="No exchange is listed.")
        rest = len(self.found.rows) - _STILL_ROWS
        more = markup.note(f"{rest} more are listed in JupyterLab.") if rest > 0 else ""
        text = markup.folded(self.copy.label, markup.code(self.copy.text)) if self.copy.text else ""
        return markup.stack([self._counted.value, listed + more, self._detail.value, text])

    def __repr__(self) -> str:
        counted = "" if self.found is None else f"{self.found.matching} of {self.found.total} exchanges"
        chosen = "" if self.exchange is None else f", exchange {self.exchange} chosen"
        return f"<LogPanel: {counted}{chosen}; run the notebook in JupyterLab to use it>"

    @traitlets.validate("status")
    def _valid_status(self, proposal: Any) -> str:
        try:
            check_status(proposal["value"])
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None
        return str(proposal["value"])

    @property
    def _filters(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in ("text", "operation", "status", "conversation")}

    def _on_filter(self, _: Any) -> None:
        if self._asked != self._filters:  # several may have changed at once
            self.refresh()

    def _newest(self) -> tuple[int, ...]:
        sql = (
            "SELECT (SELECT coalesce(max(exchange_id), 0) FROM exchanges), "
            "(SELECT coalesce(max(notification_id), 0) FROM notifications), (SELECT times FROM pruned)"
        )
        return tuple(self.source.query(sql)[0])

    def _offer(self, found: Found) -> None:
        """The choices are what the log has, and what was asked for."""
        operations = dict.fromkeys([*found.operations, *filter(None, [self.operation])])
        asked = [self.status] if self.status.isdigit() else []
        statuses = sorted({*map(str, found.statuses), *asked})
        self._filling = True
        try:
            _offer(
                self.operation_field,
                [("all", ""), *((listing.cut(o), o) for o in operations)],
                self.operation,
            )
            _offer(self.status_field, [*_STATUSES, *((one, one) for one in statuses)], self.status)
        finally:
            self._filling = False

    def _fill(self) -> None:
        """The list, with the chosen exchange marked in it."""
        assert self.found is not None
        self._filling = True  # what comes back meanwhile was chosen by nobody
        try:
            if (lines := tuple(listing.options(self.found))) != self.list.options:
                self.list.options = lines
            listed = [number for _, number in lines]
            self.list.index = listed.index(self.exchange) if self.exchange in listed else None
        finally:
            self._filling = False

    def _show_chosen(self) -> None:
        self._fill()
        self.number.value = self.exchange or 0
        self._show_detail()

    def _show_detail(self) -> None:
        self._chosen = None
        if self.exchange is None:
            self._detail.value = markup.note("Choose an exchange in the list, or type its number.")
        else:
            try:
                self._chosen = self.source.exchange(self.exchange)
                self._detail.value = detail(self.source, self._chosen)
            except LogError as error:
                self._detail.value = markup.note(str(error), good=False)
        self._copying.layout.display = "none" if self._chosen is None else ""
        self._show_copy()

    def _show_copy(self) -> None:
        label = f"The exchange as {self.form}"
        try:
            text = self.copied()
        except (ValueError, OverflowError, OSError) as error:  # a record from elsewhere may hold an odd time
            self.copy.show(f"There is no {self.form} of it ({error})", "")
            return
        if len(text) > _LONGEST_COPY:
            said = f"too long to show ({len(text):,} characters): kit.log.export writes it to a file"
            self.copy.show(f"{label}, {said}", "")
        else:
            self.copy.show(label, text)

    def _on_row(self, change: Any) -> None:
        """That nothing is marked any more is no choice: a filter may have hidden it."""
        if not self._filling and change["new"] is not None:
            self.exchange = change["new"]

    def _on_number(self, change: Any) -> None:
        self.exchange = change["new"] or None

    def _on_choice(self, name: str, value: str | None) -> None:
        if value is not None and not self._filling:
            setattr(self, name, value)

    def _by_hand(self) -> None:
        """Nobody would see a traceback of a callback; the panel says what happened."""
        try:
            self.refresh()
        except ConnectorError as error:
            self._counted.value = markup.note(str(error), good=False)


def _as_text(exchange: Exchange, form: str) -> str:
    if form == HAR:
        return export.text([exchange], "har")
    return curl.command(exchange) if form == CURL else python_cell.cell(exchange)


def _offer(field: Any, options: list[tuple[str, str]], chosen: str) -> None:
    if list(field.options) != options:
        field.options = options
    if field.value != chosen:
        field.value = chosen


def _text(label: str, placeholder: str, tooltip: str) -> ipywidgets.Text:
    return ipywidgets.Text(
        description=label,
        placeholder=placeholder,
        tooltip=tooltip,
        continuous_update=False,
        layout=ipywidgets.Layout(flex="1 1 10em", width="auto"),
        style={"description_width": "initial"},
    )

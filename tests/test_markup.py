"""The HTML the kit makes: whatever enters is text, never markup."""

from __future__ import annotations

import base64
from html.parser import HTMLParser

import pytest

from connectorkit import markup

HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "\"><svg onload='alert(1)'>",
    "</td></table><iframe src=javascript:alert(1)>",
    "&lt;script&gt;",
    "' onmouseover='alert(1)",
    "<!--",
]
PLAIN_TAGS = {"div", "strong", "span", "table", "thead", "tbody", "tr", "th", "td"}


class Reader(HTMLParser):
    """Collects tags, attribute names and text the way a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    """The page as read, having checked that it is well nested and holds nothing but plain tags."""
    reader = Reader(html)
    assert reader.open == []
    assert reader.tags <= PLAIN_TAGS
    assert reader.attributes <= {"style", "scope", "role", "aria-label", "tabindex"}
    return reader


@pytest.mark.parametrize("text", HOSTILE)
def test_facts_show_titles_names_and_values_as_text(text: str) -> None:
    page = read(markup.facts(text, [(text, text)], good=False))

    assert page.text.count(text) == 3


@pytest.mark.parametrize("text", HOSTILE)
def test_a_table_shows_columns_and_cells_as_text(text: str) -> None:
    page = read(markup.table([text, "b"], [[text, 1], [None, text]], label=text))

    assert page.text.count(text) == 3


@pytest.mark.parametrize("text", HOSTILE)
def test_a_transcript_shows_speaker_text_and_remark_as_text(text: str) -> None:
    page = read(markup.transcript([markup.Bubble(text, text, text, ours=ours) for ours in (True, False)]))

    assert page.text.count(text) == 6


@pytest.mark.parametrize("text", HOSTILE)
def test_a_note_and_what_stands_for_nothing_are_text(text: str) -> None:
    pages = [
        read(markup.note(text)),
        read(markup.table(["a"], [], empty=text)),
        read(markup.transcript([], empty=text)),
    ]

    assert [page.text for page in pages] == [text] * 3


def test_values_that_are_no_texts_are_escaped_as_well() -> None:
    class Sneaky:
        def __str__(self) -> str:
            return "<b>bold</b>"

    html = markup.facts("t", [("n", Sneaky())]) + markup.table(["a"], [[Sneaky()]])

    assert read(html).text.count("<b>bold</b>") == 2


def test_facts_without_rows_keep_their_title() -> None:
    assert read(markup.facts("Settings", [])).text == "Settings"


def test_a_table_without_rows_says_so() -> None:
    html = markup.table(["a"], [])

    assert "table" not in read(html).tags
    assert read(html).text == "Nothing yet."


def test_a_transcript_without_lines_says_so() -> None:
    assert read(markup.transcript([])).text == "No messages yet."


def test_a_transcript_is_announced_by_screen_readers() -> None:
    html = markup.transcript([markup.Bubble("ana", "Hello", "12:00")])

    assert 'role="log"' in html
    assert 'aria-label="Transcript"' in html


def test_what_is_ours_stands_on_the_left_and_what_is_not_on_the_right() -> None:
    ours, theirs = (markup.transcript([markup.Bubble("ana", "Hello", "", ours=o)]) for o in (True, False))

    assert "margin: 4px auto 4px 0" in ours
    assert "margin: 4px 0 4px auto" in theirs


def test_line_breaks_of_a_message_are_kept() -> None:
    html = markup.transcript([markup.Bubble("ana", "one\ntwo", "")])

    assert "one\ntwo" in read(html).text
    assert "white-space: pre-wrap" in html


def test_none_is_an_empty_cell_and_truth_a_mark() -> None:
    page = read(markup.table(["a", "b", "c"], [[None, True, False]]))

    assert page.text == "abc✓✗"


def test_good_and_bad_differ_in_more_than_nothing() -> None:
    pages = {markup.note("x"), markup.note("x", good=True), markup.note("x", good=False)}

    assert len(pages) == 3
    assert "●" not in markup.facts("x", [])
    assert "●" in markup.facts("x", [], good=True)


def test_rows_may_come_from_a_generator() -> None:
    page = read(markup.table(["n"], ([n] for n in range(3))))

    assert page.text == "n012"


def test_a_long_id_may_be_broken_and_words_are_not() -> None:
    html = markup.table(("a", "b", "c"), [("long-" * 20, "f" * 64, "RichContentEvent is whole")])

    assert html.count("overflow-wrap: anywhere") == 1
    assert f'overflow-wrap: anywhere">{"f" * 64}' in html
    assert 'white-space: nowrap">long-' in html


def test_a_row_without_a_name_belongs_to_the_one_above_it() -> None:
    def lines(*rows: list[str | None]) -> int:
        return markup.table(["a", "b"], rows).count("border-bottom")

    heads = 2
    assert lines(["one", "x"], ["two", "y"]) == heads + 4
    assert lines(["one", "x"], [None, "y"]) == heads + 2


@pytest.mark.parametrize("text", HOSTILE)
def test_a_section_shows_its_title_as_text(text: str) -> None:
    assert Reader(markup.section(text, "")).text == text


def test_a_drawing_has_a_picture_for_either_theme_and_words_for_both() -> None:
    made = markup.drawing("<svg>light & </svg>", "<svg>dark</svg>", 'a "chart" of <b>')

    assert made.count("data:image/svg+xml;base64,") == 2
    assert made.count('alt="a &quot;chart&quot; of &lt;b&gt;"') == 2
    assert "<svg" not in made
    assert base64.b64encode(b"<svg>light & </svg>").decode() in made

"""What the site is made of: still pictures of widgets, words that stay words, checks that find mistakes."""

from __future__ import annotations

import base64
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import ipywidgets
import nbformat
import pytest
from click.testing import CliRunner
from ipywidgets.embed import dependency_state
from markdown_it import MarkdownIt

import connectorkit
from connectorkit import drawing, site
from connectorkit.cli import main
from connectorkit.site import chapters, checking, executing, showing, still, writing
from connectorkit.texts import storable
from tests.hostile import TEXTS

HOSTILE = [*TEXTS.values(), '" onclick="alert(1)', "' onfocus='x", "<img src=x onerror=alert(1)>"]


def state_of(*widgets: ipywidgets.Widget) -> dict[str, Any]:
    """Their state and that of their parts, as a notebook saves it; others may be about from other tests."""
    state: dict[str, Any] = dependency_state(widgets, drop_defaults=False)
    return state


def seen(widget: ipywidgets.Widget) -> str:
    return still.view(state_of(widget), widget.model_id)


class Words(HTMLParser):
    """The tags and the text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs), attrs

    def handle_data(self, data: str) -> None:
        self.text += data


# --- Widgets ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("widget", "shows"),
    [
        (ipywidgets.Text(description="Find", value="40103"), "Find40103"),
        (ipywidgets.Text(placeholder="a word"), "a word"),
        (ipywidgets.IntText(description="n", value=0), "n0"),
        (ipywidgets.Button(description="Run"), "Run"),
        (ipywidgets.Dropdown(description="Topic", options=["send", "files"], value="files"), "Topicfiles"),
        (ipywidgets.SelectMultiple(options=["a", "b", "c"], value=["a", "c"]), "a, c"),
        (ipywidgets.ToggleButtons(options=["on", "off"]), "onoff"),
        (ipywidgets.Checkbox(description="quick", value=True), "☑ quick"),
        (ipywidgets.IntSlider(description="s", value=7), "s7"),
        (ipywidgets.IntProgress(value=3, max=9), "3 of 9"),
        (ipywidgets.Label("a < b"), "a < b"),
        (ipywidgets.HTML("<b>made by the kit</b>"), "made by the kit"),
        (ipywidgets.HBox([ipywidgets.Label("one"), ipywidgets.VBox([ipywidgets.Label("two")])]), "onetwo"),
        (ipywidgets.Tab([ipywidgets.Label("inside")], titles=["Title"]), "Titleinside"),
        (ipywidgets.ColorPicker(value="black"), "black"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, ipywidgets.Widget) else "",
)
def test_a_widget_reads_without_scripts(widget: ipywidgets.Widget, shows: str) -> None:
    assert Words(seen(widget)).text == shows


def test_what_is_hidden_stays_hidden_and_what_is_unknown_is_said() -> None:
    hidden = ipywidgets.Label("secret", layout=ipywidgets.Layout(display="none"))

    assert seen(hidden) == seen(ipywidgets.VBox([hidden])) == ""
    assert "Controller needs scripts" in seen(ipywidgets.Controller())
    assert "for a while" in still.view({}, "gone")


def test_a_password_is_never_shown() -> None:
    assert "hunter2" not in seen(ipywidgets.Password(value="hunter2", description="secret"))


def test_a_picture_comes_from_the_bytes_beside_the_state() -> None:
    picture = ipywidgets.Image(value=b"GIF87a", format="gif")

    assert base64.b64encode(b"GIF87a").decode() in seen(picture)


@pytest.mark.parametrize("text", HOSTILE, ids=str.__len__)
def test_hostile_text_in_a_widget_is_text(text: str) -> None:
    box = ipywidgets.VBox(
        [
            ipywidgets.Text(description=text, value=text, placeholder=text),
            ipywidgets.Button(description=text, tooltip=text),
            ipywidgets.Dropdown(options=[text, "other"], description=text),
            ipywidgets.Label(text),
            ipywidgets.Accordion([ipywidgets.Label(text)], titles=[text]),
        ]
    )

    words = Words(seen(box))

    assert set(words.tags) <= {"div", "span", "details", "summary"}
    assert words.text.count(text) >= 5 or not text.strip()


def test_only_what_a_page_shows_goes_with_it() -> None:
    shown, other = ipywidgets.VBox([ipywidgets.Label("shown")]), ipywidgets.Label("other")
    state = state_of(shown, other)

    found = still.reachable(state, shown.model_id)

    assert shown.children[0].model_id in found
    assert shown.children[0].layout.model_id in found
    assert other.model_id not in found


# --- Notebooks ----------------------------------------------------------------------------------------


def notebook_with(*outputs: dict[str, Any], title: str = "# A title\n\n**What you'll do** — see it.") -> Any:
    cell = nbformat.v4.new_code_cell(
        "x", outputs=[nbformat.v4.new_output("display_data", o) for o in outputs]
    )
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(title), cell])


def test_a_chart_becomes_two_pictures_and_what_moves_them() -> None:
    picture = drawing.nothing("</script><img src=x>")
    data = showing._bundle(picture)

    (output,) = chapters.chapter(notebook_with(data), "take/a.ipynb").cells[-1].outputs

    html = output.data["text/html"]
    assert html.count("data:image/svg+xml;base64,") == 2
    assert html.count("</script>") == 1
    assert showing.PICTURE not in output.data


def test_a_panel_brings_its_state_along_and_a_progress_bar_goes() -> None:
    panel, other = ipywidgets.VBox([ipywidgets.Label("inside")]), ipywidgets.Label("other")
    view = {chapters.WIDGET: {"model_id": panel.model_id}, "text/plain": "<Panel>"}
    notebook = notebook_with(view, {chapters.WIDGET: {"model_id": "x"}, "text/plain": "Output()"})
    notebook.metadata.widgets = {chapters.STATE: {"state": state_of(panel, other), "version_major": 2}}

    made = chapters.chapter(notebook, "take/a.ipynb")

    (output,) = made.cells[-1].outputs
    assert "inside" in output.data["text/html"]
    assert chapters.WIDGET not in output.data
    kind, _, rest = output.data["text/html"].partition("<script type=")[2].partition(">")
    left = json.loads(rest.removesuffix("</script>"))["state"]
    assert kind == f'"{chapters.STATE}"'
    assert "widgets" not in made.metadata
    assert panel.model_id in left
    assert other.model_id not in left


def test_no_text_in_a_panel_ends_the_script_that_holds_its_state() -> None:
    panel = ipywidgets.VBox([ipywidgets.Label("</SCRIPT ><img src=x><!--<script>")])
    notebook = notebook_with({chapters.WIDGET: {"model_id": panel.model_id}})
    notebook.metadata.widgets = {chapters.STATE: {"state": state_of(panel), "version_major": 2}}

    (output,) = chapters.chapter(notebook, "take/a.ipynb").cells[-1].outputs

    state = output.data["text/html"].partition("<script")[2]
    assert state.count("<") == 1
    assert state.endswith("</script>")


def test_a_chapter_has_its_title_its_origin_and_its_abstract() -> None:
    notebook = notebook_with()

    assert (chapters.title(notebook), chapters.abstract(notebook)) == ("A title", "See it.")
    first, origin, opening = chapters.chapter(notebook, "take/a.ipynb").cells[:3]

    assert first.source == "# A title"
    assert "<take/a.ipynb>" in origin.source
    assert opening.source.startswith("**What you'll do**")


def test_outputs_are_kept_until_the_notebook_changes(tmp_path: Path) -> None:
    path, kept = tmp_path / "01-a.ipynb", tmp_path / "kept"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("6 * 7")]), path)

    ((notebook, problem),) = executing.executed([path], kept, {})
    assert (problem, notebook.cells[0].outputs[0].data["text/plain"]) == ("", "42")
    assert executing.to_run([path], kept) == []

    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]), path)
    assert executing.to_run([path], kept) == [path]
    ((notebook, problem),) = executing.executed([path], kept, {})
    assert "ZeroDivisionError" in problem
    assert executing.to_run([path], kept) == [path]
    assert list(kept.iterdir()) == []


# --- Words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [*HOSTILE, "a | b", "`x`", "# no", "[a](b)", "{ref}`x`", "$x$", "1. no", "- no"]
)
def test_words_in_markdown_stay_words(text: str) -> None:
    page = writing.table(("h",), [[f"x{writing.plain(text)}"], [writing.code(text)]])

    words = Words(MarkdownIt("commonmark", {"html": True}).enable("table").render(page))

    assert set(words.tags) == {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert words.tags.count("tr") == 3
    said = str(storable(text))  # half a pair could not be written to the page's file
    assert "x" + " ".join(said.split()).replace("\x00", "\ufffd") in words.text


# --- Checks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ('<a href="b.html#there">fine</a><img src="data:,">', ""),
        ('<a href="https://example.com/">for people</a>', ""),
        ('<a href="gone.html">x</a>', "a.html links to gone.html, which is not there"),
        (
            '<a href="b.html#gone">x</a>',
            "a.html links to b.html#gone, and there is no such place on that page",
        ),
        ('<a href="#gone">x</a>', "a.html links to #gone, and there is no such place on that page"),
        ('<script src="https://cdn.example/x.js"></script>', "a.html fetches https://cdn.example/x.js"),
        ('<link rel="stylesheet" href="//cdn.example/x.css">', "a.html fetches //cdn.example/x.css"),
        ('<img src="gone.png">', "a.html fetches gone.png, which is not there"),
        (
            "<style>p { background: url(https://x.example/y.png) }</style>",
            "a.html fetches https://x.example/y.png",
        ),
        ('<p style="background: url(//x.example/y)">', "a.html fetches //x.example/y"),
    ],
)
def test_what_is_wrong_with_a_page_is_found(tmp_path: Path, page: str, problem: str) -> None:
    (tmp_path / "a.html").write_text(page)
    (tmp_path / "b.html").write_text('<p id="there">')

    assert checking.problems(tmp_path) == ([problem] if problem else [])


def test_what_a_style_sheet_fetches_is_found(tmp_path: Path) -> None:
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "a.css").write_text(
        '@import "https://fonts.example/a"; p { src: url("b.woff2") }'
    )

    assert checking.problems(tmp_path) == [f"{Path('_static/a.css')} fetches https://fonts.example/a"]


# --- The command --------------------------------------------------------------------------------------


def test_without_the_extra_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    result = CliRunner().invoke(main, ["docs"])

    assert result.exit_code == 1
    assert 'pip install "connectorkit[site]"' in result.output


def test_without_a_clone_the_command_says_how_to_have_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(connectorkit, "__file__", str(tmp_path / "connectorkit" / "__init__.py"))

    with pytest.raises(site.SiteError, match=r"of a clone.*connectorkit docs"):
        site.find()
    assert CliRunner().invoke(main, ["docs"]).exit_code == 1


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("somebody's own")

    result = CliRunner().invoke(main, ["docs", "--to", str(tmp_path)])

    assert result.exit_code == 1
    assert "something else" in result.output
    assert (tmp_path / "index.html").read_text() == "somebody's own"

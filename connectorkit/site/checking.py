"""Whether every link of the site leads somewhere, and no page needs anything from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself. A link that a person may follow is another matter.
_FETCHED = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "link": ("href",),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "object": ("data",),
    "embed": ("src",),
    "use": ("href", "xlink:href"),
    "image": ("href", "xlink:href"),
    "form": ("action",),
}
# Links that name the page itself and the like; a browser fetches nothing for them.
_NAMING = {"canonical", "author", "license", "help", "index", "search", "next", "prev", "up"}


class _Page(HTMLParser):
    """The ids of a page, where its links lead, and what it fetches."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.ids |= {named[name] for name in ("id", "name") if name in named}
        if tag == "a" and "href" in named:
            self.links.append(named["href"])
        if tag == "link" and named.get("rel", "") in _NAMING:
            self.links.append(named.get("href", ""))
            return
        self.fetched += [named[name] for name in _FETCHED.get(tag, ()) if named.get(name)]
        if "style" in named:
            self.fetched += addresses(named["style"])
        self._style = tag == "style"

    def handle_data(self, data: str) -> None:
        if self._style:
            self.fetched += addresses(data)

    def handle_endtag(self, tag: str) -> None:
        self._style = False


def pages(site: Path) -> list[Path]:
    """The pages of a site."""
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.relative_to(site).parts)


def problems(site: Path) -> list[str]:
    """What is wrong, each in a sentence: links that lead nowhere, and what is fetched from elsewhere."""
    _read.cache_clear()
    found = [problem for path in pages(site) for problem in _of_page(site, path)]
    for sheet in sorted(site.rglob("*.css")):
        found += [
            f"{sheet.relative_to(site)} fetches {one}"
            for one in addresses(sheet.read_text(encoding="utf-8"))
            if _is_elsewhere(one)
        ]
    return list(dict.fromkeys(found))


def addresses(css: str) -> list[str]:
    """What a style sheet fetches."""
    quoted = r"""(?:url\(\s*|@import\s+)["']?([^"')\s;]+)"""
    return re.findall(quoted, css)


def _of_page(site: Path, path: Path) -> Iterator[str]:
    name, page = path.relative_to(site), _read(path)
    for fetched in page.fetched:
        if _is_elsewhere(fetched):
            yield f"{name} fetches {fetched}"
        elif not fetched.startswith(("data:", "#")) and not _target(path, fetched).exists():
            yield f"{name} fetches {fetched}, which is not there"
    for link in page.links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = _target(path, link) if parts.path else path
        if target.is_dir():
            target /= "index.html"
        if not target.is_file():
            yield f"{name} links to {link}, which is not there"
        elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in _read(target).ids:
            yield f"{name} links to {link}, and there is no such place on that page"


def _is_elsewhere(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme in ("http", "https", "ftp", "ws", "wss")


def _target(path: Path, address: str) -> Path:
    return path.parent / unquote(urlsplit(address).path)


@cache
def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page

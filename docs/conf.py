"""How Sphinx makes the site. `connectorkit docs` lays out the pages first and then calls it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import connectorkit  # noqa: E402

project = "connectorkit"
author = "the connectorkit developers"
copyright = "connectorkit developers"
version = release = connectorkit.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["course/take"]
smartquotes = False  # what a server said stands as it was said

# Pages
html_context = {"default_mode": "light"}
html_theme = "pydata_sphinx_theme"
html_title = "connectorkit"
templates_path = ["_templates"]
html_static_path = ["_static", "_build/static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_favicon = "_static/mark.svg"
html_domain_indices = False  # the general index has all of it
html_copy_source = False
html_show_sphinx = False
html_sidebars = {"index": [], "changelog": []}
html_theme_options = {
    "logo": {"image_light": "_static/mark.svg", "image_dark": "_static/mark.svg", "text": "connectorkit"},
    "navbar_align": "left",
    "navigation_with_keys": False,
    "show_nav_level": 1,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "secondary_sidebar_items": ["page-toc"],
    "back_to_top_button": True,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

# Markdown and notebooks; these come executed
myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_merge_streams = True
nb_ipywidgets_js = {}  # site.js does this, with scripts that come along

# Reference
autodoc_default_options = {"member-order": "bysource", "show-inheritance": True}
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "separated"
autosummary_generate = True
add_module_names = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
copybutton_exclude = ".linenos, .gp, .go"

# Sphinx writes a long signature as a list of definitions without terms, which screen readers stumble over.
_PARAMETERS = re.compile(r"<dl>\n((?:<dd>.*</dd>\n)+)</dl>")


def setup(app):
    """What is not a setting."""
    app.connect("html-page-context", _say_that_parameters_are_a_list)


def _say_that_parameters_are_a_list(app, page, template, context, doctree):
    def as_list(found):
        return '<dl role="list">\n' + found[1].replace("<dd>", '<dd role="listitem">') + "</dl>"

    if "body" in context:
        context["body"] = _PARAMETERS.sub(as_list, context["body"])

"""Settings of the site. What they do is explained in docs/contributing.rst."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

# -- The site ---------------------------------------------------------------

project = "Extending PyTorch"
author = "The Extending PyTorch authors"
html_title = project
# Where the site is published, such as "https://example.org/extending-pytorch"; "" leaves out of the
# pages what needs an absolute address.
site_base_url = ""
# Its repository, such as "https://github.com/owner/name"; "" leaves out the links for corrections. With
# a branch for notebooks, which .github/workflows/pages.yml fills, they can be opened in Colab.
site_repository_url = ""
site_repository_branch = "main"
site_notebooks_branch = ""

# Endonyms, in the order of the language switch. `make html LANGUAGES=...` says
# which of them are built; a language not named here appears under its code.
site_languages = ["en", "zh_CN"]
language_names = {"en": "English", "zh_CN": "简体中文"}

# -- Extensions -------------------------------------------------------------

# Kinds of results that a script can leave behind, in their order below its code blocks. A new kind is a
# package with a module `observer`, and a line here.
result_kinds = ["sitebuild.checks", "sitebuild.graphs", "sitebuild.flows", "sitebuild.plots", "sitebuild.times"]

extensions = [
    "sphinx.ext.intersphinx",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "sitebuild.running",
    *result_kinds,
    "sitebuild.reports",
    "sitebuild.search",
    "sitebuild.site",
    "sitebuild.translation",
    "sitebuild.downloads",
]

# -- Examples: executed once, for all languages -----------------------------

# A chapter is a folder of the gallery; its pages are generated in a folder of docs/ with the same name.
chapters = ["first_steps", "double_backward", "conv_bn_fusion", "field_guide"]

sphinx_gallery_conf = {
    "examples_dirs": [f"../gallery/{chapter}" for chapter in chapters],
    "gallery_dirs": chapters,
    "copyfile_regex": r"index\.rst",
    "filename_pattern": r"\.py$",
    "image_scrapers": ("sitebuild.running.gallery_hooks.scrape_results",),
    "reset_modules": ("sitebuild.running.gallery_hooks.prepare_example",),
    "capture_repr": (),
    # A page holds what the example says, nothing that differs between two builds.
    "min_reported_time": sys.maxsize,
    "write_computation_times": False,
    "show_signature": False,
    "download_all_examples": False,
    "first_notebook_cell": (
        "# Graphviz: apt-get install graphviz / brew install graphviz\n"
        "%pip install --quiet torch torchviz scipy matplotlib scikit-learn"
    ),
}

# The links to downloads belong to the bar at the top of a page, which site.css draws.
download_links_bring_style = False
download_links_tell_reading_time = True

# A script that takes longer, or holds more memory, is ended: it is stuck, or too big for readers.
example_time_limit = 120  # seconds
example_memory_limit = 4  # GiB
# Nobody reads more on a page, and a phone has to load it.
example_output_limit = 50_000  # characters

# Pages on whose graphs readers can step through backward.
gradient_flows = [
    "first_steps/backward_graph",
    "double_backward/saving_inputs",
    "double_backward/saving_outputs",
    "double_backward/saving_intermediates",
    "double_backward/losing_intermediates",
    "double_backward/backward_outside_autograd",
]

# The names of scripts hold no space: the build sees to that. Those of the folders above may.
suppress_warnings = ["sphinx_gallery.space_in_filename"]

# -- Text and translations --------------------------------------------------

locale_dirs = ["locale"]
gettext_compact = False
gettext_location = False
gettext_uuid = False
nitpicky = True
exclude_patterns = ["_*", "locale"]
smartquotes = False
# Around a page's title inside a sentence. Translations whose language writes other marks hold their own.
title_quotes = {"en": "“”"}

intersphinx_mapping = {
    "torch": ("https://docs.pytorch.org/docs/stable/", "_inventories/torch.inv"),
}

# -- Search -----------------------------------------------------------------

# Pages about the site itself, and lists of its pages: found behind those on its subject.
search_aside = ["changes", "contributing", "credits", "glossary", "hosting", "script_forms", "speed", "use_elsewhere"]

# -- HTML -------------------------------------------------------------------

html_theme = "furo"
html_math_renderer = "static_mathml"
html_static_path = ["docs/_static"]
html_favicon = "docs/_static/mark.svg"
templates_path = ["docs/_templates"]
html_css_files = [
    "site.css",
    "search.css",
    "home.css",
    "code.css",
    "graph.css",
    "checks.css",
    "function_table.css",
    "plot.css",
    "math.css",
    "print.css",
]
html_js_files = ["search.js", "language_choice.js", "graph.js", "graph_viewer.js", "function_table.js"]
# A style sheet and a script, with the pages that load them beside the others.
page_assets = {"flow": gradient_flows}
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_copy_source = False
html_use_index = False
html_permalinks_icon = ""  # drawn by site.css: the search takes titles from the text of headings
pygments_style = "a11y-light"
pygments_dark_style = "a11y-dark"

# Output is a result, not something to type: it gets no copy button.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_selector = "div.highlight-Python pre, div.highlight-bash pre"

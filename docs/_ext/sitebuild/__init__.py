"""Builds this site: examples executed once, pages rendered in each language, downloads translated.

Lower packages know nothing of those above them:

    commands      what the Makefile calls
    building      the stages of a build
    downloads     scripts and notebooks in the language of the page
    search        what the search in the browser reads
    reports       tables over the whole site
    site          what stands around the text of a page, and the published folder
    errors        the error texts that the examples provoke
    checks, graphs, plots, times    the kinds of results; none knows another
    running, translation            executing scripts; catalogues and what they are put into
    definitions   what scripts import from each other
    examples      what an example, a chapter and a result are

The contributing page tells more.
"""

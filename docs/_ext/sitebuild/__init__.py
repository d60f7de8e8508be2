"""Builds this site: examples executed once, pages rendered in each language, downloads translated.

Lower packages know nothing of those above them:

    commands      what the Makefile calls
    downloads     scripts and notebooks in the language of the page
    reports       tables over the whole site
    site          what stands around the text of a page, and the published folder
    checks, graphs, plots, times    the kinds of results; none knows another
    running, translation            executing scripts; catalogues and what they are put into
    definitions   what scripts import from each other
    examples      what an example, a chapter and a result are

The contributing page tells more.
"""

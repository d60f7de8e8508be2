"""The error texts that the examples provoke: ``error-texts`` lists them with the pages that explain them.

:mod:`.printers` says who prints an error in a script, :mod:`.outputs` finds it in what was printed,
:mod:`.wording` takes out what belongs to the example, and :mod:`.collection` puts all together, for
the list (:mod:`.listing`) and for the search.
"""

from __future__ import annotations

from .listing import setup

__all__ = ["setup"]

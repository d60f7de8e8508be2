"""The error texts that the examples provoke, collected from what their runs left behind.

:mod:`.printers` says who prints an error in a script, :mod:`.outputs` finds it in what was printed,
:mod:`.wording` takes out what belongs to the example, and :mod:`.collection` puts all together, for
the list of the field guide and for the search.
"""

"""
An error on purpose
===================

The error is caught, the warning is printed.
"""
# %%
# .. warning:: Do not do this at home.
#
# | First line,
# | second line.

import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    warnings.warn("careful")
try:
    1 / 0
except ZeroDivisionError as error:
    print(type(error).__name__)
print(caught[0].message)

"""
The mean
========

How to find the middle of some numbers, with ``sum`` and ``len``.
"""

import time

# The numbers.
numbers = [1, 2, 6]
print(sum(numbers) / len(numbers))

# %%
# A clock
# -------
#
# It shows when this ran.

print("at", time.time_ns())  # nanoseconds

"""
A generator without a seed
==========================

It looks like one that has a seed.
"""

from numpy.random import default_rng

rng = default_rng()
print(rng.integers(2) < 2)

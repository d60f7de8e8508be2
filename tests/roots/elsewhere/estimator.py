"""
================================
An estimator and its table
================================

A regression whose coefficients are listed.

The table has a column each for

name
    of the feature,
weight
    as it was found.
"""

# Authors: Somebody
# SPDX-License-Identifier: BSD-3-Clause

# %%
# The data
# --------

import numpy as np

rng = np.random.RandomState(0)
X = rng.normal(size=(20, 2))
y = X @ [1.0, 2.0]

# %%
# .. list-table::
#    :header-rows: 1
#
#    * - Method
#      - Cost
#    * - least squares
#      - small

weights, *_rest = np.linalg.lstsq(X, y, rcond=None)
for name, weight in zip(["first", "second"], weights):
    print(f"{name:<8}{weight:.2f}")

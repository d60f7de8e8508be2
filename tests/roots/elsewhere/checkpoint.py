# -*- coding: utf-8 -*-
"""
Keeping what was learned
========================
**Author:** `Somebody <https://example.org/somebody>`__

A tutorial with a header of its own, that saves a model and reads it again.

.. note::

    Files go to the folder in which the script runs.

"""

######################################################################
# Setup
# -----
# Only what every tutorial needs.

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(2, 1)

######################################################################
# Saving
# ------
#
# 1. write the parameters,
# 2. read them back.
#

torch.save(model.state_dict(), "model.pt")
again = nn.Linear(2, 1)
again.load_state_dict(torch.load("model.pt"))
print(torch.equal(model.weight, again.weight))

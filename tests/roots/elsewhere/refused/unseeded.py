"""
Numbers without a seed
======================

Drawn, printed, other ones tomorrow.
"""

import torch

# %%
# Here:

print(torch.rand(2))

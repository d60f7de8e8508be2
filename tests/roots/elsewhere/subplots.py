r"""
=================
Several plots
=================

Curves of :math:`\sin` in axes that share a side.

.. contents::
   :local:
"""

import matplotlib.pyplot as plt
import numpy as np

np.random.seed(19680801)
x = np.linspace(0, 1, 50)

# %%
# Two axes
# ^^^^^^^^
# are made at once.

fig, (left, right) = plt.subplots(1, 2, sharey=True)
left.plot(x, np.sin(x), "tab:blue")
left.set(xlabel="x", ylabel="sin x")
right.scatter(x, np.random.rand(50), s=4, c="C1")
fig.savefig("plots.png")

plt.show()

# %%
#
# .. admonition:: References
#
#    What was used above:
#
#    - one function
#    - and another

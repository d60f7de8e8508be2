"""Hidden setup
===============

A thumbnail is chosen, and code is hidden, with comments.
"""

# Code source: Somebody
# SPDX-License-Identifier: BSD-3-Clause

# sphinx_gallery_start_ignore
secret = 1
# sphinx_gallery_end_ignore

# sphinx_gallery_thumbnail_number = 2

import matplotlib.pyplot as plt

#%%
#A text with neither a space before its mark nor behind it.

fig, ax = plt.subplots()
ax.plot([0, secret], label="line")
ax.set(xlabel="x", ylabel="y")
# sphinx_gallery_defer_figures

#%%
#The figure comes below this block, where it is finished.

ax.legend()
plt.show()

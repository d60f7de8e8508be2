"""
A map of colours
================

A picture in colours that no style sheet knows.
"""

import matplotlib.pyplot as plt

fig, ax = plt.subplots()
ax.scatter([0, 1], [0, 1], c=[0.0, 0.5], cmap="viridis")

"""
Something that moves
====================

An animation of a line.
"""

import matplotlib.pyplot as plt
from matplotlib.animation import FuncAnimation

fig, ax = plt.subplots()
(line,) = ax.plot([0, 1])
animation = FuncAnimation(fig, lambda frame: line.set_ydata([0, frame]), frames=3)
plt.show()

"""
Cards in a grid
===============

.. grid:: 2

    .. grid-item-card:: What you will learn

        * something
"""

print(1)

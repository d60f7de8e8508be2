"""A session, shown and run
========================

Lines as they are typed::

    $ python session.py

or into Python:

>>> 1 + 1
2
"""

# %%
# .. code-block:: python
#
#     def not_run():
#         pass
#
# .. seealso::
#
#    `The documentation <https://example.org/doc_of_it>`_.

import random

random.seed(3)
rolls = [random.randint(1, 6) for _ in range(3)]
print(len(rolls))

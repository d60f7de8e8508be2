"""
Two words
=========

Words are counted.
"""

words = "two words".split()
len(words)  # how many

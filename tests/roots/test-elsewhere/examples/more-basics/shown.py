"""
Only shown
==========

This one is not run.
"""

raise SystemExit("never")

"""Builds the whole site: calls of Sphinx, the stages around them, and what tells that nothing has changed."""

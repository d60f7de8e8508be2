"""The error that ends a build."""


class BuildError(Exception):
    """A stage failed; its message is all that the user has to read."""

"""What the Makefile calls, each as ``python -m sitebuild.commands.NAME``."""

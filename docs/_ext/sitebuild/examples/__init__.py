"""What an example, a chapter and a result are: names, folders, the form of a script."""

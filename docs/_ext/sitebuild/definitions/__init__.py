"""What a script imports from other sections of its chapter: found, put in the place of the import, given while it runs."""

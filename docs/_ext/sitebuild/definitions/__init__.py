"""What a script imports from other sections of its chapter: found, put in place, given while it runs."""

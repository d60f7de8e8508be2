"""Shows the site while it is being written: waits for edits, builds, and tells the browser."""

"""What `tagpages init` finds and what it writes: pure, but for reading a Hugo site's configuration.

`hugo` reads a site, `kinds` guesses the kind of a registry, `texts` makes the files of `files/`.
"""

"""The content tree: which files are ours, what they hold, and how they are replaced.

`tree` reads and writes whole files, `state` has the forms of our JSON files, `front_matter` changes
what people edit, `plan` and `publish` say what a run will do to which file.
"""

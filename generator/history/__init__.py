"""What a tag pointed to, and when, from the git history of a content tree alone.

`repository` asks git, `versions` and `oldpage` read what it gives, `moves` makes spans of versions
and `answers` makes answers of spans (both pure), `cache` keeps what was read, `text` and `page`
write it for people. Git is only read here, and nothing is asked of a registry.
"""

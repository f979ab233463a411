"""`python -m generator` is the command `tagpages`."""

from generator.cli import main

main()

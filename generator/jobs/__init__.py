"""What the commands do, step by step; the command line only parses, calls and prints."""

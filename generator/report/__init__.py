"""What changed between two states of the tree: `changes` has the values, `text` shows them."""

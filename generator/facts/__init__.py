"""What a digest is: one module per kind of fact."""

"""The catalog: `catalog.yaml` → values, every mistake with its line.

`spec` has the values, `read` makes them from the file. Nothing here knows which kinds of source
and of page there are: they are the type parameters of `Catalog`.
"""

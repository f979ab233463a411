"""The catalog: `catalog.yaml` → values, every mistake with its line.

`document` reads YAML, `spec` has the values, `read` makes them and words what is wrong. Nothing
here knows which kinds of source and of page there are: they are the type parameters of `Catalog`,
filled in by the layers that own them.
"""

"""One file a change of the schema, named by its number."""

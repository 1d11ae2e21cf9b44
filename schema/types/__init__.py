"""The object types of the API. They hold what was loaded; nothing here looks anything up."""

"""One folder per field protocol, and the registry that knows them."""

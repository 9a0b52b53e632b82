"""One suite of behaviour for every implementation of a contract."""

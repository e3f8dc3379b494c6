"""The processes of the server, one folder each. No app imports another."""

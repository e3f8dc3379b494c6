"""The chat server: each client keeps one connection to one edge, and the edges meet over NATS."""

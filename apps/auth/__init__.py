"""The auth service: tokens of players, and nonces that work once."""

"""The worker: takes jobs from NATS, runs the game's functions in MySQL transactions, sends the answers to the gates."""

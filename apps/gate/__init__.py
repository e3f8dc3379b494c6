"""The gate: takes requests of game clients, hands them to any worker and gives each client its answer."""

"""Rules of the game that several modules share: items, levels, energy, time. They know no client function."""

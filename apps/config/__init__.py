"""The config service: reads the game data from files, checks it, and hands it to every other service over HTTP."""

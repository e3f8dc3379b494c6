"""The chat log: writes everything that is said to dated, compressed files, without ever delaying the chat."""

"""The chat log: writes everything that is said or reported to dated, compressed files, and never delays the chat."""

"""Mail: one Maildir a player, served over HTTP."""

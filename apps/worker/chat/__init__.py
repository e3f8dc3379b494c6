"""Who may not speak in the chat, and announcements: orders of operators."""

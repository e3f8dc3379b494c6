"""A client for people: calls functions, chats, and plays a tour through the whole system."""

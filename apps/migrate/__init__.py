"""Applies the database migrations in conf/migrations, each once, in order."""

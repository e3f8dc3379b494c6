"""The whole system on one machine: starts the backends and every service, watches them, stops them in order."""

"""What two services share. Nothing in here knows a service, and nothing connects when it is imported."""

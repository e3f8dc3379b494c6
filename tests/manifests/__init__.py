"""The manifests and Dockerfiles: read, checked against the code, and run."""

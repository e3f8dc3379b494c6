"""Reads rendered manifests, and runs their containers as processes of this machine."""

"""Clients of record registries behind one interface, each with its code table."""

"""The history of our tables. `db.upgrade()` runs it; `python -m gateway.migrations "what changes"` adds to it."""

"""The API that institutions call, and the route of a check. `run.py` is the route; start there."""

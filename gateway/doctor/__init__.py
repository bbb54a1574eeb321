"""`sealgate doctor`: what is wrong with a deployment, and what to do. It changes nothing.

finding.py   what an examination comes to
place.py     the clock, the database, its tables
keys.py      the keys and the terms
rooms.py     registries, mail, metrics, durable work, the log
"""

from gateway.doctor.examine import examine
from gateway.doctor.finding import Finding

__all__ = ["Finding", "examine"]

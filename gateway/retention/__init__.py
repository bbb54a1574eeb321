"""What is kept how long, and how it ends.

terms.py     when what is due
due.py       personal data is shredded the same time after its end, whatever came out; later the rows go
keys.py      the key of each month is made in time, and destroyed when all that it wraps is due
rotate.py    new keys in the place of old ones; reindex.py a new key of the blind index
wipe.py      nothing is left in files of what was; by a clock that has jumped nothing is destroyed (`gateway.belief`)
listed.py    the keys as an operator sees them; pace.py room for others between two batches
"""

from gateway.retention import due, keys
from gateway.retention.due import forget_due, shred_due
from gateway.retention.keys import turn
from gateway.retention.terms import init

__all__ = ["due", "forget_due", "init", "keys", "shred_due", "turn"]

"""Leases at work: a check is repeated on its day, a renewal is asked for, what is not renewed ends.

The words of a lease, and what is sealed of it, are in `gateway.consent.lease`: agreeing gives it.
"""

"""The subject's own pages about what became of a check: how it stands, the answer, its reasons, the contest."""

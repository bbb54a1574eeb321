"""Questions about policies, each answered with a witness: a record and a day on which the evaluator says the same."""

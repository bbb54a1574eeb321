"""The adjudicator's desk: what the records leave open, and refusals before they leave, are settled by a person."""

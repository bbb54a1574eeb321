"""Pictures of the main pages for the README, of made-up people. `python -m tests.pages`."""

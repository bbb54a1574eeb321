"""A sample population, all of it made up: what two registries of a city that does not exist might hold."""

"""Code tables: the words of one source, each with our word for it. One TOML file per source."""

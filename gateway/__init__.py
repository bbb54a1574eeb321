"""The Flask application: it alone serves the product's HTTP and owns its database."""

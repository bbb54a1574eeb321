"""What is open to everyone: the front page, the API's document and its pages, and whether the gateway is well."""

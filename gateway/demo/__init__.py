"""`sealgate demo`: the real thing on this machine, with made-up people. It acts through HTTP, as everybody must."""

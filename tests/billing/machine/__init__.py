"""What settles visits against a second telling of the rules: the same commands to the service and to plain Python."""

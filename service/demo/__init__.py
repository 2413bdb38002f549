"""The built-in district and the player of its day, who knows a base URL and credentials and nothing of the rooms."""

"""The ground the rooms stand on: no word of the domain in here, and no import of a room."""

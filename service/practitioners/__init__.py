"""医护: who goes to the door: role, licence and skills with validity, home station, travel mode, shifts.

Owns `practitioners`, `qualifications`, `shifts`. Asks `institutions` for stations, `accounts` for log-ins.
"""

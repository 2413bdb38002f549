"""医护: who goes to the door: role, licence and skills with validity, home station, travel mode, shifts, absences.

Owns `practitioners`, `qualifications`, `shifts`, `absences`. Asks `institutions` for stations, `accounts` for log-ins.
"""

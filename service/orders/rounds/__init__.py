"""How often somebody is to be seen (巡诊、查床频次): dated rows from which a period's orders are planned.

Owns `round_plans`. A home-bed round goes to whatever bed is open for the person at the institution on the day.
"""

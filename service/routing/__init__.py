"""路径: the day's problem, the solver, the referee and the published plan.

Owns dispatch areas, plans with their stops and routes, and the appointments that no one can double-book.
Asks `orders` for the accepted orders of a day, `practitioners` for shifts and skills, `patients` for homes,
`contracts` for family doctors.
"""

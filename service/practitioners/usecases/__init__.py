"""What people do with practitioners, and what other rooms ask of them."""

from service.practitioners.usecases.answers import day_staff, find_of_account, get_practitioner, licences

__all__ = ["day_staff", "find_of_account", "get_practitioner", "licences"]

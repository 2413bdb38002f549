"""通知: what elders and their proxies are told by short message, once each, at a decent hour.

Owns `notices`, `notice_templates`, `notice_contacts`. Asks `institutions` for settings and `patients` for the phone.
The rooms above say what happened (`usecases.notify`); the worker sends, and the provider's reports come back by HTTP.
"""

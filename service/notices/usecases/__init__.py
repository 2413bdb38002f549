"""What rooms and people do with notices; the only door of the room."""

from service.notices.usecases.contacts import put_contact, read_contact
from service.notices.usecases.notifying import notify
from service.notices.usecases.reading import list_notices
from service.notices.usecases.reporting import receive_reports
from service.notices.usecases.templates import add_template, end_template, list_templates, preview_template

__all__ = [
    "add_template",
    "end_template",
    "list_notices",
    "list_templates",
    "notify",
    "preview_template",
    "put_contact",
    "read_contact",
    "receive_reports",
]

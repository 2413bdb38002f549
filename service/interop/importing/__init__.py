"""Loads a directory of CSV and XLSX lists, all of it in one transaction or nothing (docs/import-files.md)."""

from service.interop.importing.files import NAMES, DirectoryUnreadable, Given, Kind, gather
from service.interop.importing.load import OperatorUnknown, PasswordsUnwritten, Wishes, load
from service.interop.importing.report import LABELS, Report, Told

__all__ = [
    "LABELS",
    "NAMES",
    "DirectoryUnreadable",
    "Given",
    "Kind",
    "OperatorUnknown",
    "PasswordsUnwritten",
    "Report",
    "Told",
    "Wishes",
    "gather",
    "load",
]

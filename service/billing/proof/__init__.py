"""The proof of a bill: a document from which each of its steps is redone offline, and what it rests on.

Owns no table; the document is kept with the settlement. Asks visits, catalog, contracts for what is shown beside it.
"""

from service.billing.proof.checking import check
from service.billing.proof.differing import Difference

__all__ = ["Difference", "check"]

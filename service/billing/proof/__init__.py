"""The proof of a bill: a document from which limits, kernel and reductions are redone offline, and what it rests on.

Owns no table; the document is kept with the settlement. Asks visits, catalog, contracts for what is shown beside it.
"""

from service.billing.proof.checking import Difference, check

__all__ = ["Difference", "check"]

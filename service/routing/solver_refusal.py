"""How a solver says no to a day; apart from the solver, which takes long to load."""


class NumbersTooLarge(Exception):
    """No search knows all rules of the day and can add up its numbers: `field` names the one that is by far the largest
    for what it is (`matrices[0]`), `sentence` says how large.
    """

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(field, sentence)
        self.field, self.sentence = field, sentence

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}"

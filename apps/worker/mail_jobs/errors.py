"""What an operator is told."""


class RefusedError(ValueError):
    """The order cannot be carried out as it was given; the text says why. Nothing was changed."""

"""What stops the work, split by who can act. Bad data that was expected is a `Finding`, never an exception."""


class BulkmailError(Exception):
    """One sentence for a person: what is wrong, where, and what to do next.

    `template` is English with `{places}` and is the key of the translation catalogue; `values` fill the places.
    """

    exit_code = 2

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template.format(**values) if values else template)
        self.template = template
        self.values = values


class InputError(BulkmailError):
    """Your file or your campaign cannot be used as it is."""


class SettingsError(BulkmailError):
    """Your settings need a change before anything can start."""


class StateError(BulkmailError):
    """The thing you asked for is not possible now, because of what has happened before (say: the plan has changed)."""

    exit_code = 1


class ProviderError(BulkmailError):
    """The sending service or the network refused, in a way that concerns the whole run and not one recipient."""

    exit_code = 1


class StorageError(BulkmailError):
    """The database or its disk cannot be used now. What was begun is rolled back, and the same may be tried again."""

    exit_code = 1

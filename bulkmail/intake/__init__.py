"""Uploaded bytes to a recipient table: encoding, delimiter, sheet and header found, each row kept with its number."""

from bulkmail.intake.reading import HowRead, Reading, read_list

__all__ = ["HowRead", "Reading", "read_list"]

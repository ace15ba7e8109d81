"""Errors of this package: each says what is wrong and what to do about it."""


class AsteriskError(Exception):
    """Any trouble with an Asterisk that a person can do something about."""


class AsteriskInstallError(AsteriskError):
    """Asterisk is not installed, too old, or could not be installed."""


class AsteriskStartError(AsteriskError):
    """Asterisk did not start, or runs already."""


class AsteriskControlError(AsteriskError):
    """A running Asterisk could not be reached or refused a command."""

"""What can go wrong, as a tree; every error has a code and a message that the user can act on.

TriageError
├── InvalidInput          a value is missing or wrong; says which and how to mend it
├── NotFound              no such ticket, row or page
├── Forbidden             signed in, but not for this
│   └── PasswordTemporary the password was made by somebody else; change it first
├── SignInRequired        not signed in, or the session has ended
│   └── SignInFailed      name or password is wrong
├── TooManyAttempts       too many failed sign-ins; wait
├── IllegalMove           the ticket's state does not allow this move; says what is legal now
├── Conflict              somebody else was faster; says what changed
├── StoreBusy             the database did not answer in time; nothing was written, try again
├── SendFailed            a message did not go out (triage/sending.py); says whether to try again
├── PrinterMissing        a PDF cannot be made here (triage/printing.py); says what to install
├── NotMigrated           the database has no tables yet, or those of another version
└── ReferenceProblem      a file or a row of reference data is wrong; nothing was loaded
"""

from dataclasses import dataclass

from triage.wording import say


class TriageError(Exception):
    """The root: `code` for machines, `message` (Chinese) for people."""

    code = "error"

    def __init__(self, message: str) -> None:
        """Keep the message that the user reads."""
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Problem:
    """One wrong value: which field, what is wrong and how to mend it."""

    field: str
    message: str


class InvalidInput(TriageError):
    """A value is missing or wrong; `problems` names each field."""

    code = "invalid_input"

    def __init__(self, *problems: Problem) -> None:
        """Keep the problems; the message joins them."""
        super().__init__(say("; ").join(f"{p.message}" for p in problems))
        self.problems = problems


class NotFound(TriageError):
    """No such ticket, row or page."""

    code = "not_found"


class Forbidden(TriageError):
    """Signed in, but this role or unit may not do it."""

    code = "forbidden"


class PasswordTemporary(Forbidden):
    """Signed in with a password that somebody else made: it is changed before anything else."""

    code = "password_temporary"


class SignInRequired(TriageError):
    """Nobody is signed in, or the session has ended."""

    code = "sign_in_required"


class SignInFailed(SignInRequired):
    """Name or password is wrong; which of them is not said."""

    code = "sign_in_failed"


class TooManyAttempts(TriageError):
    """Too many failed sign-ins for this name; wait and try again."""

    code = "too_many_attempts"


class IllegalMove(TriageError):
    """The ticket's state does not allow this move; `legal` are the moves that it allows now."""

    code = "illegal_move"

    def __init__(self, message: str, legal: tuple[str, ...] = ()) -> None:
        """Keep the codes of the moves that are legal now."""
        super().__init__(message)
        self.legal = legal


class Conflict(TriageError):
    """Somebody else changed the ticket since it was read."""

    code = "conflict"


class StoreBusy(TriageError):
    """The database did not answer in time; nothing was written."""

    code = "store_busy"


class NotMigrated(TriageError):
    """The database has no tables yet, or those of another version: run `flask migrate`."""

    code = "not_migrated"


class ReferenceProblem(TriageError):
    """A file or a row of reference data is wrong; nothing was loaded."""

    code = "reference_problem"

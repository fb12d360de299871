"""The files of tickets: kept in the database beside them; the trail holds their digests."""

from datetime import datetime

from triage.attachments import Attachment, digest_of
from triage.store.audit import Audit
from triage.store.sql import block

COLUMNS = "id, name, content_type, size, digest, actor, added_at, removed_at"
ADD = block("""
    INSERT INTO attachments (ticket_number, name, content_type, size, digest, data, actor, added_at)
    VALUES (:number, :name, :content_type, :size, :digest, :data, :actor, :now)
    RETURNING id""")
OF_TICKET = block(f"""
    SELECT {COLUMNS}
    FROM attachments
    WHERE ticket_number = :number AND removed_at IS NULL
    ORDER BY id""")
DATA = block("""
    SELECT data
    FROM attachments
    WHERE ticket_number = :number AND id = :id AND removed_at IS NULL""")
REMOVE = block("""
    UPDATE attachments
    SET removed_at = :now
    WHERE ticket_number = :number AND id = :id AND removed_at IS NULL""")


class Attachments(Audit):
    """Keeps and reads the files of tickets."""

    def add_attachment(self, number: str, name: str, content_type: str, data: bytes, actor: str, now: datetime) -> int:
        """Keep a file with its ticket, its digest in the trail (its name, which may say whose it is, as a keyed one); give the row's id."""
        digest, size = digest_of(data), len(data)
        id = int(self.value(ADD, number=number, name=name, content_type=content_type, size=size, digest=digest, data=data, actor=actor, now=now))
        detail = {"attachment": id, "sha256": digest, "size": size, "content_type": content_type, "name_digest": self.digest(name)}
        self.append_audit(number, "add_file", actor, now, detail=detail)
        return id

    def attachments_of(self, number: str) -> list[Attachment]:
        """Give the files of a ticket that were not taken away, from the first, without their bytes."""
        return [Attachment(**row) for row in self.rows(OF_TICKET, number=number)]

    def attachment_data(self, number: str, id: int) -> bytes:
        """Give a file's bytes."""
        return bytes(self.value(DATA, number=number, id=id) or b"")

    def take_away_attachment(self, number: str, one: Attachment, actor: str, now: datetime) -> None:
        """Mark a file as taken away; row, bytes and digest stay."""
        self.run(REMOVE, number=number, id=one.id, now=now)
        self.append_audit(number, "remove_file", actor, now, detail={"attachment": one.id, "sha256": one.digest})

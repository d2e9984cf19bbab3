"""The named points of the code (daemon/base/point.h), seen from a test: arming them while the daemon runs, and what has
come by. The matrix below and the code hold each other to it: test_points.py."""

import mmap
import pathlib
import re
import struct

import zhifu

# Where a process may be killed, by the role that passes it; "any": all that speak to the database.
POINTS = {
    "intake.before_commit": "intake",      # read and checked, not yet given to the database
    "intake.after_commit": "intake",       # durable, the hospital has no answer yet
    "translate.leased": "translate",
    "translate.before_call": "translate",  # the attempt is counted, the module not yet called
    "translate.after_call": "translate",   # the module has spoken, nothing is stored
    "translate.before_commit": "translate",
    "translate.after_commit": "translate",
    "dispatch.taken": "dispatch",          # owns a route since this moment
    "dispatch.renewed": "dispatch",
    "dispatch.leased": "dispatch",
    "dispatch.before_begin": "dispatch",   # before the intent is written
    "dispatch.begun": "dispatch",          # the intent is durable, no byte has left
    "dispatch.look": "dispatch",           # about to look at the lease, before the head and before the body
    "dispatch.window": "dispatch",         # has looked; the body leaves next
    "dispatch.sent": "dispatch",           # the whole request has left, no answer
    "dispatch.in_head": "dispatch",        # in the middle of the answer
    "dispatch.in_body": "dispatch",
    "dispatch.answered": "dispatch",       # the answer is whole, its end is not stored
    "dispatch.before_end": "dispatch",
    "dispatch.ended": "dispatch",
    "dispatch.swept": "dispatch",          # has taken over what a dead process left
    "settle.leased": "settle",
    "settle.before_commit": "settle",      # facts applied, nothing posted
    "settle.after_commit": "settle",
    "db.sent": "any",                      # a transaction has left, its ending is not known
}
# Where zhifuctl may be killed while it imports a bank statement.
IMPORT_POINTS = {
    "bank.statement": "the statement is stored, its lines are not",
    "bank.lines": "some of its lines are stored and posted",
    "bank.before_commit": "all of the file is stored, nothing is durable",
    "bank.after_commit": "durable, nobody has been told",
}
# Where zhifuctl may be killed while it takes in a remittance advice.
REMITTANCE_POINTS = {
    "remittance.before_commit": "all of it is stored and announced, nothing is durable",
    "remittance.after_commit": "durable, nobody has been told",
}
# Where settle may be killed while it matches money with claims.
MATCH_POINTS = {
    "match.before_commit": "decided, nothing posted",
    "match.after_commit": "posted, the next round not begun",
}
# Where zhifuctl may be killed while a person decides.
DESK_POINTS = {"match.desk": "posted, nothing is durable"}
# Where zhifuctl may be killed while it closes a month.
CLOSE_POINTS = {
    "close.before_commit": "all of it is posted and the month is locked, nothing is durable",
    "close.after_commit": "durable, nobody has been told",
}
# Where zhifuctl may be killed in whatever else it does, also while it looks something up.
CTL_POINTS = {
    "ctl.asked": "a statement is done: durable where it stands alone, nothing in a transaction",
    "ctl.after_commit": "durable, nobody has been told",
}
# Where intake may be killed while the house's program does something under /v1.
ACT_POINTS = {
    "act.before_commit": "read and checked, not yet given to the database",
    "act.after_commit": "durable, the program has no answer yet",
}
EVERY = [*POINTS, *IMPORT_POINTS, *REMITTANCE_POINTS, *MATCH_POINTS, *DESK_POINTS, *CLOSE_POINTS, *CTL_POINTS, *ACT_POINTS]
# A holder that is paused here sends after its lease: the window that zhifud(8) tells of. Killing it is harmless.
WINDOW = "dispatch.window"

ROW = struct.Struct("=40sIIiiiIQ")
assert ROW.size == 72
ACTIONS = {"none": 0, "kill": 1, "stop": 2, "delay": 3}


def in_code():
    """The names of all points in the source."""
    names = []
    for path in sorted((zhifu.ROOT / "daemon").rglob("*.c")):
        names += re.findall(r'\bPOINT\("([^"]*)"\)', path.read_text())
    return names


class Points:
    """The file of rows in the folder of an installation. env is what the daemon must be started with."""

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "points"
        self.names = list(EVERY)
        self.path.write_bytes(b"".join(ROW.pack(n.encode(), 0, 0, 0, 0, 0, 0, 0) for n in self.names))
        self.path.chmod(0o666)
        with open(self.path, "r+b") as file:
            self.rows = mmap.mmap(file.fileno(), 0)
        self.env = {"ZHIFU_POINTS": str(self.path)}

    def _at(self, name):
        return self.names.index(name) * ROW.size

    def _read(self, name):
        return ROW.unpack_from(self.rows, self._at(name))

    def arm(self, name, action="kill", nth=1, pid=0, delay_ms=0):
        """The nth pass from now on (of process pid only) is killed, stopped or delayed; once."""
        at = self._at(name)
        struct.pack_into("=I", self.rows, at + 40, 0)
        struct.pack_into("=Iii", self.rows, at + 44, delay_ms, pid, nth)
        struct.pack_into("=I", self.rows, at + 40, ACTIONS[action])

    def disarm(self, name):
        struct.pack_into("=I", self.rows, self._at(name) + 40, 0)

    def fired(self, name):
        """How often it hit, and whom last."""
        row = self._read(name)
        return row[6], row[5]

    def passed(self, name):
        return self._read(name)[7]

    def close(self):
        self.rows.close()

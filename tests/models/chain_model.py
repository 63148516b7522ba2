"""The life of a chained item, as src/store implements it, one atomic access per step.

Modelled: touch and relocation, which hand the chain of pages and tails to a new head; eviction;
a send that pins a head and releases it outside its turn; the end of a head after its grace period;
and the tails' memory of their head, through which a walk finds it. Memory is sequentially
consistent here.

A head is a number; head 0 is in the table at the start. `owner` is what the tails name. A head
that left the table is freed once every thread that was in a turn then has ended its turn.
"""

from collections import namedtuple

from explore import Violation

MOVED, VOID, NEW, DEAD = "moved", "void", "new", "dead"

Head = namedtuple("Head", "flags pins retired waits freed")
Shared = namedtuple("Shared", "slot owner heads chain_freed")
Thread = namedtuple("Thread", "op pc data")

CORRECT = frozenset()
UNSETTLED = frozenset({"unsettled"})  # a new head may be handed on before its tails know it
LATE_LOOK = frozenset({"late look"})  # the end of a head looks at it after setting `dead`
PIN_MOVED = frozenset({"pin moved"})  # a head may be pinned while its chain changes hands


class Model:
    def __init__(self, ops, broken=CORRECT):
        self.broken = broken
        head = Head(frozenset(), 0, False, frozenset(), False)
        threads = tuple(Thread(op, "start", None) for op in ops)
        self.start = (Shared(0, 0, (head,), 0), threads)

    def steps(self, state):
        shared, threads = state
        for me, thread in enumerate(threads):
            if thread.pc == "done":
                continue
            after, pc, data = getattr(self, thread.op)(shared, thread, threads, me)
            yield self.stepped(f"{me}:{thread.op} {thread.pc}", after, threads, me, pc, data)
        for number, head in enumerate(shared.heads):
            if head.retired and DEAD not in head.flags and not self.inside(head.waits, threads):
                yield self.finish(shared, threads, number)

    @staticmethod
    def stepped(label, after, threads, me, pc, data):
        if isinstance(after, Violation):
            return label, after
        moved = list(threads)
        moved[me] = threads[me]._replace(pc=pc, data=data)
        return label, (after, tuple(moved))

    @staticmethod
    def inside(waits, threads):
        return any(threads[t].pc not in ("done", "sending") for t in waits)

    # -- the operations: each returns what is shared then, the next step and the thread's data -----

    def touch(self, shared, thread, threads, me):
        pc, data = thread.pc, thread.data
        if pc == "start":
            old = shared.slot
            if old is None or self.head(shared, old).flags or self.head(shared, old).pins:
                return shared, "done", None  # the whole item is copied, or there is none
            return shared, "claim", old
        if pc == "claim":
            head = self.head(shared, data)
            if head.flags or head.pins:
                return shared, "done", None
            flags = frozenset() if "unsettled" in self.broken else frozenset({NEW})
            copy = Head(flags, 0, False, frozenset(), False)
            shared = self.put(shared, data, head._replace(flags=frozenset({MOVED})))
            shared = shared._replace(heads=shared.heads + (copy,))
            return shared, "swap", (data, len(shared.heads) - 1)
        old, copy = data
        if pc == "swap":
            if shared.slot != old:
                return self.flag(shared, copy, VOID), "give back", data
            return shared._replace(slot=copy), "tell", data
        if pc == "tell":
            return shared._replace(owner=copy), "settle", data
        if pc == "settle":
            return self.unflag(shared, copy, NEW), "bury old", data
        if pc == "bury old":
            return self.retire(shared, old, threads, me), "done", None
        if pc == "give back":
            return self.unflag(shared, old, MOVED), "bury copy", data
        return self.retire(shared, copy, threads, me), "done", None

    def evict(self, shared, thread, threads, me):
        if thread.pc == "start":
            return shared, "erase" if shared.slot is not None else "done", shared.slot
        if thread.pc == "erase":
            if shared.slot != thread.data:
                return shared, "done", None
            return shared._replace(slot=None), "bury", thread.data
        return self.retire(shared, thread.data, threads, me), "done", None

    def send(self, shared, thread, threads, me):
        number = thread.data
        if thread.pc == "start":
            return shared, "pin" if shared.slot is not None else "done", shared.slot
        head = self.head(shared, number)
        if thread.pc == "pin":
            hindering = head.flags - ({MOVED} if "pin moved" in self.broken else frozenset())
            if hindering:
                return shared, "done", None
            return self.put(shared, number, head._replace(pins=head.pins + 1)), "sending", number
        if head.freed or shared.chain_freed:
            return Violation("sends from memory that was freed"), None, None
        head = head._replace(pins=head.pins - 1)
        shared = self.put(shared, number, head)
        if DEAD in head.flags and head.pins == 0:
            shared = self.free(shared, number)
        return shared, "done", None

    # A walk over a page with a tail: it must find a head that is not freed.
    def walk(self, shared, thread, threads, me):
        if thread.pc == "start":
            if shared.slot is None:
                return shared, "done", None
            return shared, "look", shared.owner
        if self.head(shared, thread.data).freed:
            return Violation("a tail names a head that was freed"), None, None
        return shared, "done", None

    def finish(self, shared, threads, number):
        label = f"finish {number}"
        head = self.head(shared, number)
        shared = self.put(shared, number, head._replace(flags=head.flags | {DEAD}))
        if head.pins == 0:
            shared = self.free(shared, number)
            return label, shared if isinstance(shared, Violation) else (shared, threads)
        if "late look" in self.broken:
            threads = threads + (Thread("look_back", "look", number),)
        return label, (shared, threads)

    def look_back(self, shared, thread, threads, me):
        if self.head(shared, thread.data).freed:
            return Violation("looks at a head that was freed"), None, None
        return shared, "done", None

    # -- small changes -----------------------------------------------------------------------------

    @staticmethod
    def head(shared, number):
        return shared.heads[number]

    @staticmethod
    def put(shared, number, head):
        heads = list(shared.heads)
        heads[number] = head
        return shared._replace(heads=tuple(heads))

    def flag(self, shared, number, flag):
        head = self.head(shared, number)
        return self.put(shared, number, head._replace(flags=head.flags | {flag}))

    def unflag(self, shared, number, flag):
        head = self.head(shared, number)
        return self.put(shared, number, head._replace(flags=head.flags - {flag}))

    def retire(self, shared, number, threads, me):
        waits = frozenset(
            t for t, thread in enumerate(threads) if t != me and thread.pc not in ("done", "start")
        )
        head = self.head(shared, number)._replace(retired=True, waits=waits)
        return self.put(shared, number, head)

    def free(self, shared, number):
        head = self.head(shared, number)
        if head.freed:
            return Violation("frees a head twice")
        shared = self.put(shared, number, head._replace(freed=True))
        if not head.flags & {MOVED, VOID}:
            shared = shared._replace(chain_freed=shared.chain_freed + 1)
        return shared

    @staticmethod
    def judge(state, is_end):
        shared, _ = state
        if shared.chain_freed > 1:
            return "the chain was freed twice"
        if shared.chain_freed and shared.slot is not None:
            return "the chain of an item in the table was freed"
        if not is_end:
            return None
        if shared.slot is None:
            return None if shared.chain_freed == 1 else "the chain was never freed"
        head = shared.heads[shared.slot]
        if shared.owner != shared.slot:
            return "the tails name another head"
        return "the head is not as new" if head.flags or head.pins else None

"""The index's life around one key, as src/table implements it, one atomic access per step.

Modelled: the scan, the tentative placement, its announcement in the home's header, the second
scan with killing and withdrawing, finalizing, replacing, erasing, displacing another key's item
from a full window, readers, and the clearing of overflow bits. An inserter may take any vacant
slot, and may kill an earlier rival at any time (the code does so after some patience), so the
model allows more than the code does. Memory is sequentially consistent here.

A slot is a letter and a number: ("T", owner) tentative, ("F", value) visible, ("X", 0) another
key's item; None is vacant. Every writer stores its own number. DISTANCE gives each slot's probe
distance; several slots may share one. `cur` is what a correct cache holds for the key; it
changes with the linearization points, and every answer is judged by what it held meanwhile.
"""

from collections import namedtuple

from explore import Violation

Shared = namedtuple("Shared", "slots bits activity claimed cur")
Thread = namedtuple("Thread", "op pc data seen")

# What may be broken on purpose; each must show a violation.
CORRECT = frozenset()
PLAIN = frozenset({"plain"})  # one CAS makes the item visible, no second scan
IGNORE_TENTATIVE = frozenset({"ignore tentative"})  # the second scan skips tentative words
NO_ACTIVITY = frozenset({"no activity"})  # inserters set the bit but not A
NO_CLAIM = frozenset({"no claim"})  # two cleaners may be in one segment
ANNOUNCE_FIRST = frozenset({"announce first"})  # the bit is set before the item is placed


class Model:
    def __init__(self, distance, slots, ops, bits=0, cur=None, broken=CORRECT):
        self.distance = distance
        self.broken = broken
        threads = tuple(Thread(op, "start", (), frozenset({cur})) for op in ops)
        self.start = (Shared(tuple(slots), bits, False, False, cur), threads)

    # -- the walk -------------------------------------------------------------------------------

    def steps(self, state):
        shared, threads = state
        for me, thread in enumerate(threads):
            if thread.pc == "done":
                continue
            for after, pc, data in self.step(shared, thread, me):
                label = f"{me}:{thread.op} {thread.pc}"
                if isinstance(after, Violation):
                    yield label, after
                else:
                    yield label, self.settle(after, threads, me, pc, data)

    @staticmethod
    def settle(after, threads, me, pc, data):
        """The state after a step of thread `me`; every thread under way sees the new value."""
        moved = []
        for number, thread in enumerate(threads):
            seen = thread.seen
            if number == me:
                thread = thread._replace(pc=pc, data=data)
                # An attempt that starts anew is still the same operation: it keeps what it saw.
            if thread.pc == "done":
                seen = frozenset()
            elif after.cur not in seen:
                seen = seen | {after.cur}
            moved.append(thread._replace(seen=seen))
        return after, tuple(moved)

    def judge(self, state, is_end):
        shared, threads = state
        visible = [i for i, word in enumerate(shared.slots) if word and word[0] == "F"]
        if len(visible) > 1:
            return "two visible slots hold the key"
        if any(not self.reachable(shared, i) for i in visible):
            return "a visible item's overflow bit is clear"
        value = shared.slots[visible[0]][1] if visible else None
        if value != shared.cur:
            return f"the slot holds {value}, a correct cache {shared.cur}"
        if is_end and any(thread.pc != "done" for thread in threads):
            return "nobody can go on"
        if is_end and any(word and word[0] == "T" for word in shared.slots):
            return "a tentative word was left behind"
        return None

    def reachable(self, shared, slot):
        d = self.distance[slot]
        return d == 0 or shared.bits >> d & 1

    # -- one thread's step: yields (shared, next pc, data) ---------------------------------------

    def step(self, shared, thread, me):
        if thread.op == "clean":
            return self.clean(shared, thread)
        return getattr(self, "at_" + thread.pc)(shared, thread, me)

    def window(self, shared, mine=None):
        """The slots that a scan visits, given the header it has just loaded."""
        return tuple(
            i for i in range(len(shared.slots)) if i != mine and self.reachable(shared, i)
        )

    def at_start(self, shared, thread, me):
        yield shared, "scan", self.window(shared)

    def at_scan(self, shared, thread, me):
        if not thread.data:
            yield from self.missed(shared, thread)
            return
        slot, rest = thread.data[0], thread.data[1:]
        word = shared.slots[slot]
        if not word or word[0] != "F":
            yield shared, "scan", rest
        else:
            yield from self.met(shared, thread, slot, word)

    def missed(self, shared, thread):
        if thread.op in ("set", "add"):
            yield shared, "choose", ()
        elif None not in thread.seen:
            yield Violation("missed a key that was there all along"), "", ()
        else:
            yield shared, "done", ()

    def met(self, shared, thread, slot, word):
        if thread.op in ("get", "add"):
            if word[1] not in thread.seen:
                yield Violation("met a value that was not there meanwhile"), "", ()
            else:
                yield shared, "done", ()
        else:
            yield shared, "update", (slot, word)

    def at_update(self, shared, thread, me):
        slot, word = thread.data
        if shared.slots[slot] != word:
            yield shared, "start", ()
        elif thread.op == "del":
            yield self.put(shared, slot, None)._replace(cur=None), "done", ()
        else:
            yield self.put(shared, slot, ("F", me))._replace(cur=me), "done", ()

    # -- insertion --------------------------------------------------------------------------------

    def at_choose(self, shared, thread, me):
        vacant = [i for i, word in enumerate(shared.slots) if word is None]
        if "announce first" in self.broken:
            for slot in vacant:
                yield self.announced(shared, slot), "place", slot
        for slot in vacant if "announce first" not in self.broken else ():
            yield from self.placed(shared, slot, me)
        if vacant:
            return
        others = [i for i, word in enumerate(shared.slots) if word[0] in "XF"]
        for slot in others:  # the window is full: displace
            lost = shared._replace(cur=None) if shared.slots[slot][0] == "F" else shared
            yield from self.placed(lost, slot, me)
        if not others:
            yield shared, "start", ()

    def placed(self, shared, slot, me):
        if "plain" in self.broken:
            yield from self.visible(self.announced(shared, slot), slot, me)
        else:
            after = self.put(shared, slot, ("T", me))
            away = self.distance[slot] > 0
            yield after, "announce" if away else "again", slot

    def at_place(self, shared, thread, me):  # only when the announcement came first
        if shared.slots[thread.data] is None:
            yield self.put(shared, thread.data, ("T", me)), "again", thread.data
        else:
            yield shared, "start", ()

    def at_announce(self, shared, thread, me):
        yield self.announced(shared, thread.data), "again", thread.data

    def announced(self, shared, slot):
        d = self.distance[slot]
        if d == 0:
            return shared
        activity = shared.activity or "no activity" not in self.broken
        return shared._replace(bits=shared.bits | 1 << d, activity=activity)

    def at_again(self, shared, thread, me):
        yield shared, "rescan", (thread.data, self.window(shared, mine=thread.data))

    def at_rescan(self, shared, thread, me):
        mine, rest = thread.data
        if not rest:
            yield shared, "finalize", mine
            return
        slot, rest = rest[0], rest[1:]
        word = shared.slots[slot]
        if word and word[0] == "F":
            yield shared, "withdraw", (mine, slot, word)
        elif word and word[0] == "T" and "ignore tentative" not in self.broken:
            if slot < mine:
                yield shared, "withdraw", (mine, None, None)
            yield shared, "kill", (mine, slot, word, rest)
        else:
            yield shared, "rescan", (mine, rest)

    def at_kill(self, shared, thread, me):
        mine, slot, word, rest = thread.data
        if shared.slots[slot] == word:
            yield self.put(shared, slot, None), "rescan", (mine, rest)
        else:  # examine the slot again
            yield shared, "rescan", (mine, (slot,) + rest)

    def at_withdraw(self, shared, thread, me):
        mine, slot, word = thread.data
        after = self.put(shared, mine, None) if shared.slots[mine] == ("T", me) else shared
        if slot is None:
            yield after, "start", ()
        else:
            yield from self.met(after, thread, slot, word)

    def at_finalize(self, shared, thread, me):
        if shared.slots[thread.data] == ("T", me):
            yield from self.visible(shared, thread.data, me)
        else:
            yield shared, "start", ()

    def visible(self, shared, slot, me):
        if shared.cur is not None:
            yield Violation("inserted a key that is there"), "", ()
        else:
            yield self.put(shared, slot, ("F", me))._replace(cur=me), "done", ()

    # -- clearing the overflow bit of distance 1 --------------------------------------------------

    def clean(self, shared, thread):
        if thread.pc == "start":
            if shared.claimed and "no claim" not in self.broken:
                yield shared, "done", ()
            else:
                yield shared._replace(claimed=True), "quiet", ()
        elif thread.pc == "quiet":
            after = shared._replace(activity=False)
            behind = tuple(i for i, d in enumerate(self.distance) if d == 1)
            yield after, "look" if shared.bits & 2 else "release", (behind, shared.bits)
        elif thread.pc == "look":
            behind, bits = thread.data
            word = shared.slots[behind[0]] if behind else None
            if word and word[0] in "TF":
                yield shared, "release", ()
            else:
                yield shared, "look" if behind else "clear", (behind[1:], bits)
        elif thread.pc == "clear":
            same = (shared.bits, shared.activity) == (thread.data[1], False)
            yield shared._replace(bits=shared.bits & ~2) if same else shared, "release", ()
        elif thread.pc == "release":
            yield shared._replace(claimed=False), "done", ()

    @staticmethod
    def put(shared, slot, word):
        slots = list(shared.slots)
        slots[slot] = word
        return shared._replace(slots=tuple(slots))

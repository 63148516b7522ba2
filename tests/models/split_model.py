"""Growth of the index around one key, as src/table implements it, one atomic access per step.

Modelled: splitting a segment (freeze, copy, pass the overflow bits on, count, thaw), helping,
the note and the three steps of the epoch before a doubling, and every operation that may meet a
split: insertion with its tentative word, replacing, erasing, readers, a hand that evicts, a cleaner
of overflow bits. The key's slots in segment s keep their position in every segment, so a word is
named by segment and position. An inserter may take any vacant slot, help whenever it sees a frozen
one, and kill an earlier rival at any time: more than the code does. Memory is sequentially
consistent here.

A word is (kind, value, frozen): "U" untouched, "E" vacated, "T" tentative, "F" visible, "X" another
key's item that never moves. HASH gives the segment bits of the key. `cur` is what a correct cache
holds for the key; every answer is judged by what it held meanwhile.
"""

from collections import namedtuple

from explore import Violation

# epoch: steps since the doubling was noted; noted: 0 not, 1 complete and noted.
Shared = namedtuple("Shared", "slots bits count noted epoch cur")
# ops: what the thread has yet to do, the present one first. sub: the split or thaw it takes part
# in, (pc, segment, count, position, word). entered: the epoch it entered at, None outside.
Thread = namedtuple("Thread", "ops pc data sub entered seen")

U, E = ("U", 0, False), ("E", 0, False)
X = ("X", 0, False)

CORRECT = frozenset()
COPY_ANYWHERE = frozenset({"copy anywhere"})  # a copy goes into vacated slots too
WRITE_FROZEN = frozenset({"write frozen"})  # writers change frozen words
NO_RELOAD = frozenset({"no reload"})  # a miss is believed although the segment was split
NO_RECHECK = frozenset({"no recheck"})  # an insertion finalizes where it placed
SPARE_TENTATIVE = frozenset({"spare tentative"})  # tentative words are left alone by the freeze
NO_BITS = frozenset({"no bits"})  # the new segment starts without overflow bits
NO_GRACE = frozenset({"no grace"})  # the next doubling begins at once
SHORT_GRACE = frozenset({"short grace"})  # it begins after two steps of the epoch, not three
ALWAYS_BEGUN = frozenset({"always begun"})  # a helper takes any freeze for the next split's


def home(key_hash, count):
    """The segment where the key belongs when `count` are in use."""
    half = 1 << (count.bit_length() - 1)
    segment = key_hash & (2 * half - 1)
    return segment if segment < count else segment - half


def next_to_split(count):
    return count - (1 << (count.bit_length() - 1))


class Model:
    def __init__(self, ops, distance=(0, 0), slots=None, key_hash=1, count_max=2, bits=0, cur=None,
                 broken=CORRECT):
        self.distance, self.key_hash, self.count_max = distance, key_hash, count_max
        self.n, self.broken = len(distance), broken
        first = tuple(slots or (U,) * self.n)
        rest = ((U,) * self.n,) * (count_max - 1)
        shared = Shared((first,) + rest, (bits,) + (0,) * (count_max - 1), 1, 0, 0, cur)
        self.start = (shared, tuple(Thread(op, "start", (), None, None, frozenset()) for op in ops))

    # -- the walk -------------------------------------------------------------------------------

    def steps(self, state):
        shared, threads = state
        if self.may_advance(shared, threads):
            yield "the epoch moves on", (shared._replace(epoch=shared.epoch + 1), threads)
        for me, thread in enumerate(threads):
            if not thread.ops:
                continue
            for after, moved in self.step(shared, thread, me):
                label = f"{me}: {thread.ops[0]} {thread.sub or (thread.pc, thread.data)}"
                if isinstance(after, Violation):
                    yield label, after
                else:
                    yield label, (after, self.settle(after, threads, me, moved))

    @staticmethod
    def may_advance(shared, threads):
        inside = [t.entered for t in threads if t.entered is not None]
        return shared.noted and shared.epoch < 3 and all(e == shared.epoch for e in inside)

    @staticmethod
    def settle(after, threads, me, moved):
        """Every thread in the middle of an operation sees the new value."""
        result = []
        for number, thread in enumerate(threads):
            if number == me:
                thread = moved
            if thread.entered is not None and after.cur not in thread.seen:
                thread = thread._replace(seen=thread.seen | {after.cur})
            result.append(thread)
        return tuple(result)

    def judge(self, state, is_end):
        shared, threads = state
        here = home(self.key_hash, shared.count)
        values = [w[1] for w in shared.slots[here] if w[0] == "F"]
        if len(values) > 1:
            return "two visible slots hold the key"
        for i, word in enumerate(shared.slots[here]):
            if word[0] == "F" and not self.reachable(shared, here, i):
                return "a visible item's overflow bit is clear"
        value = values[0] if values else None
        if value != shared.cur:
            return f"the slot holds {value}, a correct cache {shared.cur}"
        for s in range(shared.count):
            if s != here and any(w[0] == "F" and not w[2] for w in shared.slots[s]):
                return "the key lies where it does not belong"
        if is_end and any(t.ops for t in threads):
            return "nobody can go on"
        if is_end and any(w[0] == "T" or w[2] for s in shared.slots for w in s):
            return "a tentative or frozen word was left behind"
        return None

    def reachable(self, shared, segment, i):
        d = self.distance[i]
        return d == 0 or shared.bits[segment] >> d & 1

    # -- one thread's step: yields (shared, thread) ----------------------------------------------

    def step(self, shared, thread, me):
        if thread.sub:
            yield from getattr(self, "sub_" + thread.sub[0])(shared, thread)
        elif thread.pc == "start":
            entered = thread._replace(entered=shared.epoch, seen=frozenset({shared.cur}))
            first = {"split": "grow", "evict": "hand", "clean": "quiet"}.get(thread.ops[0], "load")
            yield shared, entered._replace(pc=first)
        else:
            yield from getattr(self, "at_" + thread.pc)(shared, thread, me)

    @staticmethod
    def done(thread):
        return Thread(thread.ops[1:], "start", (), None, None, frozenset())

    @staticmethod
    def go(thread, pc, *data):
        return thread._replace(pc=pc, data=data)

    @staticmethod
    def put(shared, segment, i, word):
        slots = list(shared.slots)
        slots[segment] = slots[segment][:i] + (word,) + slots[segment][i + 1:]
        return shared._replace(slots=tuple(slots))

    @staticmethod
    def with_bits(shared, segment, bits):
        return shared._replace(bits=shared.bits[:segment] + (bits,) + shared.bits[segment + 1:])

    # -- lookups --------------------------------------------------------------------------------

    def at_load(self, shared, thread, me):
        yield shared, self.go(thread, "header", shared.count)

    def at_header(self, shared, thread, me):
        (count,) = thread.data
        segment = home(self.key_hash, count)
        rest = tuple(i for i in range(self.n) if self.reachable(shared, segment, i))
        yield shared, self.go(thread, "scan", count, rest)

    def at_scan(self, shared, thread, me):
        count, rest = thread.data
        segment = home(self.key_hash, count)
        if not rest:
            writes = thread.ops[0] in ("set", "add")
            yield shared, self.go(thread, "choose" if writes else "missed", count)
            return
        word = shared.slots[segment][rest[0]]
        if word[0] == "F":
            yield from self.met(shared, thread, segment, rest[0], word)
        else:
            yield shared, self.go(thread, "scan", count, rest[1:])

    def at_missed(self, shared, thread, me):
        (count,) = thread.data
        rehomed = home(self.key_hash, shared.count) != home(self.key_hash, count)
        if rehomed and "no reload" not in self.broken:
            yield shared, self.go(thread, "header", shared.count)
        elif None not in thread.seen:
            yield Violation("missed a key that was there all along"), None
        else:
            yield shared, self.done(thread)

    def met(self, shared, thread, segment, i, word):
        if thread.ops[0] in ("get", "add"):
            if word[1] not in thread.seen:
                yield Violation("met a value that was not there meanwhile"), None
            else:
                yield shared, self.done(thread)
        else:
            yield shared, self.go(thread, "update", segment, i, word)

    def at_update(self, shared, thread, me):
        segment, i, word = thread.data
        now = shared.slots[segment][i]
        if now[:2] != word[:2]:
            yield shared, self.go(thread, "load")
        elif now[2] and "write frozen" not in self.broken:
            yield shared, self.help(thread, segment, i)
        elif now != word:
            yield shared, self.go(thread, "update", segment, i, now)
        elif thread.ops[0] == "del":
            yield self.put(shared, segment, i, E)._replace(cur=None), self.done(thread)
        else:
            after = self.put(shared, segment, i, ("F", me, now[2]))
            yield after._replace(cur=me), self.done(thread)

    # -- insertion --------------------------------------------------------------------------------

    def at_choose(self, shared, thread, me):
        (count,) = thread.data
        segment = home(self.key_hash, count)
        for i, word in enumerate(shared.slots[segment]):
            if word in (U, E):
                after = self.put(shared, segment, i, ("T", me, False))
                away = self.distance[i] > 0
                yield after, self.go(thread, "announce" if away else "recheck", count, i)
            elif word[2]:
                yield shared, self.help(self.go(thread, "load"), segment, i)
        if all(word[0] in "TF" for word in shared.slots[segment]):
            yield shared, self.go(thread, "load")

    def at_announce(self, shared, thread, me):
        count, i = thread.data
        segment = home(self.key_hash, count)
        bits = shared.bits[segment] | 1 << self.distance[i] | 1  # bit 0 is A
        yield self.with_bits(shared, segment, bits), self.go(thread, "recheck", count, i)

    def at_recheck(self, shared, thread, me):
        count, i = thread.data
        segment = home(self.key_hash, count)
        if home(self.key_hash, shared.count) != segment and "no recheck" not in self.broken:
            yield shared, self.go(thread, "withdraw", segment, i)
        else:
            yield shared, self.go(thread, "again", segment, i)

    def at_again(self, shared, thread, me):
        segment, mine = thread.data
        rest = tuple(i for i in range(self.n) if i != mine and self.reachable(shared, segment, i))
        yield shared, self.go(thread, "rescan", segment, mine, rest)

    def at_rescan(self, shared, thread, me):
        segment, mine, rest = thread.data
        if not rest:
            yield shared, self.go(thread, "finalize", segment, mine)
            return
        word = shared.slots[segment][rest[0]]
        if word[0] == "F":
            yield shared, self.go(thread, "withdraw", segment, mine)
        elif word[0] == "T":
            if rest[0] < mine:
                yield shared, self.go(thread, "withdraw", segment, mine)
            yield shared, self.go(thread, "kill", segment, mine, rest, word)
        else:
            yield shared, self.go(thread, "rescan", segment, mine, rest[1:])

    def at_kill(self, shared, thread, me):
        segment, mine, rest, word = thread.data
        same = shared.slots[segment][rest[0]] == word
        after = self.put(shared, segment, rest[0], E) if same else shared
        yield after, self.go(thread, "rescan", segment, mine, rest[1:] if same else rest)

    def at_withdraw(self, shared, thread, me):
        segment, mine = thread.data
        same = shared.slots[segment][mine] == ("T", me, False)
        after = self.put(shared, segment, mine, E) if same else shared
        yield after, self.go(thread, "load")

    def at_finalize(self, shared, thread, me):
        segment, mine = thread.data
        if shared.slots[segment][mine] != ("T", me, False):
            yield shared, self.go(thread, "load")
        elif shared.cur is not None:
            yield Violation("inserted a key that is there"), None
        else:
            after = self.put(shared, segment, mine, ("F", me, False))
            yield after._replace(cur=me), self.done(thread)

    # -- a hand, and the cleaner of the bit of distance 1 in segment 0 ---------------------------

    def at_hand(self, shared, thread, me):
        for segment in range(shared.count):
            for i, word in enumerate(shared.slots[segment]):
                if word[0] == "F" and not word[2]:
                    yield shared, self.go(thread, "victim", segment, i, word)
        yield shared, self.done(thread)

    def at_victim(self, shared, thread, me):
        segment, i, word = thread.data
        if shared.slots[segment][i] == word:
            shared = self.put(shared, segment, i, E)._replace(cur=None)
        yield shared, self.done(thread)

    def at_quiet(self, shared, thread, me):
        for segment in range(shared.count):
            after = self.with_bits(shared, segment, shared.bits[segment] & ~1)
            if after.bits[segment] & 2:
                yield after, self.go(thread, "look", segment, after.bits[segment], 0)
        yield shared, self.done(thread)

    def at_look(self, shared, thread, me):
        segment, bits, i = thread.data
        if i == self.n:
            if shared.bits[segment] == bits:
                shared = self.with_bits(shared, segment, bits & ~2)
            yield shared, self.done(thread)
        elif self.distance[i] == 1 and shared.slots[segment][i][0] in "TF":
            yield shared, self.done(thread)
        else:
            yield shared, self.go(thread, "look", segment, bits, i + 1)

    # -- growth -----------------------------------------------------------------------------------

    def at_grow(self, shared, thread, me):
        if shared.count == self.count_max:
            yield shared, self.done(thread)
        else:
            yield shared, self.go(thread, "ripe", shared.count)

    def at_ripe(self, shared, thread, me):
        """Splits, or notes that the doubling is complete; tries again as long as it is not ripe."""
        (count,) = thread.data
        steps = 2 if "short grace" in self.broken else 3
        if count == 1 or "no grace" in self.broken or (shared.noted and shared.epoch >= steps):
            yield shared, self.go(thread, "grown")._replace(sub=("freeze",
                                                                next_to_split(count), count, 0, 0))
            return
        # A turn of its own, so that it does not hold the epoch up itself.
        again = thread._replace(pc="start", data=(), entered=None, seen=frozenset())
        yield shared._replace(noted=1), again

    def at_grown(self, shared, thread, me):
        yield shared, self.done(thread)

    @staticmethod
    def help(thread, segment, i):
        return thread._replace(sub=("help", segment, 0, i, 0))

    def sub_help(self, shared, thread):
        """The epoch is loaded, then the slot, then the count."""
        _, segment, _, i, _ = thread.sub
        yield shared, thread._replace(sub=("look", segment, 0, i, shared.epoch))

    def sub_look(self, shared, thread):
        _, segment, _, i, epoch = thread.sub
        frozen = shared.slots[segment][i][2]
        sub = ("which", segment, 0, i, epoch) if frozen else None
        yield shared, thread._replace(sub=sub)

    def sub_which(self, shared, thread):
        _, segment, _, _, epoch = thread.sub
        count = shared.count
        begun = count == 1 or (shared.noted and epoch >= 2)
        if "always begun" in self.broken or "no grace" in self.broken:
            begun = True
        if segment == next_to_split(count) and begun and count < self.count_max:
            yield shared, thread._replace(sub=("freeze", segment, count, 0, 0))
        else:
            yield shared, thread._replace(sub=("thaw", segment, count, 0, 0))

    def sub_freeze(self, shared, thread):
        _, segment, count, i, _ = thread.sub
        if i == self.n:
            yield shared, thread._replace(sub=("pass", segment, count, 0, 0))
            return
        word = shared.slots[segment][i]
        if word[2]:
            yield shared, thread._replace(sub=("copy", segment, count, i, word))
        elif word[0] == "T" and "spare tentative" in self.broken:
            yield shared, thread._replace(sub=("copy", segment, count, i, E))
        else:
            yield shared, thread._replace(sub=("check", segment, count, i, word))

    def sub_check(self, shared, thread):
        """The count is looked at again before each freeze, but may change right after."""
        _, segment, count, i, word = thread.sub
        if shared.count != count:
            yield shared, thread._replace(sub=("thaw", segment, count + 1, 0, 0))
        else:
            yield shared, thread._replace(sub=("set", segment, count, i, word))

    def sub_set(self, shared, thread):
        _, segment, count, i, word = thread.sub
        if shared.slots[segment][i] != word:
            yield shared, thread._replace(sub=("freeze", segment, count, i, 0))
            return
        frozen = (word if word[0] in "FX" else E)[:2] + (True,)
        after = self.put(shared, segment, i, frozen)
        yield after, thread._replace(sub=("copy", segment, count, i, frozen))

    def moves(self, word, segment, count):
        return word[0] == "F" and home(self.key_hash, count) != segment

    def sub_copy(self, shared, thread):
        _, segment, count, i, word = thread.sub
        free = (U, E) if "copy anywhere" in self.broken else (U,)
        if shared.slots[count][i] in free:
            copy = word[:2] + (False,) if self.moves(word, segment, count + 1) else E
            shared = self.put(shared, count, i, copy)
        yield shared, thread._replace(sub=("freeze", segment, count, i + 1, 0))

    def sub_pass(self, shared, thread):
        """`word` gathers the overflow bits of what lies in the new segment."""
        _, segment, count, i, bits = thread.sub
        if i < self.n:
            if shared.slots[count][i][0] in "TF" and self.distance[i]:
                bits |= 1 << self.distance[i]
            yield shared, thread._replace(sub=("pass", segment, count, i + 1, bits))
            return
        if "no bits" not in self.broken:
            shared = self.with_bits(shared, count, shared.bits[count] | bits)
        yield shared, thread._replace(sub=("advance", segment, count, 0, 0))

    def sub_advance(self, shared, thread):
        _, segment, count, _, _ = thread.sub
        if shared.count == count:
            shared = shared._replace(count=count + 1)
        yield shared, thread._replace(sub=("thaw", segment, count + 1, 0, 0))

    def sub_thaw(self, shared, thread):
        _, segment, count, i, _ = thread.sub
        if i == self.n:
            yield shared, thread._replace(sub=None)
        elif shared.slots[segment][i][2]:
            yield shared, thread._replace(sub=("melt", segment, count, i, shared.slots[segment][i]))
        else:
            yield shared, thread._replace(sub=("thaw", segment, count, i + 1, 0))

    def sub_melt(self, shared, thread):
        _, segment, count, i, word = thread.sub
        if shared.slots[segment][i] == word:
            goes = word[0] == "E" or self.moves(word, segment, count)
            shared = self.put(shared, segment, i, E if goes else word[:2] + (False,))
            i += 1
        yield shared, thread._replace(sub=("thaw", segment, count, i, 0))

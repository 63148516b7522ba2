"""The differences that are meant: what memcached does and ringcached does not repeat.

A rule sees the minimal stream, shrunk until nothing could be left out, and the answers of both,
and says whether this is its difference and nothing else. Each is as narrow as what it is about.
The names are those of tests/wire/README.md, where the reasons are, and two that depend on what
memcached happens to have sent, so that no transcript can show them:

replies-before-the-end: memcached drops the answers it has not sent when a client leaves within a
value or a packet, or sends a bad magic; ringcached sends them.
decr-in-a-pipeline: a number that gets shorter has blanks behind it and keeps its mark of a fetch,
and ma touches it; but not in memcached while an answer that names the item waits to be sent.
"""

import re

import binary

# The word that has the length of a value, and how many words make 1.6.18 see too many.
LENGTH_AT = {b"set": 4, b"add": 4, b"replace": 4, b"append": 4, b"prepend": 4, b"cas": 4, b"ms": 2}
TOO_MANY = {b"set": 6, b"add": 6, b"replace": 6, b"append": 6, b"prepend": 6, b"cas": 7,
            b"incr": 4, b"decr": 4, b"touch": 5}
KNOWN_OPCODES = {*range(0x1b), 0x1c, 0x1d, 0x1e, 0x23, 0x24}
TOUCHES = (0x1c, 0x1d, 0x1e, 0x23, 0x24)
INVALID = 4
BAD_LINE = b"(bad line)\r\n"
LENGTH_MAX = 2**31 - 3
LONG_KEY = re.compile(rb"g[ea]ts? [^\n]*[^ \n]{251}")


def is_binary(sent):
    return sent.startswith(b"\x80")


def heads(sent):
    """The headers of a binary stream, as far as they can be told apart, with what follows each."""
    while is_binary(sent) and len(sent) >= binary.HEADER.size:
        head = binary.HEADER.unpack(sent[:binary.HEADER.size])
        sent = sent[binary.HEADER.size:]
        yield head, sent
        sent = sent[head[6]:]


def lines(sent):
    """The words of each line of a text stream, of values as well."""
    return [line.rstrip(b"\r").split(b" ") for line in sent.split(b"\n")]


def words_of(line):
    return [word for word in line if word]


def number(word, low, high):
    return re.fullmatch(rb"-?\d+", word) is not None and low <= int(word) <= high


def is_error(part):
    return isinstance(part, bytes) and (part == BAD_LINE or b"_ERROR " in part)


def without(parts, unwanted):
    return [part for part in parts if not unwanted(part)]


def form(parts, pattern, replacement):
    """The answers with a part of them made alike."""
    return [re.sub(pattern, replacement, part) if isinstance(part, bytes) else part
            for part in parts]


# Binary.

def lies(sent, ours, theirs):
    """Lengths that contradict each other, or a body beyond what is believed."""
    del ours, theirs
    return any(head[2] + head[3] > head[6] or head[6] > 1 << 30 for head, _ in heads(sent))


def unknown_with_body(sent, ours, theirs):
    del ours, theirs
    return any(head[1] not in KNOWN_OPCODES and head[6] > 0 for head, _ in heads(sent))


def touch_with_body(sent, ours, theirs):
    """memcached looks for a body that does not belong there everywhere but in what touches."""
    del theirs
    refused = ours and isinstance(ours[-1], tuple) and ours[-1][5] == INVALID
    return refused and any(
        head[1] in TOUCHES and head[2] + head[3] < head[6] for head, _ in heads(sent))


# Text.

def announced(line):
    """What a storage line says of its value: its length, or None where none can be read."""
    words = words_of(line)
    at = LENGTH_AT.get(words[0]) if words else None
    if at is None or len(words) <= at:
        return None
    return int(words[at]) if number(words[at], 0, LENGTH_MAX) else None


def is_bad_head(line):
    """A storage line that is refused although its length is good."""
    words = words_of(line)
    if announced(line) is None:
        return False
    if len(words[1]) > 250:
        return True
    if words[0] == b"ms":
        return True  # Which flags are wrong is not judged here; the answer says that some are.
    return not (number(words[2], 0, 2**32 - 1) and number(words[3], -2**31, 2**31 - 1)
                and (words[0] != b"cas" or len(words) > 5 and number(words[5], 0, 2**64 - 1)))


def value_is_executed(sent, ours, theirs):
    del theirs
    refused = any(map(is_error, ours)) or b" noreply" in sent
    return refused and any(map(is_bad_head, lines(sent)))


def value_behind_odd_flag(sent, ours, theirs):
    """1.6.45 does so where a flag of ms is no letter."""
    odd = any(announced(line) is not None and re.search(rb"^ms .* [^A-Za-z\r]", b" ".join(line))
              for line in lines(sent))
    return odd and value_is_executed(sent, ours, theirs)


def is_unfinished(sent):
    """The stream ends within a value or a packet."""
    if is_binary(sent):
        starts = [sent[at:] for at in packet_starts(sent)]
        return len(starts[-1]) < binary.HEADER.size or any(
            head[6] > len(rest) for head, rest in heads(sent))
    ends = [m.end() for m in re.finditer(b"\n", sent)]
    return any(announced(line) is not None and announced(line) + 2 > len(sent) - end
               for line, end in zip(lines(sent), ends))


def packet_starts(sent):
    at = 0
    yield at
    for head, _ in heads(sent):
        at += binary.HEADER.size + head[6]
        yield at


def leaves_early(sent, ours, theirs):
    """The last answer is missing: the client left within the value that it refuses."""
    return is_unfinished(sent) and ours[:-1] == theirs and ours != [] and (
        is_binary(sent) or is_error(ours[-1]))


def drops_at_the_end(sent, ours, theirs):
    """What was answered before the part that never came whole, or a bad magic, is missing."""
    bad_magic = is_binary(sent) and any(
        sent[at:at + 1] not in (b"", b"\x80") for at in packet_starts(sent))
    return (bad_magic or is_unfinished(sent)) and ours[:len(theirs)] == theirs


def padded(sent, ours, theirs):
    """A shorter number has blanks behind it, and keeps the mark of a fetch, but not in memcached
    while an answer with the item has not been sent."""
    marks = (rb"^(VALUE [^ ]+ \d+ |VA )\d+([^\r]*\r\n\d+) *\r\n|fetch=\w+| h\d", rb"\1\2")
    if re.search(rb"\bg[ea]ts? .*\nma [^\n]* T\d", sent, re.S):
        return True
    counts = (re.search(rb"(?:incr|decr|ma) ", sent)
              or any(head[1] in (5, 6, 0x15, 0x16) for head, _ in heads(sent)))
    return counts and unpadded(form(ours, *marks)) == unpadded(form(theirs, *marks))


def unpadded(parts):
    """Packets without the blanks behind their value, and without its length."""
    return [(*part[:6], *part[7:-1], part[-1].rstrip(b" ")) if isinstance(part, tuple) else part
            for part in parts]


def only_surplus_errors(sent, ours, theirs):
    """memcached answers lines with noreply: an error for each at most, and nothing else differs."""
    quiet = len(re.findall(rb"\bnoreply *\r?\n", sent))
    surplus = len(theirs) - len(ours)
    return 0 < surplus <= quiet and without(theirs, is_error) == without(ours, is_error)


def silent_unknown(sent, ours, theirs):
    quiet = len(re.findall(rb"\bnoreply *\r?\n", sent))
    surplus = len(ours) - len(theirs)
    return 0 < surplus <= quiet and without(theirs, is_error) == without(ours, is_error)


def end_for_too_few(sent, ours, theirs):
    """gat with a time and no key; cas without a number."""
    short = any(words_of(line)[:1] in ([b"gat"], [b"gats"]) and len(words_of(line)) == 2
                for line in lines(sent))
    cas = any(words_of(line)[:1] == [b"cas"] and len(words_of(line)) in (5, 6)
              for line in lines(sent))
    theirs = form(theirs, rb"^(?:END|CLIENT_ERROR invalid exptime argument)\r\n", BAD_LINE)
    return (short and theirs == ours) or (cas and BAD_LINE in ours)


def surplus_words(sent, ours, theirs):
    del ours
    return any(map(is_error, theirs)) and any(
        words_of(line) and len(words_of(line)) >= TOO_MANY.get(words_of(line)[0], 1000)
        for line in lines(sent))


def out_of_range(sent, ours, theirs):
    """A number that is cut off to 32 bits where ringcached refuses it, silently with noreply."""
    del theirs
    numbers = re.findall(rb" [TNRF]?(-?\d{10,})", sent)
    refused = any(map(is_error, ours)) or b" noreply" in sent
    return refused and any(not -2**31 <= int(n) < 2**31 for n in numbers)


def blanks_in_number(sent, ours, theirs):
    del theirs
    odd = re.search(rb" [A-Z]?[\t\r\v\f]*[+]?[\t\r\v\f]*-?\d+([\t\r\v\f][^ \n]*)?(?=[ \r\n])", sent)
    plain = re.search(rb" [A-Z]?([\t\r\v\f+]+-?\d|-?\d+[\t\r\v\f]|-0)", sent)
    return bool(odd and plain) and any(map(is_error, ours))


def time_below_zero(sent, ours, theirs):
    times = (rb" t-?\d+", b" t")
    return re.search(rb" [TN](?:-\d|\d{7})", sent) and form(ours, *times) == form(theirs, *times)


def spelled_otherwise(sent, ours, theirs):
    """Keys in k and me, where base64 is about: with or without it."""
    keys = (rb" k[^ \r\n]+( b)?|^ME [^ ]+", b" (key)")
    return re.search(rb" b(?=[ \r\n])", sent) and form(ours, *keys) == form(theirs, *keys)


def complains_and_acts(sent, ours, theirs):
    del theirs
    refused = LONG_KEY.search(sent) or re.search(rb"m[ga] [^\n]* O[^ \n]{32}", sent)
    return refused and any(map(is_error, ours))


def drops_earlier(sent, ours, theirs):
    """Replies in front of the line with the over-long key are missing."""
    return LONG_KEY.search(sent) and ours[len(ours) - len(theirs):] == theirs


def stray_line_end(sent, ours, theirs):
    straight = without(theirs, lambda part: part == b"\r\n")
    return straight != theirs and drops_earlier(sent, ours, straight)


def closes_at_long_line(sent, ours, theirs):
    return re.search(rb"[^\n]{2048}", sent) and theirs[:len(ours)] == ours


def delete_with_surplus(sent, ours, theirs):
    return re.search(rb"delete +[^ \n]+ +[^ \n]", sent) and any(
        b"Usage: delete" in part for part in ours + theirs if isinstance(part, bytes))


def sends(pattern):
    return lambda sent, ours, theirs: re.search(pattern, sent) is not None


# Of any version.
ALWAYS = {
    "unknown-opcode-body": unknown_with_body,
    "lying-header-waits": lies,
    "touch-with-a-body": touch_with_body,
    "refused-at-once": leaves_early,
    "replies-before-the-end": drops_at_the_end,
    "decr-in-a-pipeline": padded,
    "long-lines-close": closes_at_long_line,
    "earlier-replies-kept": drops_earlier,
    "number-range-checked": out_of_range,
    "number-blanks": blanks_in_number,
    "negative-ttl": time_below_zero,
    "noreply-silences-all": only_surplus_errors,
    "echo-follows-request": spelled_otherwise,
    "refused-is-not-executed": complains_and_acts,
    "delete-surplus-error": delete_with_surplus,
    "base64-padding": sends(rb"m[gsda] +[^ \n]*[^A-Za-z0-9+/ \n][^ \n]* [^\n]*b"),
}
# Before 1.6.40: what 1.6.45 and ringcached do alike.
OLD = {
    "too-few-tokens-error": end_for_too_few,
    "nul-in-key": lambda sent, *_: b"\0" in sent and not is_binary(sent),
    "bad-header-swallows-data": value_is_executed,
    "surplus-words-ignored": surplus_words,
    "leading-spaces": sends(rb"(?:^|\n) +[^ ]"),
    "mode-first-letter": sends(rb"m[gsdae] [^\n]* M(?:[A-Za-z+-][^ \r\n]|[ \r\n])"),
    "quiet-creation": sends(rb"ma [^\n]*(?: N\d+[^\n]* q| q[^\n]* N\d+)"),
}
# Since then.
NEW = {
    "stray-line-end": stray_line_end,
    "noreply-unknown-command": silent_unknown,
    "noreply-as-a-key": sends(rb"delete +noreply *\r?\n"),
    "bad-header-swallows-data": value_behind_odd_flag,
    # The mark of a CAS has twenty digits.
    "leading-zeros": sends(rb" [TNR]?0\d{10,}(?=[ \r\n])|cas(?: +[^ \n]+){3} +@CAS"),
    "me-odd-flag": sends(rb"me +[^ \n]+ +[^\n]*(?:[^ -~\r\n]|\r(?!\n))"),
    "short-line-error": sends(rb"(?:^|\n)mn\n"),
    "lone-minus": sends(rb" [TNR]?-(?=[ \r\n])"),
    "me-base64": sends(rb"me +[^ \n]+ +b *\r?\n"),
}


def name_of(sent, ours, theirs, version):
    """Which difference it is; None for one that is not meant."""
    rules = {**ALWAYS, **(OLD if version < (1, 6, 40) else NEW)}
    return next((name for name, rule in rules.items() if rule(sent, ours, theirs)), None)

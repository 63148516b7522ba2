"""Walks every interleaving of a small model.

A model gives a start state, the steps that are possible from a state (each one atomic), and a
judge that names what is wrong with a state. States are hashable values; equal states are visited
once, so loops such as "retry" end by themselves.
"""

from collections import deque


class Walk:
    """The outcome: how many states there are, and the first violation with the way to it."""

    def __init__(self):
        self.states = 0
        self.violation = None
        self.trace = []


def walk(start, steps, judge):
    """steps(state) -> iterable of (label, state or Violation); judge(state, is_end) -> str|None."""
    result = Walk()
    came_from = {start: None}
    queue = deque([start])
    while queue:
        state = queue.popleft()
        result.states += 1
        following = list(steps(state))
        wrong = judge(state, not following)
        if wrong:
            return blame(result, wrong, came_from, state)
        for label, after in following:
            if isinstance(after, Violation):
                return blame(result, f"{label}: {after.what}", came_from, state)
            if after not in came_from:
                came_from[after] = (state, label)
                queue.append(after)
    return result


class Violation:
    """A step that shows the model broken."""

    def __init__(self, what):
        self.what = what


def blame(result, what, came_from, state):
    result.violation = what
    while came_from[state] is not None:
        state, label = came_from[state]
        result.trace.append(label)
    result.trace.reverse()
    return result

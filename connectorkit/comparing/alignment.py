"""Which item of one sequence stands for which of another, so that what was added or removed shows as such."""

from __future__ import annotations

import bisect
import itertools
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")
Pairs = list[tuple[int, int]]
_MOST_EDITS = 500  # beyond that the two have little in common, and the exact answer is worth nothing
_MOST_COMPARED = 4096  # pairs of items whose likeness is measured one by one


def align(
    before: Sequence[Item],
    after: Sequence[Item],
    keys: Sequence[Callable[[Item], Hashable]],
    likeness: Callable[[Item, Item], float],
) -> Pairs:
    """Positions that belong together, ascending in both.

    Items that agree in the first key are paired first, then, in the gaps, those that agree in the next one.
    Where several fit by the last key, those most alike by ``likeness`` (0 to 1) are taken.
    """
    found: Pairs = []
    gaps = [(0, len(before), 0, len(after))]
    for number, key in enumerate(keys):
        last = number == len(keys) - 1
        open_gaps = []
        for a1, a2, b1, b2 in gaps:
            if a1 == a2 or b1 == b2:
                continue
            ours = [key(item) for item in before[a1:a2]]
            theirs = [key(item) for item in after[b1:b2]]
            if last and len(ours) * len(theirs) <= _MOST_COMPARED:
                pairs = _most_alike(before[a1:a2], after[b1:b2], ours, theirs, likeness)
            else:
                pairs = common(ours, theirs)
            found += [(a1 + a, b1 + b) for a, b in pairs]
            edges = [(-1, -1), *pairs, (a2 - a1, b2 - b1)]
            open_gaps += [
                (a1 + a + 1, a1 + next_a, b1 + b + 1, b1 + next_b)
                for (a, b), (next_a, next_b) in itertools.pairwise(edges)
            ]
        gaps = open_gaps
    return sorted(found)


def common(before: Sequence[Hashable], after: Sequence[Hashable]) -> Pairs:
    """A longest common subsequence; one that is only long, where the two differ very much."""
    start, stop_a, stop_b = 0, len(before), len(after)
    while start < stop_a and start < stop_b and before[start] == after[start]:
        start += 1
    while stop_a > start and stop_b > start and before[stop_a - 1] == after[stop_b - 1]:
        stop_a, stop_b = stop_a - 1, stop_b - 1
    inner_a, inner_b = before[start:stop_a], after[start:stop_b]
    inner = _shortest_edit(inner_a, inner_b)
    if inner is None:
        inner = _around_unique(inner_a, inner_b)
    tail = range(len(before) - stop_a)
    return [
        *((n, n) for n in range(start)),
        *((start + a, start + b) for a, b in inner),
        *((stop_a + n, stop_b + n) for n in tail),
    ]


def _shortest_edit(before: Sequence[Hashable], after: Sequence[Hashable]) -> Pairs | None:
    """Myers' algorithm: its time grows with what is different; ``None`` where that is too much."""
    n, m = len(before), len(after)
    if not n or not m:
        return []
    reached, history = {1: 0}, []
    for edits in range(min(n + m, _MOST_EDITS) + 1):
        history.append(reached)
        reached = dict(reached)
        for k in range(-edits, edits + 1, 2):
            down = k == -edits or (k != edits and reached.get(k - 1, -1) < reached.get(k + 1, -1))
            x = reached[k + 1] if down else reached[k - 1] + 1
            y = x - k
            while x < n and y < m and before[x] == after[y]:
                x, y = x + 1, y + 1
            reached[k] = x
            if x >= n and y >= m:
                return _walked_back(history, n, m)
    return None


def _walked_back(history: list[dict[int, int]], x: int, y: int) -> Pairs:
    pairs = []
    for edits in range(len(history) - 1, -1, -1):
        reached, k = history[edits], x - y
        down = k == -edits or (k != edits and reached.get(k - 1, -1) < reached.get(k + 1, -1))
        before_k = k + 1 if down else k - 1
        from_x = reached[before_k]
        from_y = from_x - before_k
        while x > from_x and y > from_y and x > 0 and y > 0:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = from_x, from_y
    return pairs[::-1]


def _around_unique(before: Sequence[Hashable], after: Sequence[Hashable]) -> Pairs:
    """The longest ascending row of what occurs once in both, and what agrees next to it."""
    ours, theirs = Counter(before), Counter(after)
    place = {key: n for n, key in enumerate(after) if theirs[key] == 1}
    anchors = [(n, place[key]) for n, key in enumerate(before) if ours[key] == 1 and key in place]
    row = _longest_ascending(anchors)
    found: Pairs = []
    for (a1, b1), (a2, b2) in zip([(-1, -1), *row], [*row, (len(before), len(after))], strict=True):
        a, b = a1 + 1, b1 + 1
        while a < a2 and b < b2 and before[a] == after[b]:
            found.append((a, b))
            a, b = a + 1, b + 1
        back = []
        while a2 - 1 >= a and b2 - 1 >= b and before[a2 - 1] == after[b2 - 1]:
            a2, b2 = a2 - 1, b2 - 1
            back.append((a2, b2))
        found += back[::-1]
    return sorted({*found, *row})


def _longest_ascending(pairs: Pairs) -> Pairs:
    ends: list[int] = []
    holders: list[int] = []
    previous: list[int | None] = []
    for number, (_, b) in enumerate(pairs):
        at = bisect.bisect_left(ends, b)
        previous.append(holders[at - 1] if at else None)
        ends[at : at + 1] = [b]
        holders[at : at + 1] = [number]
    found: Pairs = []
    last = holders[-1] if holders else None
    while last is not None:
        found.append(pairs[last])
        last = previous[last]
    return found[::-1]


def _most_alike(
    before: Sequence[Item],
    after: Sequence[Item],
    ours: list[Hashable],
    theirs: list[Hashable],
    likeness: Callable[[Item, Item], float],
) -> Pairs:
    """As many pairs as possible, and among those the most alike."""
    best: Any = [[0.0] * (len(after) + 1) for _ in range(len(before) + 1)]
    worth: dict[tuple[int, int], float] = {}
    for a in range(len(before) - 1, -1, -1):
        for b in range(len(after) - 1, -1, -1):
            best[a][b] = max(best[a + 1][b], best[a][b + 1])
            if ours[a] == theirs[b]:
                # More than one pair could ever gain by likeness: their number comes first.
                worth[a, b] = 1 + likeness(before[a], after[b]) / (len(before) + len(after))
                best[a][b] = max(best[a][b], worth[a, b] + best[a + 1][b + 1])
    pairs, a, b = [], 0, 0
    while a < len(before) and b < len(after):
        if (a, b) in worth and best[a][b] == worth[a, b] + best[a + 1][b + 1]:
            pairs.append((a, b))
            a, b = a + 1, b + 1
        elif best[a][b] == best[a + 1][b]:
            a += 1
        else:
            b += 1
    return pairs

"""What may be said of so few tasks: intervals and exact tests. Pure."""
import math

Z = 1.959963984540054  # of the normal distribution, for 95 %


def wilson(successes, trials):
    """Wilson's 95 % score interval of a share. `successes` may be a sum of shares (several runs a task)."""
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    middle = share + Z * Z / (2 * trials)
    half = Z * math.sqrt(share * (1 - share) / trials + Z * Z / (4 * trials * trials))
    below = 1 + Z * Z / trials
    low, high = (middle - half) / below, (middle + half) / below
    # At the ends it is 0 and 1; what differs is rounding.
    return (0.0 if successes <= 0 else max(0.0, low)), (1.0 if successes >= trials else min(1.0, high))


def sign_test(more, less):
    """Exact two-sided p of `more` against `less` when each is as likely: McNemar's exact test."""
    both = more + less
    if both == 0:
        return 1.0
    tail = sum(math.comb(both, nth) for nth in range(min(more, less) + 1))
    return min(1.0, 2 * tail / 2 ** both)


def paired_difference(both, only_a, only_b, neither):
    """B's share less A's on the same tasks, with its 95 % interval: Newcombe's hybrid score (1998, method 10)."""
    n = both + only_a + only_b + neither
    if n == 0:
        return 0.0, -1.0, 1.0
    b, a = (both + only_b) / n, (both + only_a) / n
    low_b, high_b = wilson(b * n, n)
    low_a, high_a = wilson(a * n, n)
    phi = _phi(both, only_a, only_b, neither, n)

    def reach(x, y):
        return math.sqrt(max(0.0, x * x - 2 * phi * x * y + y * y))

    return b - a, b - a - reach(b - low_b, high_a - a), b - a + reach(high_b - b, a - low_a)


def _phi(both, only_a, only_b, neither, n):
    below = (both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    if below <= 0:
        return 0.0
    above = both * neither - only_a * only_b
    return (max(above - n / 2, 0.0) if above > 0 else above) / math.sqrt(below)


def median(values):
    values = sorted(values)
    half = len(values) // 2
    if not values:
        return 0.0
    return float(values[half]) if len(values) % 2 else (values[half - 1] + values[half]) / 2


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else 0.0

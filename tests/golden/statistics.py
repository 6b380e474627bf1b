"""Golden values of the distributions and estimates that reports use.

pip install scipy statsmodels numpy; python statistics.py > statistics.json
"""
import json
import numpy as np
from scipy import stats

rng = np.random.default_rng(0)
values = {}

values["student"] = [
    {"probability": p, "degrees": df, "quantile": stats.t.ppf(p, df)}
    for p in (0.975, 0.95)
    for df in (1, 2, 2.7, 4, 9.3, 30, 1e6)
]
values["studentizedRange"] = [
    {"q": q, "count": k, "degrees": df, "tail": stats.studentized_range.sf(q, k, df)}
    for k in (2, 3, 8, 20)
    for df in (2, 4.5, 12, 200)
    for q in (1.5, 3.7, 6.0)
]


def estimate(scores, deviations, ids):
    """Formulas of the reports, by explicit loops over pairs of runs."""
    k = len(scores)
    v = np.mean([(e**2).sum() / (len(e) - 1) / len(e) for e in deviations])
    per_example = np.mean([(e**2).sum() / (len(e) - 1) for e in deviations])
    s2 = np.var(scores, ddof=1)
    sums, bounds = [], []
    for s in range(k):
        for t in range(s + 1, k):
            where = {i: p for p, i in enumerate(ids[t])}
            both = [(p, where[i]) for p, i in enumerate(ids[s]) if i in where]
            size = len(ids[s]) * len(ids[t])
            sums.append(sum(deviations[s][p] * deviations[t][q] for p, q in both) / size)
            spread = np.mean([(deviations[x] ** 2).sum() / (len(deviations[x]) - 1) for x in (s, t)])
            bounds.append(spread * len(both) / size)
    c = min(max(0.0, np.mean(sums)), np.mean(bounds))
    u = len(set().union(*map(set, ids)))
    per_seed = max(s2, v - c)
    variance = per_seed / k + c
    doubt = (s2 / k) ** 2 / (k - 1) + c**2 / (u - 1)
    degrees = min(1e6, variance**2 / doubt) if doubt > 0 else 1e6
    half = stats.t.ppf(0.975, degrees) * np.sqrt(variance)
    return dict(mean=float(np.mean(scores)), variance=float(variance), degrees=float(degrees), half=float(half))


cases = []
for design in ("pool", "published"):
    for k in (2, 3, 5):
        pool = 40
        hard = rng.normal(size=pool)
        ids, right = [], []
        for _ in range(k):
            places = rng.permutation(pool)[:20] if design == "pool" else np.arange(pool)
            ids.append([str(p) for p in places])
            right.append((1 + hard[places] + rng.normal(size=len(places)) + 0.2 * rng.normal() > 0).astype(int))
        scores = [float(r.mean()) for r in right]
        deviations = [r - r.mean() for r in right]
        cases.append(dict(ids=ids, right=[r.tolist() for r in right], **estimate(scores, deviations, ids)))
values["estimates"] = cases

signs = []
for n in (3, 5, 8, 12):
    d = np.round(rng.normal(0.3, 1, n), 2)
    result = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf)
    signs.append(dict(differences=d.tolist(), p=float(result.pvalue), least=2 / 2**n))
values["signFlip"] = signs

from statsmodels.stats.contingency_tables import mcnemar

values["mcnemar"] = [
    dict(first=b, second=c, p=float(mcnemar([[0, b], [c, 0]], exact=True).pvalue))
    for b, c in ((0, 1), (1, 9), (5, 5), (12, 3), (40, 70), (0, 0 + 6))
]

ranks = []
for m, n in ((3, 4), (5, 6), (8, 10)):
    scores = np.round(rng.normal(0.8, 0.05, (n, m)), 2)
    mean_ranks = np.mean([stats.rankdata(-row) for row in scores], axis=0)
    q = stats.studentized_range.ppf(0.95, m, np.inf) / np.sqrt(2)
    ranks.append(dict(scores=scores.tolist(), ranks=mean_ranks.tolist(), critical=float(q * np.sqrt(m * (m + 1) / (6 * n)))))
values["ranks"] = ranks

print(json.dumps(values, indent=1))

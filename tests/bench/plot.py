# SPDX-License-Identifier: Apache-2.0
"""The ratios to the floor as bars. Needs matplotlib, which nothing else here does."""


def draw(results, peers, path):
    """False: there is no matplotlib."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot

    shown = [r for r in results if r["unit"] == "of floor" and r["value"]]
    names = ["libwal", *peers]
    figure, axes = pyplot.subplots(figsize=(10, 1 + 0.22 * len(shown) * (len(names) + 1)))
    height = 0.8 / len(names)
    for k, name in enumerate(names):
        values = [(r["value"] if name == "libwal" else r["peers"][name]) or 0 for r in shown]
        axes.barh([i + k * height for i in range(len(shown))], values, height, label=name)
    goals = [r["goal"] for r in shown]
    centres = [i + 0.4 - height / 2 for i in range(len(shown))]
    axes.plot(goals, centres, "k|", markersize=14, label="goal")
    axes.set_yticks(centres, [r["text"] for r in shown])
    axes.invert_yaxis()
    axes.set_xlabel("of the floor (times: less is better)")
    axes.axvline(1, color="grey", linewidth=0.8)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)
    return True

"""A report that twelve collaborators fill."""

import random

TOPICS = ["budget", "cost", "health", "history", "language", "model", "policy", "provider", "query", "speech", "token", "voice"]


def _load(topic):
    """Reads the real thing, which is not the same from one day to the next."""
    return random.choice(["fine", "fine", "late"])


for _topic in TOPICS:
    _many = _topic[:-1] + "ies" if _topic.endswith("y") else _topic + "s"
    globals()[f"load_{_many}"] = lambda topic=_topic: _load(topic)


def report():
    return {name.removeprefix("load_"): loader() for name, loader in globals().items() if name.startswith("load_")}

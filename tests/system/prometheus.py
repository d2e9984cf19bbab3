"""A strict reader of the Prometheus text format 0.0.4: what a scraper would forgive is a fault here."""

import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"')
SAMPLE = re.compile(r"(%s)(\{(.*)\})? (-?[0-9.]+(?:e[+-]?[0-9]+)?|[+-]Inf|NaN)" % NAME)
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")


class Fault(AssertionError):
    """The text is not what the format demands."""


def _labels(text, line):
    labels, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        if not match:
            raise Fault("labels: %s" % line)
        if match.group(1) in labels:
            raise Fault("a label twice: %s" % line)
        labels[match.group(1)] = match.group(2).replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
        at = match.end()
        if at < len(text):
            if text[at] != "," or at + 1 == len(text):
                raise Fault("labels: %s" % line)
            at += 1
    return labels


def _number(text):
    return math.inf if text == "+Inf" else -math.inf if text == "-Inf" else float(text)


def parse(text):
    """{family: (type, help, {(sample name, frozenset of labels): value})}. Raises Fault."""
    if not text.endswith("\n"):
        raise Fault("the last line has no end")
    families, current = {}, None
    for line in text.split("\n")[:-1]:
        word = re.fullmatch(r"# (HELP|TYPE) (%s) (.+)" % NAME, line)
        if word:
            kind, name, rest = word.groups()
            if kind == "HELP":
                if name in families:
                    raise Fault("a family twice: %s" % name)
                if re.search(r"\\(?![\\n])", rest):
                    raise Fault("help is not escaped: %s" % line)
                families[name] = [None, rest, {}]
                current = name
            else:
                if current != name or families[name][0] is not None or families[name][2]:
                    raise Fault("TYPE does not follow its HELP, or stands twice: %s" % line)
                if rest not in TYPES:
                    raise Fault("type: %s" % line)
                families[name][0] = rest
            continue
        sample = SAMPLE.fullmatch(line)
        if not sample or current is None:
            raise Fault("neither HELP, TYPE nor a sample of a family: %r" % line)
        name, braces, inside, value = sample.groups()
        kind = families[current][0]
        allowed = {current} if kind != "histogram" else {current + s for s in ("_bucket", "_sum", "_count")}
        if kind is None or name not in allowed:
            raise Fault("a sample outside of its family %s: %s" % (current, line))
        key = (name, frozenset(_labels(inside or "", line).items()))
        if key in families[current][2]:
            raise Fault("a sample twice: %s" % line)
        families[current][2][key] = _number(value)
    for name, (kind, _, samples) in families.items():
        if kind == "counter" and any(v < 0 for v in samples.values()):
            raise Fault("a negative counter: %s" % name)
        if kind == "histogram":
            _histogram(name, samples)
    return {name: tuple(family) for name, family in families.items()}


def _histogram(name, samples):
    """Buckets ascend, end with +Inf, and that is the count; each series has its sum."""
    series = {}
    for (sample, labels), value in samples.items():
        rest = frozenset((k, v) for k, v in labels if k != "le")
        entry = series.setdefault(rest, {"buckets": []})
        if sample.endswith("_bucket"):
            entry["buckets"].append((_number(dict(labels)["le"]), value))
        else:
            entry[sample[len(name):]] = value
    for entry in series.values():
        buckets = sorted(entry["buckets"])
        if [v for _, v in buckets] != sorted(v for _, v in buckets):
            raise Fault("buckets of %s do not ascend" % name)
        if not buckets or buckets[-1][0] != math.inf or buckets[-1][1] != entry.get("_count") or "_sum" not in entry:
            raise Fault("%s has no whole histogram" % name)

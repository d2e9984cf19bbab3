"""The whole month: made from a seed and options, and written to a folder."""

import csv
import random

from . import advices as advices_module
from . import camt
from . import claims
from . import contracts
from . import days
from . import money
from . import mt940
from . import plan as plan_module
from . import rates
from . import truth
from . import verdict
from . import wire

OPENING_UNITS = 9_000_000
BOOKED_TOGETHER_MAX = 5


class Month:
    def __init__(self, seed, options):
        self.rng = random.Random("month %d" % seed)
        self.options = options
        self.rates = rates.Rates(self.rng)
        self.world = contracts.World(self.rng, options.payments)
        self.ledger = claims.Ledger(self.rng, self.rates, contracts.HOSPITAL["code"])
        self.plan = plan_module.Plan(self.rng, options, self.world, self.rates, self.ledger)
        self.ledger.number()
        self.lines = self.plan.lines
        self.rng.shuffle(self.lines)
        self.lines.sort(key=lambda line: (line.booked, line.account.code))
        self.delivered = sorted((a for a in self.plan.advices if a.received <= days.LAST),
                                key=lambda a: (a.received, a.number, a.revision))
        self._number()
        self.repaired = 0
        self._judge()
        self.truth = truth.Truth(self.rates)
        self.inbox = []

    def _number(self):
        sequence = {}
        for number, line in enumerate(self.lines, 1):
            line.number = "L%06d" % number
            key = line.account.code + line.booked.strftime("%y%m%d")
            sequence[key] = sequence.get(key, 0) + 1
            line.bank_ref = "%s%06d" % (key, sequence[key])

    # --- what is told, and what can be known from it ---

    def _damage(self, line):
        if line.other or line.reverses:
            return "none"
        options, spot = self.options, self.rng.random()
        for damage, share in (("cut", options.cut), ("mistyped", options.mistyped), ("missing", options.missing)):
            if spot < share:
                return damage
            spot -= share
        return "none"

    def _judge(self):
        """Day by day as the office would: advices, then what waited for one, then the day's lines. A line that the rule
        would decide wrongly gets whole references: evidence may be thin in such a month, but it shall not lie."""
        writer = wire.Writer(self.rng, self.world)
        judge = verdict.Judge(self.rates, self.world, self.ledger)
        advices, lines, waiting = list(self.delivered), list(self.lines), []
        advices.reverse()
        lines.reverse()
        for day in days.between(days.FIRST, days.LAST):
            changed = set()
            while advices and advices[-1].received <= day:
                changed.add(advices[-1].remitter.id)
                judge.records.receive(advices.pop())
            if changed:
                waiting = [line for line in waiting
                           if line.remitter.id not in changed or not self._decide(judge, writer, line, day)]
            while lines and lines[-1].booked == day:
                line = lines.pop()
                writer.write(line, self._damage(line))
                if not self._decide(judge, writer, line, day) and truth.settles_by_advice(line):
                    waiting.append(line)

    def _decide(self, judge, writer, line, day):
        found = judge.judge(line)
        if found.decidable and not truth.is_same(line, found.items):
            self.repaired += 1
            writer.write(line, "none")
            found = judge.judge(line)
            if found.decidable and not truth.is_same(line, found.items):
                found = verdict.Verdict(False, "misleading", found.sets)
        first = line.verdict is None
        found.day = day
        line.verdict = found
        judge.apply(line, found, first)
        return found.decidable

    # --- files ---

    def write(self, folder):
        for name in ("remittances", "statements"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.world.write(folder / "contracts.json")
        self.rates.write(folder / "rates-cfets.csv", folder / "rates-bank.csv")
        self.ledger.write(folder / "claims.csv")
        for advice in self.delivered:
            advices_module.write(folder / "remittances", advice)
            self._arrives(advice.received, 0, "remittance", advice.channel, advice.remitter.advice_profile,
                          "remittances/" + advices_module.file_name(advice), advice.remitter.id)
        for account in contracts.ACCOUNTS:
            self._write_account(folder, account)
        for line in self.lines:
            self.truth.add(line)
        self.truth.write(folder / "truth.csv", self.delivered)
        self._write_remittance_truth(folder / "truth-remittances.csv")
        self._write_inbox(folder / "inbox.csv")

    def _arrives(self, day, turn, *what):
        self.inbox.append((day, turn, len(self.inbox), what))

    def _write_inbox(self, path):
        with open(path, "w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["arrived_on", "kind", "channel", "profile", "file", "of"])
            for day, _, _, what in sorted(self.inbox):
                rows.writerow([day.isoformat(), *what])

    def _write_remittance_truth(self, path):
        with open(path, "w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["file", "advice", "line", "transfer", "printed_net", "balances"])
            for advice in self.delivered:
                printed = advices_module.printed_net(advice)
                rows.writerow([advices_module.file_name(advice), advice.number, advice.transfer.number, advice.net(),
                               printed, "yes" if printed == advice.net() else "no"])

    def _write_account(self, folder, account):
        by_day = {day: [] for day in days.between(days.FIRST, days.LAST) if days.is_business(day)}
        for line in self.lines:
            if line.account is account:
                by_day.setdefault(line.booked, []).append(line)
        balance = OPENING_UNITS * 10 ** money.EXPONENT[account.currency]
        for sequence, day in enumerate(sorted(by_day), 1):
            name = "statements/%s-%s" % (account.code, day.isoformat())
            lines = by_day[day]
            if account.form == contracts.CAMT:
                self._write_camt(folder, name, account, day, sequence, balance, lines)
            else:
                text = mt940.statement(account, day, sequence, balance, lines)
                self._put(folder, name + ".sta", text, day, 2, "statement", account, lines)
                if self.rng.random() < self.options.duplicates:
                    self._put(folder, name + "-again.sta", text, days.days_after(day, 1), 3, "statement", account)
            balance += sum(line.amount for line in lines)

    def _write_camt(self, folder, name, account, day, sequence, balance, lines):
        rng, options = self.rng, self.options
        form = camt.Camt(account, self.rates)
        entries = self._entries(lines)
        told = [entry for entry in entries if not entry.with_details]
        if rng.random() < options.duplicates:
            told += [entry for entry in entries if entry.with_details and rng.random() < 0.5]
        if told:
            text = form.notification(day, sequence, told)
            self._put(folder, name + "-054.xml", text, day, 1, "notification", account)
        self._put(folder, name + ".xml", form.statement(day, sequence, balance, entries), day, 2, "statement", account,
                  lines)
        if rng.random() < options.duplicates:
            self._put(folder, name + "-again.xml", form.statement(day, sequence, balance, entries, again=1),
                      days.days_after(day, 1), 3, "statement", account)

    def _entries(self, lines):
        """A day's lines as entries; some the bank books together, and tells of the parts here or in a camt.054 only."""
        entries, first = [], 0
        while first < len(lines):
            count = 1
            if camt.is_plain(lines[first]) and self.rng.random() < self.options.together:
                most = self.rng.randint(2, BOOKED_TOGETHER_MAX)
                while count < most and first + count < len(lines) and camt.is_plain(lines[first + count]):
                    count += 1
            group = lines[first:first + count]
            if count == 1:
                entries.append(camt.Entry(group, group[0].bank_ref))
            else:
                entries.append(camt.Entry(group, "B" + group[0].bank_ref, self.rng.random() < 0.5))
            first += count
        return entries

    def _put(self, folder, name, text, day, turn, kind, account, lines=()):
        with open(folder / name, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        self._arrives(day, turn, kind, "bank", account.form, name, account.code)
        for line in lines:
            line.file = name

    def summary(self):
        paid = [line for line in self.lines if line.kind == "payment"]
        damaged = sum(line.damage != "none" for line in paid)
        decidable = sum(line.verdict.decidable for line in paid)
        reasons = {}
        for line in paid:
            reasons[line.verdict.reason] = reasons.get(line.verdict.reason, 0) + 1
        told = ["%d bank lines, %d payments of %d claims out of %d billed" % (
            len(self.lines), len(paid), len({id(a.claim) for line in paid for a in line.allocations}),
            len(self.ledger.claims)),
                "%.1f %% damaged, %.1f %% decidable, %d given whole references again" % (
                    100 * damaged / len(paid), 100 * decidable / len(paid), self.repaired)]
        told += ["  %6d %s" % (count, reason) for reason, count in sorted(reasons.items(), key=lambda r: (-r[1], r[0]))]
        return "\n".join(told)

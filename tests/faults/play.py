"""Plays cases on one stage: load, strike, recovery, examination."""

import random
from time import monotonic

import gevent

from tests.faults import talk_families
from tests.faults.answers import Answers, count, problems, unanswered
from tests.faults.cases import Case
from tests.faults.examiner import Examiner
from tests.faults.holdings import Holdings
from tests.faults.idle import not_idle
from tests.faults.levels import LevelWatch
from tests.faults.load import Load
from tests.faults.log_watch import LogWatch
from tests.faults.people import Cast
from tests.faults.report import Result
from tests.faults.returns import Returns
from tests.faults.stage import Stage
from tests.faults.strikes import Field
from tests.faults.talk import Talk
from tests.faults.tally import Tally

LEAD_SECONDS = 0.7
MEET_SECONDS = 15.0
POLL_SECONDS = 0.1
NOTED_GAP = 2.0


class Play:
    """Plays one case after the other with the same people."""

    def __init__(self, stage: Stage, cast: Cast, seconds: float, seed: int) -> None:
        """``seconds`` is how long the strikes last that have no length of their own."""
        talk_families.settle(stage.gates, cast.talkers)
        self._stage = stage
        self._cast = cast
        self._seconds = seconds
        self._random = random.Random(seed)
        self._examiner = Examiner(stage, cast, self._random)
        self._holdings = Holdings(stage.processes)
        self._levels = LevelWatch(stage.processes, stage.nats_url)
        self._logs = LogWatch(stage.processes.system.data / "logs")

    def run(self, case: Case) -> Result:
        """Play a case and return what came out. Does not raise what a broken system causes."""
        begun = monotonic()
        result, tally = Result(case.name, case.title), Tally(monotonic)
        talk = Talk(self._cast.talkers, self._stage.gates, self._stage.edges, tally)
        load = Load(self._cast, self._stage.gates, tally, self._random.randrange(2**32))
        answers = Answers(self._cast, self._stage.gates, self._random.randrange(2**32))
        returns = Returns(self._cast, self._stage.gates, self._stage.edges)
        field = Field(self._stage, load, self._seconds, result.notes, result.problems, tally, returns,
                      self._cast, answers)
        try:
            self._strike(case, field, answers, talk)
            settled = monotonic()
            result.problems += self._examiner.examine()
            result.details["examined in"] = round(monotonic() - settled, 1)
        except (AssertionError, OSError, gevent.Timeout) as error:
            result.problems.append(f"{type(error).__name__}: {error}"[:500])
        self._count(case, tally, talk, result)
        self._judge(case, answers, returns, result)
        result.problems += self._stage.processes.surprises()
        result.problems += not_idle(self._stage.processes)
        for name, watch in (("holdings", self._holdings), ("levels", self._levels)):
            problems, result.details[name] = watch.look()
            result.problems += problems
        result.problems += self._logs.look(case.tracebacks)
        result.seconds = monotonic() - begun
        return result

    def _strike(self, case: Case, field: Field, answers: Answers, talk: Talk) -> None:
        for part in (talk, field.load, answers):
            part.start()
        try:
            gevent.sleep(LEAD_SECONDS)
            case.strike(field)
            self._stage.processes.wait_ready()
            gevent.sleep(LEAD_SECONDS)
        finally:
            try:
                field.load.stop()
                answers.stop()
                self._meet(talk, field.problems)
            finally:
                talk.stop()
        field.problems += talk.show_again(self._stage.edges)

    @staticmethod
    def _meet(talk: Talk, problems: list[str]) -> None:
        """Everybody who talks has to hear everybody else of the same world again."""
        since, deadline = talk.said(), monotonic() + MEET_SECONDS
        while (deaf := talk.deaf(since)) and monotonic() < deadline:
            gevent.sleep(POLL_SECONDS)
        if deaf:
            problems.append(f"chat: {len(deaf)} pairs are deaf: {deaf[0]}")

    @staticmethod
    def _count(case: Case, tally: Tally, talk: Talk, result: Result) -> None:
        gaps = tally.gaps()
        slowest = max(gaps, key=lambda kind: gaps[kind], default="")
        result.requests, result.refused, result.retried = tally.requests, tally.refused, tally.retried
        result.failed, result.recovery, result.longest = tally.failed, gaps.get(slowest, 0.0), tally.longest
        result.problems += [*tally.wrong, *talk.problems]
        if result.failed and not case.may_fail:
            result.problems.append(f"{result.failed} requests failed: {tally.failures[0]}")
        if result.recovery > case.recovery:
            result.problems.append(f"no {slowest} for {result.recovery:.1f} s, at most {case.recovery:g} expected")
        elif result.recovery > NOTED_GAP:
            result.notes.append(f"slowest: {slowest}")
        heard, lost, joined = (sum(getattr(talker, name) for talker in talk.talkers)
                               for name in ("heard", "lost", "joined"))
        result.details |= {"gaps": gaps, "timed_out": tally.timed_out, "failures": tally.failures, "heard": heard,
                           "lost": lost, "joined": joined}

    def _judge(self, case: Case, answers: Answers, returns: Returns, result: Result) -> None:
        """Whether every request in flight got its answer, and whether service was back in time."""
        kills = {gate: self._stage.processes.killed(f"gate-{number}")
                 for number, gate in enumerate(self._stage.gates)}
        result.unanswered, result.returned = len(unanswered(answers.asked)), returns.longest
        result.problems += [*problems(answers.asked, kills, resets=case.resets), *returns.problems()]
        result.details |= {"answers": count(answers.asked), "returns": returns.found,
                           "longest answer": max((one.seconds for one in answers.asked), default=0.0)}
